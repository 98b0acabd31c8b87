import type { FileTree } from "@pippin/core";
import type { License } from "./license.ts";
import type { HubSettings } from "./settings.ts";

/** One file of a repository at a commit. */
export interface RepoFile {
  /** Relative, with `/`. */
  readonly path: string;
  readonly size: number;
  /** Of the content, for files that the Hub stores as LFS or Xet: lower case hexadecimal. */
  readonly sha256?: string;
  /** Git's blob id: SHA-1 over `blob SIZE\0` and the content; of the pointer when `sha256` is there. */
  readonly oid: string;
}

export interface SnapshotOptions extends HubSettings {
  /** Branch, tag or commit; default: `main`. */
  readonly revision?: string;
  /** Instead of what a conversion needs: files that match one of these patterns of Python's fnmatch. */
  readonly include?: readonly string[];
  /** Never files that match one of these. */
  readonly exclude?: readonly string[];
  /** Put plain files into this folder instead of the cache, as `hf download --local-dir` does. */
  readonly localDir?: string;
  /** Files that are fetched at once; default: 4. */
  readonly concurrency?: number;
}

/** A repository's chosen files on this machine. */
export interface Snapshot {
  readonly repo: string;
  /** The commit, 40 hexadecimal digits. */
  readonly revision: string;
  /** The branch, tag or commit that was asked for. */
  readonly requested: string;
  /** The folder that holds the files. */
  readonly path: string;
  readonly files: readonly RepoFile[];
  readonly license?: License;
  /** Bytes of file content that came over the network. */
  readonly fetchedBytes: number;
  /** Bytes that were on this machine before. */
  readonly reusedBytes: number;
}

/** What `fetchSnapshot` would do. */
export interface SnapshotPlan {
  readonly repo: string;
  readonly revision: string;
  readonly files: readonly (RepoFile & { readonly present: boolean })[];
  /** What would come over the network. */
  readonly missingBytes: number;
  readonly totalBytes: number;
  readonly license?: License;
}

/** A repository that is read by ranges; `openCheckpoint` reads it like a folder. */
export interface RemoteModel extends FileTree {
  readonly repo: string;
  readonly revision: string;
  readonly files: readonly RepoFile[];
  readonly license?: License;
  /** Whether the publisher's conditions have to be accepted before files can be fetched. */
  readonly gated: boolean;
  /** Bytes of all answers so far. */
  readonly transferredBytes: number;
}

/** A model in the cache. */
export interface CachedRepo {
  readonly repo: string;
  readonly path: string;
  /** On disk, with a file that several revisions share counted once; without `partialBytes`. */
  readonly bytes: number;
  /** Of downloads that were not finished. */
  readonly partialBytes: number;
  readonly revisions: readonly CachedRevision[];
}

export interface CachedRevision {
  /** The commit. */
  readonly revision: string;
  /** Branches and tags that stood at this commit when they were fetched last. */
  readonly refs: readonly string[];
  readonly files: number;
  readonly bytes: number;
  readonly modified: Date;
}

export interface RemovedFromCache {
  readonly revisions: string[];
  readonly freedBytes: number;
}

export interface HubReach {
  readonly reachable: boolean;
  readonly endpoint: string;
  readonly milliseconds?: number;
  readonly reason?: string;
  /** What can be done about it. */
  readonly hint?: string;
}
