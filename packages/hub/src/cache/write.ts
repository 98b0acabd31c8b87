import { randomBytes } from "node:crypto";
import { mkdir, readFile, rename, rm, stat, statfs, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { isPippinError } from "@pippin/core";
import { formatBytes, hubError } from "../errors.ts";
import { CACHEDIR_TAG } from "./layout.ts";

/** Writes a small file so that readers see the old content or the new, never a part. */
export async function writeWhole(path: string, content: string): Promise<void> {
  const temporary = `${path}.${randomBytes(4).toString("hex")}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(temporary, content);
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => undefined);
    throw writeProblem(path, cause);
  }
}

/** Tags a folder as a cache unless it is; a folder that cannot be tagged works all the same. */
export async function tagCache(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((cause) => {
    throw writeProblem(folder, cause);
  });
  await writeFile(join(folder, "CACHEDIR.TAG"), CACHEDIR_TAG, { flag: "wx" }).catch(() => undefined);
}

/** Size of a file, links followed; undefined when there is none. */
export async function fileSize(path: string): Promise<number | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() ? found.size : undefined;
}

/** A small text file, or undefined. */
export async function readText(path: string): Promise<string | undefined> {
  return readFile(path, "utf8").catch(() => undefined);
}

/** Runs `write` and says in the package's words why a disk refused. */
export async function writing<T>(path: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (cause) {
    throw isFileSystemError(cause) && !isPippinError(cause) ? writeProblem(path, cause) : cause;
  }
}

export function isFileSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error && "syscall" in error;
}

export function writeProblem(path: string, cause: unknown) {
  const code = isFileSystemError(cause) ? cause.code : undefined;
  const reason = code ?? (cause instanceof Error ? cause.message : String(cause));
  if (code === "ENOSPC" || code === "EDQUOT") {
    return hubError("HUB_DISK_FULL", {
      message: `the disk or quota of ${path} is full`,
      hint: "Make room and run the command again: what was fetched stays. pippin cache ls shows what models take.",
      details: { path },
      cause,
    });
  }
  return hubError("HUB_CACHE_UNWRITABLE", {
    message: `cannot write ${path}: ${reason}`,
    hint: "Check the folder's permissions, or name another cache folder in HF_HUB_CACHE.",
    details: { path },
    cause,
  });
}

/** The same for a folder of the user's: where the cache is does not matter. */
export function aboutFolder(error: unknown): unknown {
  if (!isPippinError(error)) return error;
  const { message, details = {}, cause } = error;
  const same = { message, details, cause };
  if (error.code === "HUB_DISK_FULL") {
    return hubError("HUB_DISK_FULL", {
      ...same,
      hint: "Make room there and run the command again: what was fetched stays. Or name a folder on another disk.",
    });
  }
  if (error.code !== "HUB_CACHE_UNWRITABLE") return error;
  return hubError("HUB_CACHE_UNWRITABLE", {
    ...same,
    hint: "Check the folder's permissions, or name another folder.",
  });
}

/**
 * Checks that a folder's disk has room; where that cannot be told, nothing is said.
 *
 * @throws PippinError `HUB_DISK_FULL`.
 */
export async function checkDiskSpace(folder: string, needed: number): Promise<void> {
  const free = await freeBytes(folder);
  if (free === undefined || free >= needed) return;
  throw hubError("HUB_DISK_FULL", {
    message: `${formatBytes(needed)} are to be written to ${folder}, and its disk has ${formatBytes(free)} left`,
    hint: "Make room, or name a cache folder on another disk in HF_HUB_CACHE. pippin cache ls shows what models take.",
    details: { folder, needed, free },
  });
}

/** Of the nearest folder above that exists. */
async function freeBytes(folder: string): Promise<number | undefined> {
  const found = await statfs(folder).catch(() => undefined);
  if (found !== undefined) return found.bavail * found.bsize;
  return dirname(folder) === folder ? undefined : freeBytes(dirname(folder));
}
