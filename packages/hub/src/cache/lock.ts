import { randomBytes } from "node:crypto";
import { link, lstat, mkdir, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { hostname } from "node:os";
import { dirname } from "node:path";
import { performance } from "node:perf_hooks";
import type { StageContext } from "@pippin/core";
import { hubError } from "../errors.ts";
import type { Network } from "../http/network.ts";
import { cancelled } from "../http/stall.ts";
import { isFileSystemError, readText, writing } from "./write.ts";

/** A lock that is held; `token` is part of the names of what its holder writes. */
export interface Lock {
  readonly token: string;
  release(): Promise<void>;
}

export interface LockOptions {
  readonly network: Pick<Network, "sleep">;
  readonly context: StageContext;
  /** What the others are told about: a file's name. */
  readonly item: string;
  /** Times of the heartbeat, for tests. */
  readonly beatMs?: number;
  readonly staleMs?: number;
}

interface Holder {
  readonly pid: number;
  readonly host: string;
  readonly token: string;
}

const POLL_MS = 200;
const BEAT_MS = 5_000;
/** A holder that sleeps, or is on another machine and died: nobody else can tell which. */
const STALE_MS = 60_000;

/**
 * Waits for the exclusive lock `path`: a file that exists once, with its holder's process, touched now and then.
 *
 * It saves work and no more: what is written under it has a name of its own, is checked and renamed into place, so that
 * two holders do no harm. Python's locks are of another kind (`flock`, which Node does not have), so a file that Python
 * fetches at the same moment is fetched twice.
 *
 * @throws PippinError `CORE_CANCELLED`, `HUB_CACHE_UNWRITABLE`, `HUB_DISK_FULL`; `HUB_CACHE_BUSY` when a dead process's
 *   lock cannot be removed.
 */
export async function acquireLock(path: string, options: LockOptions): Promise<Lock> {
  const token = randomBytes(6).toString("hex");
  const content = JSON.stringify({ pid: process.pid, host: hostname(), token } satisfies Holder);
  await writing(path, () => mkdir(dirname(path), { recursive: true }));
  const watched = { key: "", since: performance.now(), warned: false };
  while (!(await create(path, content))) {
    const state = await stateOf(path);
    if (state === undefined) continue;
    if (state.key !== watched.key) Object.assign(watched, { key: state.key, since: performance.now() });
    const isSilent = performance.now() - watched.since > (options.staleMs ?? STALE_MS);
    if (isSilent || (await isDead(state.holder))) {
      if (!(await removeStale(path, state.text, token))) throw busy(path, options.item);
      continue;
    }
    if (!watched.warned) warnOfWaiting(options, state.holder);
    watched.warned = true;
    await pause(options);
  }
  const beat = setInterval(() => touch(path), options.beatMs ?? BEAT_MS);
  beat.unref();
  return {
    token,
    async release() {
      clearInterval(beat);
      // Who took it for stale has another one there.
      if ((await readText(path)) === content) await rm(path, { force: true });
    },
  };
}

/** Whether somebody alive holds the lock. */
export async function isLocked(path: string): Promise<boolean> {
  const state = await stateOf(path);
  return state !== undefined && Date.now() - state.touched < STALE_MS && !(await isDead(state.holder));
}

/** By a link to a file that is whole, so that a kill in between leaves no lock without a holder. */
async function create(path: string, content: string): Promise<boolean> {
  const draft = `${path}.${randomBytes(4).toString("hex")}`;
  await writing(draft, () => writeFile(draft, content));
  try {
    await link(draft, path).catch((cause) => {
      if (isExisting(cause)) throw cause;
      // A file system without hard links, such as exFAT.
      return writeFile(path, content, { flag: "wx" });
    });
    return true;
  } catch (cause) {
    if (isExisting(cause)) return false;
    return writing(path, () => Promise.reject(cause));
  } finally {
    await rm(draft, { force: true });
  }
}

function isExisting(cause: unknown): boolean {
  return isFileSystemError(cause) && cause.code === "EEXIST";
}

interface LockState {
  readonly text: string;
  readonly holder: Holder | undefined;
  readonly touched: number;
  /** Changes with each sign of life. */
  readonly key: string;
}

/** Undefined when nobody holds it. */
async function stateOf(path: string): Promise<LockState | undefined> {
  const found = await lstat(path).catch(() => undefined);
  if (found === undefined) return undefined;
  // Another user's may be unreadable: its times tell enough.
  const text = (await readText(path)) ?? "";
  return { text, holder: parseHolder(text), touched: found.mtimeMs, key: `${text} ${found.mtimeMs}` };
}

function parseHolder(text: string): Holder | undefined {
  try {
    const { pid, host, token } = JSON.parse(text);
    return typeof pid === "number" && typeof host === "string" ? { pid, host, token } : undefined;
  } catch {
    // Its holder is about to write it, or was killed before it did.
    return undefined;
  }
}

async function isDead(holder: Holder | undefined): Promise<boolean> {
  if (holder === undefined || holder.host !== hostname()) return false;
  try {
    process.kill(holder.pid, 0);
    return await isZombie(holder.pid);
  } catch (error) {
    // EPERM: it lives and belongs to somebody else.
    return !(isFileSystemError(error) && error.code === "EPERM");
  }
}

/** A process that has ended takes signals until its parent asks for its status. Linux tells: proc(5), the third field. */
async function isZombie(pid: number): Promise<boolean> {
  if (process.platform !== "linux") return false;
  const stat = await readFile(`/proc/${pid}/stat`, "utf8").catch(() => "");
  // The second field is the program's name in parentheses, which may hold parentheses and spaces.
  const [state] = stat.slice(stat.lastIndexOf(")") + 1).trimStart();
  return state === "Z" || state === "X";
}

/** Of several that find the lock stale one moves it away; who moves a fresh one puts it back. False: it cannot be moved. */
async function removeStale(path: string, expected: string, token: string): Promise<boolean> {
  const aside = `${path}.${token}`;
  try {
    await rename(path, aside);
    if (((await readText(aside)) ?? "") !== expected) await link(aside, path).catch(() => undefined);
    return true;
  } catch (cause) {
    // Somebody else was faster.
    return isFileSystemError(cause) && cause.code === "ENOENT";
  } finally {
    await rm(aside, { force: true }).catch(() => undefined);
  }
}

async function pause({ network, context: { signal } }: LockOptions): Promise<void> {
  await network.sleep(POLL_MS, signal).catch((error) => {
    throw signal?.aborted ? cancelled(signal) : error;
  });
}

function touch(path: string): void {
  const now = new Date();
  // A lock that was taken away is noticed when it is released.
  utimes(path, now, now).catch(() => undefined);
}

function warnOfWaiting({ context, item }: LockOptions, holder: Holder | undefined): void {
  const who = holder === undefined ? "another process" : `process ${holder.pid} on ${holder.host}`;
  context.warn?.({
    code: "HUB_WAITING",
    message: `${who} is fetching ${item} into the same folder; waiting for it`,
    hint: "It goes on by itself when the other one has ended.",
  });
}

/** @throws PippinError `HUB_CACHE_BUSY`. */
export function busy(path: string, item: string) {
  return hubError("HUB_CACHE_BUSY", {
    message: `another process is fetching files of ${item}`,
    hint: "Wait for it, or stop it, and run the command again.",
    details: { path },
  });
}
