/** `/ID/resolve/REV/PATH` and `/ID/raw/REV/PATH`: a file, or the way to it. */
import { extname } from "node:path";
import { type Answer, json, redirect } from "./answer.ts";
import type { Repository, StoredFile } from "./repository.ts";

export const FILE_ACTIONS = ["resolve", "raw"];

/** A file of a commit, and who asks for it. */
export interface FileRequest {
  readonly repository: Repository;
  readonly commit: string;
  readonly file: StoredFile;
  readonly endpoint: string;
  /** `Accept` of the request. */
  readonly accept: string;
  /** Signs the address of a large file at the second host. */
  readonly sign: (file: StoredFile) => string;
  readonly resolveCache: boolean;
}

const JSON_TYPE = "application/vnd.xet-fileinfo+json";
const TEXTS = new Set([".json", ".txt", ".md", ".jinja", ".gitattributes", ""]);

export function resolveFile(request: FileRequest): Answer {
  const { file, repository, commit, resolveCache } = request;
  if (file.large !== undefined) return resolveLarge(request);
  if (!resolveCache) return smallFile(file, commit);
  const address = `/${repository.served.id}/resolve/${commit}/${file.path}`;
  const query = `${encodeURIComponent(address)}=&etag=${encodeURIComponent(`"${file.oid}"`)}`;
  const path = file.path.split("/").map(encodeURIComponent).join("/");
  const location = `/api/resolve-cache/models/${repository.served.id}/${commit}/${path}?${query}`;
  return redirect(307, location, { ...commonHeaders(file, commit), ...linkedHeaders(file, file.oid) });
}

/** The file as it is in git: of a large one, its pointer. */
export function rawFile(file: StoredFile, commit: string): Answer {
  return smallFile({ ...file, bytes: file.large?.pointer ?? file.bytes }, commit);
}

/** Plain git blob, with the id of the blob as its entity tag. */
export function smallFile(file: StoredFile, commit: string): Answer {
  const isText = TEXTS.has(extname(file.path));
  return {
    status: 200,
    headers: {
      "Content-Type": isText ? "text/plain; charset=utf-8" : "application/octet-stream",
      ETag: `"${file.oid}"`,
      ...commonHeaders(file, commit),
    },
    body: file.bytes,
    isFile: true,
    isCompressible: isText,
  };
}

/**
 * Redirects to the second host; what a client needs to know about the content is in the redirect.
 *
 * Who accepts Xet's description gets it instead. The reconstruction that it points to is not served.
 */
function resolveLarge({ file, repository, commit, endpoint, accept, sign }: FileRequest): Answer {
  const { sha256, xetHash } = file.large!;
  const headers = { ...commonHeaders(file, commit), ...linkedHeaders(file, sha256) };
  if (xetHash === undefined) return redirect(302, sign(file), headers);
  const auth = `${endpoint}/api/models/${repository.served.id}/xet-read-token/${commit}`;
  const reconstruction = `https://cas-server.xethub.hf.co/v1/reconstructions/${xetHash}`;
  const xet = {
    "X-Xet-Hash": xetHash,
    Link: `<${auth}>; rel="xet-auth", <${reconstruction}>; rel="xet-reconstruction-info"`,
  };
  if (!accept.includes(JSON_TYPE)) return redirect(302, sign(file), { ...headers, ...xet });
  const description = { hash: xetHash, refreshUrl: auth, reconstructionUrl: reconstruction };
  return json(description, { ...headers, ...xet, "Content-Type": JSON_TYPE });
}

function commonHeaders({ path }: StoredFile, commit: string): Record<string, string> {
  const name = encodeURIComponent(path.split("/").at(-1)!);
  return {
    "X-Repo-Commit": commit,
    "Accept-Ranges": "bytes",
    "Content-Disposition": `inline; filename*=UTF-8''${name}; filename="${name}";`,
  };
}

function linkedHeaders({ bytes }: StoredFile, etag: string): Record<string, string> {
  return { "X-Linked-Size": String(bytes.length), "X-Linked-Etag": `"${etag}"` };
}
