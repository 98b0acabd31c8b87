import type { ByteSource } from "./byte-source.ts";
import { type CoreErrorCode, isPippinError, PippinError } from "./errors.ts";

/** A byte source that holds something open until `close`. */
export interface OpenByteSource extends ByteSource {
  close(): Promise<void>;
}

/** A model's files by name: a folder, or a repository that is read by ranges and never fetched whole. */
export interface FileTree {
  /** For messages: the folder's path, or `ORG/NAME@revision`. */
  readonly name: string;
  /** Paths of the files, relative, with `/`, sorted; of a folder those at its top. */
  list(signal?: AbortSignal): Promise<readonly string[]>;
  /**
   * How messages and whoever reads the bytes later call a file: its path on disk, or its address.
   *
   * @throws PippinError `CORE_PATH_ESCAPES` for names that would leave the tree.
   */
  locate(path: string): string;
  /**
   * Opens a file.
   *
   * @throws PippinError `CORE_FILE_UNREADABLE` when it is not there, or what the place throws; `CORE_PATH_ESCAPES`.
   */
  open(path: string, signal?: AbortSignal): Promise<OpenByteSource>;
}

/** What is read at once as text or JSON is a configuration, an index or a tokenizer. */
const MAX_TEXT_BYTES = 64 * 1024 * 1024;

export interface ReadTextOptions {
  /** Refuses larger files before reading them. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Reads a small text in UTF-8.
 *
 * @throws PippinError `CORE_FILE_UNREADABLE` when it is too large or not UTF-8; what the source throws.
 */
export async function readText(
  source: ByteSource,
  { maxBytes = MAX_TEXT_BYTES, signal }: ReadTextOptions = {},
): Promise<string> {
  const { name, byteLength } = source;
  if (byteLength > maxBytes) {
    throw unreadable(name, `it has ${byteLength} bytes, more than the ${maxBytes} expected at most`);
  }
  const bytes = await source.read(0, byteLength, signal);
  return withReason(name, () => new TextDecoder("utf-8", { fatal: true }).decode(bytes));
}

/** Reads a small JSON document in UTF-8; throws as `readText`. */
export async function readJson(source: ByteSource, options?: ReadTextOptions): Promise<unknown> {
  const text = await readText(source, options);
  return withReason(source.name, () => JSON.parse(text));
}

/** Reads a file of a tree with `read` and closes it again. */
export async function withFile<Result>(
  tree: FileTree,
  path: string,
  read: (source: OpenByteSource) => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  const source = await tree.open(path, signal);
  try {
    return await read(source);
  } finally {
    await source.close();
  }
}

function withReason<Result>(name: string, read: () => Result): Result {
  try {
    return read();
  } catch (cause) {
    throw unreadable(name, cause);
  }
}

/** A file cannot be read, and why. */
export function unreadable(name: string, cause: unknown): PippinError<CoreErrorCode> {
  if (isPippinError(cause)) return cause as PippinError<CoreErrorCode>;
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new PippinError("CORE_FILE_UNREADABLE", {
    message: `cannot read ${name}: ${reason}`,
    hint: "Check the path and the file's permissions.",
    details: { name },
    cause,
  });
}
