import { open, readFile } from "node:fs/promises";
import { type ByteSource, checkRange } from "../byte-source.ts";
import { PippinError } from "../errors.ts";
import { throwIfCancelled } from "../stage.ts";

/** A file that stays open until `close`. */
export interface OpenFileSource extends ByteSource {
  close(): Promise<void>;
}

/**
 * Opens a file for reads at any place.
 *
 * @param name - what messages call the file; default: its path.
 * @throws PippinError `CORE_FILE_UNREADABLE`.
 */
export async function fileSource(path: string, name: string = path): Promise<OpenFileSource> {
  const handle = await open(path, "r").catch((cause) => {
    throw unreadable(name, cause);
  });
  const stat = await handle.stat();
  if (!stat.isFile()) {
    await handle.close();
    throw unreadable(name, new Error("not a regular file"));
  }
  const source = { name, byteLength: stat.size };
  return {
    ...source,
    async read(offset, length, signal) {
      throwIfCancelled(signal);
      checkRange(source, offset, length);
      const bytes = new Uint8Array(length);
      let done = 0;
      while (done < length) {
        const { bytesRead } = await handle.read(bytes, done, length - done, offset + done);
        // The file has become shorter since it was opened.
        if (bytesRead === 0) checkRange({ name, byteLength: offset + done }, offset, length);
        done += bytesRead;
      }
      return bytes;
    },
    close: () => handle.close(),
  };
}

/**
 * Reads a small JSON file.
 *
 * @param maxBytes - refuses larger files before reading them.
 * @throws PippinError `CORE_FILE_UNREADABLE` when it is missing, too large or not JSON.
 */
export async function readJsonFile(path: string, maxBytes: number = 64 * 1024 * 1024): Promise<unknown> {
  const file = await fileSource(path);
  try {
    if (file.byteLength > maxBytes) {
      throw unreadable(path, new Error(`it has ${file.byteLength} bytes, more than the ${maxBytes} expected at most`));
    }
  } finally {
    await file.close();
  }
  try {
    return JSON.parse((await readFile(path, "utf8")).replace(/^\uFEFF/, ""));
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

function unreadable(name: string, cause: unknown): PippinError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new PippinError("CORE_FILE_UNREADABLE", {
    message: `cannot read ${name}: ${reason}`,
    hint: "Check the path and the file's permissions.",
    details: { name },
    cause,
  });
}
