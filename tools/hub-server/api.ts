/** `/api/models/…`: what a repository is and what lies in it. */
import { type Answer, json } from "./answer.ts";
import { entryNotFound, errorAnswer } from "./errors.ts";
import { readCardData } from "./model-card.ts";
import { type Commit, type Repository, type StoredFile, sha256 } from "./repository.ts";

export const API_ACTIONS = ["revision", "tree", "paths-info", "xet-read-token"];

const DATE = "2025-01-01T00:00:00.000Z";

/** `/api/models/ID` and `/api/models/ID/revision/REV`. */
export function modelInfo({ served }: Repository, commit: Commit, query: URLSearchParams): Answer {
  const card = commit.files.get("README.md");
  const config = commit.files.get("config.json");
  const cardData = card && readCardData(card.bytes.toString("utf8"));
  const withBlobs = query.has("blobs");
  return json({
    _id: sha256(served.id).slice(0, 24),
    id: served.id,
    modelId: served.id,
    ...(served.id.includes("/") && { author: served.id.split("/")[0] }),
    sha: commit.id,
    lastModified: DATE,
    createdAt: DATE,
    private: served.private ?? false,
    gated: served.gated ?? false,
    disabled: served.disabled ?? false,
    downloads: 0,
    likes: 0,
    tags: cardData?.license ? [`license:${cardData.license}`] : [],
    ...(cardData && { cardData }),
    ...(config && { config: configOf(config) }),
    siblings: [...commit.files.values()].map((file) => ({
      rfilename: file.path,
      ...(withBlobs && {
        size: file.bytes.length,
        blobId: file.oid,
        ...(file.large && { lfs: { sha256: file.large.sha256, ...lfsSizes(file) } }),
      }),
    })),
  });
}

export interface Listing {
  readonly url: URL;
  /** A folder of the repository, or empty. */
  readonly path: string;
  readonly pageSize: number | undefined;
}

/** `/api/models/ID/tree/REV[/FOLDER]`: a page of entries, and in `Link` the address of the next one. */
export function listTree(commit: Commit, { url, path, pageSize }: Listing): Answer {
  const isTrue = (name: string) => /^(true|1)$/i.test(url.searchParams.get(name) ?? "");
  const prefix = path === "" ? "" : `${path.replace(/\/$/, "")}/`;
  const below = [...commit.files.values()].filter((file) => file.path.startsWith(prefix));
  if (below.length === 0 && prefix !== "") return errorAnswer(entryNotFound(commit.id), true);
  const isShown = (entry: string) => isTrue("recursive") || !entry.slice(prefix.length).includes("/");
  const expand = isTrue("expand");
  const entries = [
    ...foldersOf(below, prefix).map((folder) => folderEntry(folder, expand && commit)),
    ...below.map((file) => fileEntry(file, expand && commit)),
  ].filter((entry) => isShown(entry.path));

  const begin = Number(url.searchParams.get("cursor") ?? 0);
  const end = begin + (pageSize ?? (expand ? 50 : 1000));
  if (end >= entries.length) return json(entries.slice(begin));
  const next = new URL(url);
  next.searchParams.set("cursor", String(end));
  return json(entries.slice(begin, end), { Link: `<${next.href}>; rel="next"` });
}

/** `POST /api/models/ID/paths-info/REV`: the entries of some paths; those that are missing are left out. */
export function pathsInfo(commit: Commit, body: Buffer, contentType = ""): Answer {
  const { paths, expand } = readPaths(body.toString("utf8"), contentType);
  const folders = new Set(foldersOf([...commit.files.values()], ""));
  return json(
    paths.flatMap((path) => {
      const file = commit.files.get(path);
      if (file !== undefined) return [fileEntry(file, expand && commit)];
      return folders.has(path) ? [folderEntry(path, expand && commit)] : [];
    }),
  );
}

/** Python sends a form, JavaScript sends JSON. */
function readPaths(body: string, contentType: string): { paths: string[]; expand: boolean } {
  if (contentType.startsWith("application/json")) {
    const { paths = [], expand = false } = JSON.parse(body) as { paths?: string[]; expand?: boolean };
    return { paths, expand };
  }
  const form = new URLSearchParams(body);
  return { paths: form.getAll("paths"), expand: /^true$/i.test(form.get("expand") ?? "") };
}

function fileEntry(file: StoredFile, expand: Commit | false) {
  return {
    type: "file",
    oid: file.oid,
    size: file.bytes.length,
    ...(file.large && { lfs: { oid: file.large.sha256, ...lfsSizes(file) } }),
    ...(file.large?.xetHash && { xetHash: file.large.xetHash }),
    path: file.path,
    ...(expand && { ...lastCommit(expand), securityFileStatus: securityStatus() }),
  };
}

function folderEntry(path: string, expand: Commit | false) {
  const oid = sha256(path).slice(0, 40);
  return { type: "directory", oid, size: 0, path, ...(expand && lastCommit(expand)) };
}

function lastCommit({ id }: Commit) {
  return { lastCommit: { id, title: "Upload files", date: DATE } };
}

function securityStatus() {
  return { status: "safe", avScan: { virusFound: false, virusNames: null }, pickleImportScan: null };
}

function lfsSizes({ bytes, large }: StoredFile) {
  return { size: bytes.length, pointerSize: large!.pointer.length };
}

function foldersOf(files: readonly StoredFile[], prefix: string): string[] {
  const parents = files.flatMap(({ path }) => {
    const parts = path.slice(prefix.length).split("/").slice(0, -1);
    return parts.map((_, index) => prefix + parts.slice(0, index + 1).join("/"));
  });
  return [...new Set(parents)];
}

function configOf(file: StoredFile) {
  try {
    const { architectures, model_type } = JSON.parse(file.bytes.toString("utf8"));
    return { architectures, model_type };
  } catch {
    // A config that is not JSON: the Hub leaves it out too.
    return undefined;
  }
}
