import type { ByteSource } from "./byte-source.ts";

/** A byte source that holds something open until `close`. */
export interface OpenByteSource extends ByteSource {
  close(): Promise<void>;
}

/** A model's files by name: a folder, or a repository that is read by ranges and never fetched whole. */
export interface FileTree {
  /** For messages: the folder's path, or `ORG/NAME@revision`. */
  readonly name: string;
  /** Paths of all files, relative, with `/`, sorted. */
  list(signal?: AbortSignal): Promise<readonly string[]>;
  /**
   * Opens one of the listed files.
   *
   * @throws PippinError `CORE_FILE_UNREADABLE` when it is not there, or what the place throws.
   */
  open(path: string, signal?: AbortSignal): Promise<OpenByteSource>;
}
