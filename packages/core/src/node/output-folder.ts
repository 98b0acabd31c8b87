import { mkdir, readdir, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { isPippinError, PippinError } from "../errors.ts";
import { throwIfCancelled } from "../stage.ts";

export interface OutputFolderOptions {
  /** Replace a folder that is not empty. */
  readonly force?: boolean;
  /** With `force`: entries of the old folder that are carried over unless the new one has the name; default: all. */
  readonly keep?: (name: string) => boolean;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Makes the folder `target` appear whole or not at all.
 *
 * `write` fills a staging folder beside the target, which is renamed into place when it has returned. The old
 * folder is set aside first and removed last, so that a process killed at any moment leaves either the old or the
 * new folder, perhaps with leftovers that the next call removes.
 *
 * @throws PippinError `CORE_OUTPUT_EXISTS`, `CORE_OUTPUT_BUSY`, `CORE_OUTPUT_UNWRITABLE`; whatever `write` throws.
 */
export async function withOutputFolder<T>(
  target: string,
  options: OutputFolderOptions,
  write: (staging: string) => Promise<T>,
): Promise<T> {
  const place = placesOf(target);
  await recoverOutputFolder(target);
  if (!options.force && (await entriesOf(place.target)).length > 0) throw outputExists(target);
  try {
    await mkdir(place.parent, { recursive: true });
    await mkdir(place.staging);
  } catch (cause) {
    throw unwritable(target, cause);
  }
  try {
    const result = await write(place.staging);
    throwIfCancelled(options.signal);
    await swapIn(place, options.keep ?? (() => true));
    return result;
  } catch (cause) {
    await rm(place.staging, { recursive: true, force: true });
    if (isPippinError(cause) || !isFileSystemError(cause)) throw cause;
    throw unwritable(target, cause);
  }
}

/**
 * Repairs what a killed run left beside `target`: finishes or undoes its swap and removes its staging folders.
 *
 * @throws PippinError `CORE_OUTPUT_BUSY` when the run is still alive.
 */
export async function recoverOutputFolder(target: string): Promise<void> {
  const place = placesOf(target);
  for (const name of await entriesOf(place.parent)) {
    const pid = stagingPid(name, basename(place.target));
    if (pid === undefined) continue;
    if (pid !== process.pid && isAlive(pid)) throw outputBusy(target, pid);
    await rm(join(place.parent, name), { recursive: true, force: true });
  }
  if (!(await exists(place.aside))) return;
  if (await exists(place.target)) await carryOver(place, () => true);
  else await rename(place.aside, place.target);
}

interface Places {
  readonly target: string;
  readonly parent: string;
  readonly staging: string;
  readonly aside: string;
}

function placesOf(target: string): Places {
  const full = resolve(target);
  const parent = dirname(full);
  const name = basename(full);
  return {
    target: full,
    parent,
    staging: join(parent, `.${name}.pippin-writing-${process.pid}`),
    aside: join(parent, `.${name}.pippin-replaced`),
  };
}

function stagingPid(entry: string, name: string): number | undefined {
  const prefix = `.${name}.pippin-writing-`;
  if (!entry.startsWith(prefix)) return undefined;
  const pid = Number(entry.slice(prefix.length));
  return Number.isInteger(pid) ? pid : undefined;
}

async function swapIn(place: Places, keep: (name: string) => boolean): Promise<void> {
  if (await exists(place.target)) await rename(place.target, place.aside);
  await rename(place.staging, place.target);
  if (await exists(place.aside)) await carryOver(place, keep);
}

/** Moves what the new folder lacks out of the old one, then removes the old one. */
async function carryOver(place: Places, keep: (name: string) => boolean): Promise<void> {
  const present = new Set(await entriesOf(place.target));
  for (const name of await entriesOf(place.aside)) {
    if (!present.has(name) && keep(name)) await rename(join(place.aside, name), join(place.target, name));
  }
  await rm(place.aside, { recursive: true, force: true });
}

async function entriesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    if (isFileSystemError(cause) && cause.code === "ENOENT") return [];
    throw unwritable(folder, cause);
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: the process exists and belongs to somebody else.
    return isFileSystemError(error) && error.code === "EPERM";
  }
}

function isFileSystemError(error: unknown): error is NodeJS.ErrnoException {
  return error instanceof Error && "code" in error && "syscall" in error;
}

function outputExists(target: string): PippinError {
  return new PippinError("CORE_OUTPUT_EXISTS", {
    message: `the output folder ${target} is not empty`,
    hint: "Give --force to replace what is in it, or name another folder with --out.",
    details: { target },
  });
}

function outputBusy(target: string, pid: number): PippinError {
  return new PippinError("CORE_OUTPUT_BUSY", {
    message: `process ${pid} is writing ${target} at this moment`,
    hint: "Wait for it, or stop it and run the command again.",
    details: { target, pid },
  });
}

function unwritable(target: string, cause: unknown): PippinError {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new PippinError("CORE_OUTPUT_UNWRITABLE", {
    message: `cannot write ${target}: ${reason}`,
    hint: "Check the folder's permissions and the free space on its disk.",
    details: { target },
    cause,
  });
}
