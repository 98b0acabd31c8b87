import { join } from "node:path";
import type { RepoFile } from "../types.ts";

/**
 * Where things lie in the cache, as huggingface_hub 2.4.0 has them:
 *
 *     CACHEDIR.TAG
 *     .locks/models--ORG--NAME/
 *     models--ORG--NAME/blobs/ETAG           content by its hash
 *                       snapshots/COMMIT/…   links into blobs, or copies where links are impossible
 *                       refs/REVISION        the commit of a branch or tag
 *                       trees/COMMIT.json    Python's record of a listing
 *                       pippin/COMMIT.json   ours
 *
 * `trees` is not written here: Python takes a snapshot for incomplete that lacks any file of it, so that it would not
 * find ours, which leave out what a conversion does not need.
 */
export interface RepoLayout {
  readonly folder: string;
  readonly blobs: string;
  readonly snapshots: string;
  readonly refs: string;
  readonly trees: string;
  readonly records: string;
  readonly locks: string;
}

export function layoutOf(cacheDir: string, repo: string): RepoLayout {
  const name = ["models", ...repo.split("/")].join("--");
  const folder = join(cacheDir, name);
  return {
    folder,
    blobs: join(folder, "blobs"),
    snapshots: join(folder, "snapshots"),
    refs: join(folder, "refs"),
    trees: join(folder, "trees"),
    records: join(folder, "pippin"),
    locks: join(cacheDir, ".locks", name),
  };
}

/** The name of a file's blob: the sha256 of LFS and Xet files, else git's id. */
export function etagOf(file: RepoFile): string {
  return file.sha256 ?? file.oid;
}

export function pathIn(folder: string, path: string): string {
  return join(folder, ...path.split("/"));
}

/** What backup tools look for to leave a cache out (https://bford.info/cachedir/), in Python's words. */
export const CACHEDIR_TAG = [
  "Signature: 8a477f597d28d172789f06886806bc55",
  "# This file is a cache directory tag created by huggingface_hub.",
  "# For information about cache directory tags, see:",
  "#\thttps://bford.info/cachedir/",
  "",
].join("\n");

/** The ending of unfinished downloads, which Python's have as well. */
export const INCOMPLETE = ".incomplete";
