import type { RepoFile } from "./types.ts";

/** Whether a value out of an answer or a record is a file of a repository. Hashes become names in the cache: nothing else passes. */
export function isRepoFile(value: unknown): value is RepoFile {
  if (!isObject(value)) return false;
  const { path, size, oid, sha256 } = value;
  const isHashed =
    /^[0-9a-f]{40}$/.test(String(oid)) && (sha256 === undefined || /^[0-9a-f]{64}$/.test(String(sha256)));
  return typeof path === "string" && Number.isSafeInteger(size) && Number(size) >= 0 && isHashed;
}

export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
