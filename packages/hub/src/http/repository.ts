import type { ListFileEntry } from "@huggingface/hub";
import { isPippinError, type StageContext } from "@pippin/core";
import { type License, licenseOf } from "../license.ts";
import { isCommit } from "../model-id.ts";
import { isObject, isRepoFile } from "../repo-file.ts";
import { DEFAULT_ENDPOINT } from "../settings.ts";
import type { RepoFile } from "../types.ts";
import { type Connection, send } from "./connection.ts";
import { contradiction, type Purpose, statusError } from "./failures.ts";
import { withRetries } from "./retry.ts";

/** Loaded when the Hub is asked: who reads a licence or the cache does not wait for it. */
const client = () => import("@huggingface/hub");

/** A repository at a commit, as the Hub describes it. */
export interface Repository {
  readonly repo: string;
  readonly commit: string;
  readonly gated: boolean;
  readonly license?: License;
}

/** A page of a listing has 1000 entries of some hundred bytes. */
const MAX_ANSWER_BYTES = 64 * 1024 * 1024;
/** The largest repositories of models have some thousand files. */
const MAX_FILES = 1_000_000;
/** As many files on pages of a tenth of the Hub's; also ends a listing of empty pages. */
const MAX_PAGES = 10_000;

/**
 * What stands at a branch, tag or commit.
 *
 * @throws PippinError `HUB_REPO_NOT_FOUND`, `HUB_REVISION_NOT_FOUND`, `HUB_UNAUTHORIZED` and what `send` throws.
 */
export async function describeRepository(
  connection: Connection,
  id: { readonly repo: string; readonly revision: string },
  context: StageContext,
): Promise<Repository> {
  const { repo, revision } = id;
  const { modelInfo } = await client();
  const info = await modelInfo({
    name: repo,
    revision,
    hubUrl: connection.endpoint,
    additionalFields: ["sha", "cardData"],
    fetch: apiFetch(connection, purposeOf(connection, id), context),
  }).catch((cause) => {
    throw misunderstood(connection, cause);
  });
  const commit: unknown = info.sha;
  if (typeof commit !== "string" || !isCommit(commit)) {
    throw contradiction(hostOf(connection), `names no commit for ${repo}`);
  }
  const card: unknown = info.cardData;
  const page = `${connection.endpoint}/${repo}/blob/${commit}/`;
  const license = isObject(card) ? licenseOf(card, page) : undefined;
  return { repo, commit, gated: Boolean(info.gated), ...(license === undefined ? {} : { license }) };
}

/** All files of a commit. */
export async function listRepository(
  connection: Connection,
  { repo, commit }: Pick<Repository, "repo" | "commit">,
  context: StageContext,
): Promise<RepoFile[]> {
  const purpose = purposeOf(connection, { repo, revision: commit });
  const { listFiles } = await client();
  const entries = listFiles({
    repo: { type: "model", name: repo },
    revision: commit,
    recursive: true,
    hubUrl: connection.endpoint,
    fetch: apiFetch(connection, purpose, context),
  });
  const files: RepoFile[] = [];
  try {
    for await (const entry of entries) {
      if (entry.type === "file") files.push(fileOf(entry, connection));
      if (files.length > MAX_FILES) throw contradiction(hostOf(connection), "lists files without end");
    }
  } catch (cause) {
    throw misunderstood(connection, cause);
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1));
}

export function purposeOf(
  connection: Connection,
  id: { readonly repo: string; readonly revision: string },
): Purpose {
  return { endpoint: connection.endpoint, ...id, hasToken: connection.authorization() !== undefined };
}

function fileOf({ path, oid, lfs, size }: ListFileEntry, connection: Connection): RepoFile {
  const file: unknown = {
    ...{ path, oid, size: lfs?.size ?? size },
    ...(lfs?.oid !== undefined && { sha256: lfs.oid }),
  };
  if (isRepoFile(file)) return file;
  throw contradiction(hostOf(connection), "lists a file without name, size or hash");
}

/**
 * A `fetch` for the functions of @huggingface/hub, which know the Hub's interface: ours adds the token (theirs would
 * send it along a `Link` header to any host), attempts, limits and errors. Their downloads are not used: they neither
 * resume nor try again.
 */
function apiFetch(connection: Connection, purpose: Purpose, { signal }: StageContext): typeof fetch {
  const { network } = connection;
  let pages = 0;
  return async (input) => {
    pages += 1;
    if (pages > MAX_PAGES) throw contradiction(hostOf(connection), "lists files without end");
    const url = onEndpoint(connection, String(input));
    return withRetries({ network, signal }, async () => {
      const reply = await send(connection, url, { signal });
      if (!reply.response.ok) {
        reply.discard();
        throw statusError(reply, purpose);
      }
      const bytes: Uint8Array[] = [];
      let length = 0;
      for await (const chunk of reply.chunks()) {
        length += chunk.length;
        if (length > MAX_ANSWER_BYTES) throw contradiction(reply.host, "answered with too much");
        bytes.push(chunk);
      }
      const text = Buffer.concat(bytes).toString("utf8");
      if (!isJson(text)) throw contradiction(reply.host, "answered with something else than JSON");
      const link = reply.response.headers.get("link");
      return new Response(text, link === null ? {} : { headers: { Link: link } });
    });
  };
}

/** A mirror may pass on the addresses of the Hub itself; other hosts have no say in a listing. */
function onEndpoint(connection: Connection, url: string): string {
  const { endpoint } = connection;
  if (url.startsWith(`${endpoint}/`)) return url;
  if (url.startsWith(`${DEFAULT_ENDPOINT}/`)) return endpoint + url.slice(DEFAULT_ENDPOINT.length);
  throw contradiction(hostOf(connection), "continues its listing on another host");
}

function hostOf({ endpoint }: Connection): string {
  return new URL(endpoint).host;
}

/** @huggingface/hub trusts the shape of answers: what it throws over another shape says little. */
function misunderstood(connection: Connection, cause: unknown): unknown {
  if (isPippinError(cause)) return cause;
  return contradiction(hostOf(connection), "answered with JSON of another shape than the Hub's");
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
