import { lstat, mkdir, readdir, realpath, rename, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { type CoreErrorCode, isPippinError, PippinError } from "../errors.ts";
import { throwIfCancelled } from "../stage.ts";

export interface OutputFolderOptions {
  /** Replace a folder that is not empty. */
  readonly force?: boolean;
  /** With `force`: entries of the old folder that are carried over unless the new one has the name; default: all. */
  readonly keep?: (name: string) => boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Locks that this process holds: its number in a lock's name cannot tell two calls apart. */
const HELD = new Set<string>();

/**
 * Makes the folder `target` appear whole or not at all.
 *
 * `write` fills a staging folder beside the target, which is renamed into place when it has returned. The old
 * folder is set aside first and removed last, so that a process killed at any moment leaves either the old or the
 * new folder, perhaps with leftovers that the next call repairs. A target that is a symbolic link stays one.
 *
 * @throws PippinError `CORE_OUTPUT_EXISTS`, `CORE_OUTPUT_BUSY`, `CORE_OUTPUT_UNWRITABLE`, `CORE_CANCELLED`;
 *   whatever `write` throws.
 */
export async function withOutputFolder<T>(
  target: string,
  options: OutputFolderOptions,
  write: (staging: string) => Promise<T>,
): Promise<T> {
  const place = await placesOf(target);
  return withLock(place, async () => {
    await repair(place);
    const old = await entriesOf(place.target);
    if (!options.force && old.length > 0) throw outputExists(target);
    await mkdir(place.staging);
    const result = await write(place.staging);
    throwIfCancelled(options.signal);
    await swapIn(place, options.keep ?? (() => true));
    return result;
  });
}

/**
 * Repairs what a killed run left beside `target`: finishes or undoes its swap and removes its staging folders.
 *
 * @throws PippinError `CORE_OUTPUT_BUSY` when the run is still alive, `CORE_OUTPUT_UNWRITABLE`.
 */
export async function recoverOutputFolder(target: string): Promise<void> {
  const place = await placesOf(target);
  const leftovers = (await entriesOf(place.parent)).filter((entry) => entry.startsWith(place.prefix));
  if (leftovers.length > 0) await withLock(place, () => repair(place));
}

interface Places {
  readonly target: string;
  readonly parent: string;
  /** What the names of all leftovers begin with. */
  readonly prefix: string;
  /** Says that this process is at work on the target; holds `staging`. */
  readonly lock: string;
  readonly staging: string;
  /** The old folder during the swap: while the target is missing all that can be had, afterwards what is carried over. */
  readonly aside: string;
  /** Entries of the old folder that go. */
  readonly dropped: string;
}

async function placesOf(target: string): Promise<Places> {
  // The folder that a link leads to is replaced, not the link.
  const full = await realpath(target).catch(() => resolve(target));
  const parent = dirname(full);
  const name = basename(full);
  const prefix = `.${name}.pippin-`;
  const lock = join(parent, `${prefix}writing-${process.pid}`);
  return {
    target: full,
    parent,
    prefix,
    lock,
    staging: join(lock, name),
    aside: join(parent, `${prefix}replaced`),
    dropped: join(parent, `${prefix}dropped`),
  };
}

/** Runs `work` while no other call, here or in another process, works on the target. */
async function withLock<T>(place: Places, work: () => Promise<T>): Promise<T> {
  if (HELD.has(place.lock)) throw outputBusy(place, process.pid);
  HELD.add(place.lock);
  try {
    await mkdir(place.parent, { recursive: true });
    // From a killed process that had the same number.
    await rm(place.lock, { recursive: true, force: true });
    await mkdir(place.lock);
    // Each process looks for others after it has shown itself, so that of two at least one sees the other.
    await removeStaleLocks(place);
    return await work();
  } catch (cause) {
    if (isPippinError(cause) || !isFileSystemError(cause)) throw cause;
    throw unwritable(place.target, cause);
  } finally {
    await rm(place.lock, { recursive: true, force: true });
    HELD.delete(place.lock);
  }
}

async function removeStaleLocks(place: Places): Promise<void> {
  for (const name of await entriesOf(place.parent)) {
    const pid = name.startsWith(place.prefix) ? lockPid(name.slice(place.prefix.length)) : undefined;
    if (pid === undefined || pid === process.pid) continue;
    if (isAlive(pid)) throw outputBusy(place, pid);
    await rm(join(place.parent, name), { recursive: true, force: true });
  }
}

function lockPid(suffix: string): number | undefined {
  const digits = /^writing-([1-9]\d{0,9})$/.exec(suffix)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

async function swapIn(place: Places, keep: (name: string) => boolean): Promise<void> {
  const { target, staging, aside, dropped } = place;
  const fresh = new Set(await entriesOf(staging));
  const drop = (await entriesOf(target)).filter((name) => fresh.has(name) || !keep(name));
  try {
    if (await exists(target)) {
      await rename(target, aside);
      await mkdir(dropped);
      for (const name of drop) await rename(join(aside, name), join(dropped, name));
    }
    await rename(staging, target);
  } finally {
    // Without a target this undoes the swap, with one it finishes it.
    await repair(place);
  }
}

/** Brings the old folder back when the new one did not arrive; else carries over what is kept of it. */
async function repair({ target, aside, dropped }: Places): Promise<void> {
  if (await exists(target)) {
    await moveEntries(aside, target);
  } else if (await exists(aside)) {
    await moveEntries(dropped, aside);
    await rename(aside, target);
  }
  await rm(aside, { recursive: true, force: true });
  await rm(dropped, { recursive: true, force: true });
}

/** Moves the entries that `to` does not have. */
async function moveEntries(from: string, to: string): Promise<void> {
  const present = new Set(await entriesOf(to));
  for (const name of await entriesOf(from)) {
    if (!present.has(name)) await rename(join(from, name), join(to, name));
  }
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
  return lstat(path).then(
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

function outputExists(target: string): PippinError<CoreErrorCode> {
  return new PippinError("CORE_OUTPUT_EXISTS", {
    message: `the output folder ${target} is not empty`,
    hint: "Give --force to replace what is in it, or name another folder with --out.",
    details: { target },
  });
}

function outputBusy({ target, parent, prefix }: Places, pid: number): PippinError<CoreErrorCode> {
  const lock = join(parent, `${prefix}writing-${pid}`);
  return new PippinError("CORE_OUTPUT_BUSY", {
    message: `process ${pid} is writing ${target} at this moment`,
    hint: `Wait for it, or stop it and run the command again. If process ${pid} is not Pippin, delete the folder ${lock}, which a killed run left.`,
    details: { target, pid, lock },
  });
}

function unwritable(target: string, cause: unknown): PippinError<CoreErrorCode> {
  const reason = cause instanceof Error ? cause.message : String(cause);
  return new PippinError("CORE_OUTPUT_UNWRITABLE", {
    message: `cannot write ${target}: ${reason}`,
    hint: "Check the folder's permissions and the free space on its disk.",
    details: { target },
    cause,
  });
}
