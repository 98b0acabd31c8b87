import { createHash, type Hash } from "node:crypto";
import type { RepoFile } from "../types.ts";

/** What the Hub names a file by: SHA-256 of the content, or SHA-1 as git hashes a blob. */
export function freshHash(file: RepoFile): Hash {
  if (file.sha256 !== undefined) return createHash("sha256");
  return createHash("sha1").update(`blob ${file.size}\0`);
}
