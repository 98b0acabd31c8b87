import type { CommitRecord } from "./cache/records.ts";
import type { Slot } from "./download/download-file.ts";
import type { RepoFile } from "./types.ts";

/** Where the files of one commit go: the cache, or a folder of the user's. */
export interface Place {
  /** What `Snapshot.path` says. */
  readonly folder: string;
  /** Where the bytes are written, for the free space. */
  readonly disk: string;
  /** Nothing is written. */
  isPresent(file: RepoFile): Promise<boolean>;
  slotOf(file: RepoFile): Promise<Slot>;
  /** What an earlier run recorded of this commit. */
  readRecord(): Promise<CommitRecord | undefined>;
  writeRecord(record: CommitRecord): Promise<void>;
  /** Before the first file is written. */
  prepare(): Promise<void>;
  /** A file has arrived at its slot. */
  arrived(file: RepoFile): Promise<void>;
  /** After a failure: removes folders that hold nothing. */
  tidy(): Promise<void>;
  /** All files are there: makes them one snapshot. */
  finish(files: readonly RepoFile[], requested: string): Promise<void>;
}
