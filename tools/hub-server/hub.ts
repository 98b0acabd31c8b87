/** The first host: which answer a request gets. */
import { visitorOf, whyClosed, whyHidden } from "./access.ts";
import { type RepoAddress, readAddress } from "./address.ts";
import { type Answer, json, redirect, text } from "./answer.ts";
import { API_ACTIONS, listTree, modelInfo, pathsInfo } from "./api.ts";
import type { HubServerOptions, ServedRequest } from "./contract.ts";
import { entryNotFound, errorAnswer, invalidToken, repoNotFound, revisionNotFound } from "./errors.ts";
import { rateLimit } from "./faults.ts";
import { findCommit, type Repository, type StoredFile } from "./repository.ts";
import { FILE_ACTIONS, rawFile, resolveFile, smallFile } from "./resolve.ts";

export interface Hub {
  readonly options: HubServerOptions;
  readonly repositories: ReadonlyMap<string, Repository>;
  readonly endpoint: string;
  readonly sign: (file: StoredFile) => string;
}

interface Question {
  readonly request: ServedRequest;
  readonly url: URL;
  readonly body: Buffer;
}

export function answerHub(hub: Hub, question: Question): Answer {
  const { pathname } = question.url;
  const segments = pathname.split("/").slice(1);
  const isApi = segments[0] === "api";
  const answer = route(hub, question, segments);
  return { ...answer, headers: { ...rateLimit(isApi ? "api" : "resolvers", 2999, 300), ...answer.headers } };
}

function route(hub: Hub, question: Question, segments: string[]): Answer {
  const [first, second] = segments;
  if (segments.join("") === "") return text("Hugging Face");
  if (first !== "api") return answerFile(hub, question, readAddress(segments, FILE_ACTIONS));
  if (second === "whoami-v2") return whoAmI(hub, question);
  if (second === "resolve-cache") return answerCached(hub, question, segments.slice(3));
  const address = second === "models" ? readAddress(segments.slice(2), API_ACTIONS) : undefined;
  return address ? answerApi(hub, question, address) : json({ error: "Not found" }, {}, 404);
}

function answerApi(hub: Hub, question: Question, address: RepoAddress): Answer {
  const visit = enter(hub, question, address);
  if (!("repository" in visit)) return visit;
  const { repository } = visit;
  const { url, request, body } = question;
  const commit = findCommit(repository, address.revision);
  if (commit === undefined) return errorAnswer(revisionNotFound(address.revision), true);
  switch (address.action) {
    case "tree":
      return listTree(commit, { url, path: address.path, pageSize: hub.options.pageSize });
    case "paths-info":
      if (request.method !== "POST") return json({ error: "Not found" }, {}, 404);
      return pathsInfo(commit, body, String(request.headers["content-type"] ?? ""));
    case "xet-read-token":
      return json({ error: "the Xet protocol is not served here" }, {}, 501);
    default:
      return modelInfo(repository, commit, url.searchParams);
  }
}

function answerFile(hub: Hub, question: Question, address: RepoAddress | undefined): Answer {
  if (address === undefined || address.action === "") return text("Not found", {}, 404);
  const visit = enter(hub, question, address);
  if (!("repository" in visit)) return visit;
  const { repository, visitor } = visit;
  const commit = findCommit(repository, address.revision);
  if (commit === undefined) return errorAnswer(revisionNotFound(address.revision), false);
  const closed = whyClosed(repository, visitor);
  if (closed !== undefined) return errorAnswer(closed, false);
  const file = commit.files.get(address.path);
  if (file === undefined) return errorAnswer(entryNotFound(commit.id), false);
  question.request.file = file.path;
  if (address.action === "raw") return rawFile(file, commit.id);
  return resolveFile({
    repository,
    commit: commit.id,
    file,
    endpoint: hub.endpoint,
    accept: String(question.request.headers.accept ?? ""),
    sign: hub.sign,
    resolveCache: hub.options.resolveCache ?? false,
  });
}

/** `/api/resolve-cache/models/ID/COMMIT/PATH`: where small files lie behind their redirect. */
function answerCached(hub: Hub, question: Question, segments: string[]): Answer {
  const at = segments.findIndex((segment) => /^[0-9a-f]{40}$/.test(segment));
  const address = {
    repo: segments.slice(0, at).join("/"),
    action: "",
    revision: segments[at] ?? "",
    path: "",
  };
  const visit = enter(hub, question, address);
  if (!("repository" in visit)) return visit;
  const closed = whyClosed(visit.repository, visit.visitor);
  if (closed !== undefined) return errorAnswer(closed, false);
  const path = segments.slice(at + 1).map(decodeURIComponent);
  const file = visit.repository.commits.get(address.revision)?.files.get(path.join("/"));
  if (file === undefined || file.large) return errorAnswer(entryNotFound(address.revision), false);
  question.request.file = file.path;
  return smallFile(file, address.revision);
}

/** The repository behind an address and who asks for it, or why it cannot be entered. */
function enter(hub: Hub, { request, url }: Question, { repo }: RepoAddress) {
  const visitor = visitorOf(request.authorization, hub.options);
  const isApi = url.pathname.startsWith("/api/");
  const id = currentId(hub, repo);
  const repository = hub.repositories.get(id);
  const hidden = whyHidden(repository, visitor);
  if (repository === undefined || hidden !== undefined) {
    return errorAnswer(hidden ?? repoNotFound(visitor !== "anonymous"), isApi);
  }
  // Relative, on this host, with the method and the token kept.
  if (id !== repo) return redirect(307, `${url.pathname.replace(repo, id)}${url.search}`);
  return { repository, visitor };
}

/** Old names and other cases lead to the name of today. */
function currentId({ options, repositories }: Hub, repo: string): string {
  if (repositories.has(repo)) return repo;
  const renamed = options.renamed ?? {};
  if (Object.hasOwn(renamed, repo)) return renamed[repo]!;
  return [...repositories.keys()].find((id) => id.toLowerCase() === repo.toLowerCase()) ?? repo;
}

function whoAmI({ options }: Hub, { request }: Question): Answer {
  const visitor = visitorOf(request.authorization, options);
  if (visitor === "anonymous") return errorAnswer(repoNotFound(false), true);
  return visitor === "invalid" ? errorAnswer(invalidToken(), true) : json({ type: "user", name: visitor });
}
