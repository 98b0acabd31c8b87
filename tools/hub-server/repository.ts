/** Repositories as git and LFS see them: object ids, pointers, commits. */
import { createHash } from "node:crypto";
import type { Files, ServedRepo, Storage } from "./contract.ts";

export interface StoredFile {
  readonly path: string;
  readonly bytes: Buffer;
  /** Id of the git blob: of the content, or of the LFS pointer. */
  readonly oid: string;
  readonly large?: LargeFile;
}

export interface LargeFile {
  readonly sha256: string;
  readonly pointer: Buffer;
  /** 64 hex digits. Not the real Xet hash, which comes from the file's chunks. */
  readonly xetHash?: string;
}

export interface Commit {
  readonly id: string;
  /** By path, in the order of their paths. */
  readonly files: ReadonlyMap<string, StoredFile>;
}

export interface Repository {
  readonly served: ServedRepo;
  readonly head: Commit;
  readonly commits: ReadonlyMap<string, Commit>;
  readonly refs: Readonly<Record<string, string>>;
}

const LARGE_BYTES = 10_000_000;
/** Names that `.gitattributes` of model repositories put into LFS. */
export const LARGE_NAMES: RegExp = /(\.safetensors|\.gguf|\.bin|(^|\/)tokenizer\.json)$/;

export function readRepository(served: ServedRepo): Repository {
  const head = readCommit(served, served.files, served.commit);
  const older = Object.entries(served.history ?? {}).map(([id, files]) => readCommit(served, files, id));
  return {
    served,
    head,
    commits: new Map([...older, head].map((commit) => [commit.id, commit])),
    refs: { main: head.id, ...served.refs },
  };
}

/** The commit of a branch, a tag, an id or the beginning of one. */
export function findCommit({ commits, refs, head }: Repository, revision: string): Commit | undefined {
  if (revision === "HEAD") return head;
  const id = Object.hasOwn(refs, revision) ? refs[revision]! : revision;
  if (commits.has(id)) return commits.get(id);
  if (!/^[0-9a-f]{7,39}$/.test(id)) return undefined;
  return [...commits.values()].find((commit) => commit.id.startsWith(id));
}

/** Id of a git object of type blob. */
export function blobId(content: Uint8Array): string {
  return createHash("sha1").update(`blob ${content.length}\0`).update(content).digest("hex");
}

export function sha256(content: Uint8Array | string): string {
  return createHash("sha256").update(content).digest("hex");
}

function readCommit(served: ServedRepo, contents: Files, id?: string): Commit {
  const files = Object.keys(contents)
    .sort()
    .map((path) => readFile(path, Buffer.from(contents[path]!), served.large));
  const listing = files.map(({ path, oid }) => `${oid} ${path}\n`).join("");
  return {
    id: id ?? createHash("sha1").update(`commit of ${served.id}\n${listing}`).digest("hex"),
    files: new Map(files.map((file) => [file.path, file])),
  };
}

function readFile(path: string, bytes: Buffer, large?: (path: string) => Storage): StoredFile {
  const byDefault: Storage = LARGE_NAMES.test(path) || bytes.length > LARGE_BYTES ? "lfs" : false;
  const storage = large === undefined ? byDefault : large(path);
  if (storage === false) return { path, bytes, oid: blobId(bytes) };
  const hash = sha256(bytes);
  const pointer = Buffer.from(
    `version https://git-lfs.github.com/spec/v1\noid sha256:${hash}\nsize ${bytes.length}\n`,
  );
  const xetHash = storage === "xet" ? { xetHash: sha256(`xet ${hash}`) } : {};
  return { path, bytes, oid: blobId(pointer), large: { sha256: hash, pointer, ...xetHash } };
}
