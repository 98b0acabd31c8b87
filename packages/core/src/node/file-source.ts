import { open, readdir } from "node:fs/promises";
import { checkRange } from "../byte-source.ts";
import { type FileTree, type OpenByteSource, readJson, unreadable } from "../file-tree.ts";
import { throwIfCancelled } from "../stage.ts";
import { resolveInside } from "./safe-path.ts";

/** Node reads less than 2 GiB at once. */
const MAX_READ_BYTES = 1024 * 1024 * 1024;

/**
 * Opens a file for reads at any place.
 *
 * @param name - what messages call the file; default: its path.
 * @throws PippinError `CORE_FILE_UNREADABLE`.
 */
export async function fileSource(path: string, name: string = path): Promise<OpenByteSource> {
  const handle = await open(path, "r").catch((cause) => {
    throw unreadable(name, cause);
  });
  const stat = await handle.stat();
  if (!stat.isFile()) {
    await handle.close();
    throw unreadable(name, new Error("it is not a regular file"));
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
        const count = Math.min(length - done, MAX_READ_BYTES);
        const { bytesRead } = await handle.read(bytes, done, count, offset + done).catch((cause) => {
          throw unreadable(name, cause);
        });
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
 * @throws PippinError `CORE_FILE_UNREADABLE` when it is missing, too large or not JSON in UTF-8.
 */
export async function readJsonFile(path: string, maxBytes?: number): Promise<unknown> {
  const file = await fileSource(path);
  try {
    return await readJson(file, maxBytes === undefined ? {} : { maxBytes });
  } finally {
    await file.close();
  }
}

/** A folder's files; what lies in folders of it can be opened, and is not listed. */
export function folderTree(folder: string): FileTree {
  const locate = (path: string) => resolveInside(folder, path);
  return {
    name: folder,
    locate,
    async list() {
      const entries = await readdir(folder, { withFileTypes: true }).catch((cause) => {
        throw unreadable(folder, cause);
      });
      return entries
        .filter((entry) => !entry.isDirectory())
        .map(({ name }) => name)
        .sort();
    },
    open: (path) => fileSource(locate(path)),
  };
}
