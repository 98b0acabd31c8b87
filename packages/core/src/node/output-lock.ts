import { lstat, mkdir, readdir, realpath, rm } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { type CoreErrorCode, isPippinError, PippinError } from "../errors.ts";

/** Locks that this process holds: its number in a lock's name cannot tell two calls apart. */
const HELD = new Set<string>();

/** Where the work on one output happens: all beside it, on the same file system. */
export interface OutputPlaces {
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

export async function placesOf(target: string): Promise<OutputPlaces> {
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

/**
 * Runs `work` while no other call, here or in another process, works on the target. Removes what killed runs staged.
 *
 * @throws PippinError `CORE_OUTPUT_BUSY`, `CORE_OUTPUT_UNWRITABLE`.
 */
export async function withLock<T>(place: OutputPlaces, work: () => Promise<T>): Promise<T> {
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
    // What cannot be removed now is removed by the next call; it must not hide why the work failed.
    await rm(place.lock, { recursive: true, force: true }).catch(() => undefined);
    HELD.delete(place.lock);
  }
}

async function removeStaleLocks(place: OutputPlaces): Promise<void> {
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

export async function entriesOf(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (cause) {
    if (isFileSystemError(cause) && cause.code === "ENOENT") return [];
    if (isFileSystemError(cause) && cause.code === "ENOTDIR") throw notAFolder(folder, cause);
    throw unwritable(folder, cause);
  }
}

export async function exists(path: string): Promise<boolean> {
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

export function outputExists(target: string, kind: "file" | "folder"): PippinError<CoreErrorCode> {
  return new PippinError("CORE_OUTPUT_EXISTS", {
    message: kind === "folder" ? `the output folder ${target} is not empty` : `the output ${target} exists`,
    hint: `Give --force to replace it, or name another ${kind} with --out.`,
    details: { target },
  });
}

function outputBusy({ target, parent, prefix }: OutputPlaces, pid: number): PippinError<CoreErrorCode> {
  const lock = join(parent, `${prefix}writing-${pid}`);
  return new PippinError("CORE_OUTPUT_BUSY", {
    message: `process ${pid} is writing ${target} at this moment`,
    hint: `Wait for it, or stop it and run the command again. If process ${pid} is not Pippin, delete the folder ${lock}, which a killed run left.`,
    details: { target, pid, lock },
  });
}

function notAFolder(target: string, cause: unknown): PippinError<CoreErrorCode> {
  return new PippinError("CORE_OUTPUT_UNWRITABLE", {
    message: `${target} is a file, or lies in one; the output is a folder`,
    hint: "Name a folder with --out.",
    details: { target },
    cause,
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
