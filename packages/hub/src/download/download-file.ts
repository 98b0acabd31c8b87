import type { Hash } from "node:crypto";
import { copyFile, type FileHandle, mkdir, open, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { StageContext } from "@pippin/core";
import { INCOMPLETE } from "../cache/layout.ts";
import { acquireLock, isLocked, type LockOptions } from "../cache/lock.ts";
import { fileSize, writing } from "../cache/write.ts";
import { hubError, quoted } from "../errors.ts";
import type { Connection } from "../http/connection.ts";
import { withRetries } from "../http/retry.ts";
import { cancelled } from "../http/stall.ts";
import type { RepoFile } from "../types.ts";
import { freshHash } from "./hash.ts";
import { type RemoteFile, streamFile } from "./stream-file.ts";

/** Where a file goes, and where its unfinished parts lie. */
export interface Slot {
  readonly target: string;
  readonly lock: string;
  /** Folder and beginning of the names of unfinished downloads of this content. */
  readonly partialFolder: string;
  readonly partialPrefix: string;
  /** Whether the file is in its place, which another process may have brought about meanwhile. */
  readonly isThere: () => Promise<boolean>;
  /** A whole copy that is on this machine. */
  readonly copy?: string | undefined;
}

export interface DownloadOptions {
  readonly connection: Connection;
  readonly context: StageContext;
  /** Called with the bytes that came just now, and with how much of the file is there: less when it was wrong. */
  readonly onBytes: (fetched: number, there: number) => void;
}

/** Ours among the unfinished: `PREFIX.TOKEN.pippin.incomplete`. */
const OURS = `.pippin${INCOMPLETE}`;
const READ_BYTES = 4 * 1024 * 1024;
/** Wrong content once may be an unfinished part from a broken disk, or a proxy; twice it stays wrong. */
const MOST_CORRUPT = 2;

/**
 * Brings one file into its place: whole, with the right hash, or not at all.
 *
 * The unfinished file grows at its end and has no gaps, so that its length says how much is there even after a kill.
 * What was there before is read again for the hash. Only a file whose hash is right is renamed to `target`.
 *
 * @throws PippinError `HUB_FILE_CORRUPT`, `HUB_DISK_FULL`, `HUB_CACHE_UNWRITABLE`, `CORE_CANCELLED`, and what the Hub's
 *   answers mean. What had come by then stays, except for wrong content.
 */
export async function downloadFile(slot: Slot, remote: RemoteFile, options: DownloadOptions): Promise<void> {
  const { connection, context } = options;
  const lock = await acquireLock(slot.lock, { network: connection.network, context, item: remote.file.path });
  try {
    if (await slot.isThere()) return;
    const partial = await claimPartial(slot, lock.token);
    await fillPartial(partial, remote, options);
    await writing(slot.target, () => moveIntoPlace(partial, slot.target));
  } finally {
    await lock.release();
  }
}

/** Bytes of the file that an earlier run left behind. */
export async function partialBytes(slot: Slot, file: RepoFile): Promise<number> {
  if (slot.copy !== undefined) return file.size;
  const [longest] = await partialsOf(slot);
  return longest === undefined || longest.size > file.size ? 0 : longest.size;
}

/** Removes what killed runs left of a file that is in its place: somebody else has brought it since. */
export async function dropPartials(slot: Slot, options: LockOptions): Promise<void> {
  // Who is at work on it will find out.
  if ((await partialsOf(slot)).length === 0 || (await isLocked(slot.lock))) return;
  const lock = await acquireLock(slot.lock, options);
  try {
    for (const { path } of await partialsOf(slot)) await rm(path, { force: true });
  } finally {
    await lock.release();
  }
}

interface Partial {
  readonly path: string;
  readonly size: number;
}

/** Longest first. */
async function partialsOf({ partialFolder, partialPrefix }: Slot): Promise<Partial[]> {
  const names = await readdir(partialFolder).catch(() => []);
  const ours = names.filter((name) => name.startsWith(`${partialPrefix}.`) && name.endsWith(OURS));
  const partials: Partial[] = [];
  for (const name of ours) {
    const path = join(partialFolder, name);
    const size = await fileSize(path);
    if (size !== undefined) partials.push({ path, size });
  }
  return partials.sort((a, b) => b.size - a.size);
}

/** Takes over the longest part that is there under a name of this lock's holder; the others are of no use. */
async function claimPartial(slot: Slot, token: string): Promise<string> {
  const path = join(slot.partialFolder, `${slot.partialPrefix}.${token}${OURS}`);
  return writing(path, async () => {
    await mkdir(slot.partialFolder, { recursive: true });
    const [longest, ...others] = await partialsOf(slot);
    for (const other of others) await rm(other.path, { force: true });
    if (slot.copy !== undefined) await copyFile(slot.copy, path);
    else if (longest !== undefined) await rename(longest.path, path);
    return path;
  });
}

interface Growing {
  readonly handle: FileHandle;
  readonly path: string;
  length: number;
  hash: Hash;
}

async function fillPartial(path: string, remote: RemoteFile, options: DownloadOptions): Promise<void> {
  // Not "a": positions are given, so that a second writer of the same bytes would do no harm.
  const handle = await writing(path, () => open(path, "r+").catch(() => open(path, "wx+")));
  const growing: Growing = { handle, path, length: 0, hash: freshHash(remote.file) };
  try {
    await adopt(growing, remote.file, options.context.signal);
    for (let attempt = 1; !(await isComplete(growing, remote, options)); attempt++) {
      await startOver(growing, remote.file, options);
      if (attempt >= MOST_CORRUPT) throw corrupt(remote);
    }
    await writing(path, () => handle.sync());
  } finally {
    await handle.close();
    if (growing.length === 0 && remote.file.size > 0) await rm(path, { force: true });
  }
}

/** Fetches what is missing; false when the whole has a wrong hash. */
async function isComplete(growing: Growing, remote: RemoteFile, options: DownloadOptions): Promise<boolean> {
  const { connection, context, onBytes } = options;
  const { file } = remote;
  const achieved = () => growing.length;
  await withRetries({ network: connection.network, signal: context.signal, achieved }, async () => {
    if (growing.length === file.size) return;
    for await (const chunk of streamFile(connection, remote, {
      offset: growing.length,
      signal: context.signal,
    })) {
      await append(growing, chunk);
      onBytes(chunk.length, growing.length);
    }
  });
  return growing.hash.copy().digest("hex") === (file.sha256 ?? file.oid);
}

/** Reads what is there already into the hash. */
async function adopt(growing: Growing, file: RepoFile, signal: AbortSignal | undefined): Promise<void> {
  const { handle, path } = growing;
  const { size } = await writing(path, () => handle.stat());
  if (size > file.size) return await writing(path, () => handle.truncate(0));
  const buffer = Buffer.allocUnsafe(Math.min(READ_BYTES, Math.max(size, 1)));
  while (growing.length < size) {
    if (signal?.aborted) throw cancelled(signal);
    const { bytesRead } = await writing(path, () => handle.read(buffer, 0, buffer.length, growing.length));
    if (bytesRead === 0) break;
    growing.hash.update(buffer.subarray(0, bytesRead));
    growing.length += bytesRead;
  }
}

async function append(growing: Growing, chunk: Uint8Array): Promise<void> {
  let written = 0;
  while (written < chunk.length) {
    const rest = chunk.length - written;
    const { bytesWritten } = await writing(growing.path, () =>
      growing.handle.write(chunk, written, rest, growing.length),
    );
    growing.hash.update(chunk.subarray(written, written + bytesWritten));
    growing.length += bytesWritten;
    written += bytesWritten;
  }
}

async function startOver(growing: Growing, file: RepoFile, { onBytes }: DownloadOptions): Promise<void> {
  await writing(growing.path, () => growing.handle.truncate(0));
  growing.length = 0;
  onBytes(0, 0);
  growing.hash = freshHash(file);
}

async function moveIntoPlace(partial: string, target: string): Promise<void> {
  await mkdir(dirname(target), { recursive: true });
  await rename(partial, target);
}

function corrupt({ repo, file }: RemoteFile) {
  return hubError("HUB_FILE_CORRUPT", {
    message: `${quoted(file.path)} of ${repo} came with another content than the Hub announces, twice`,
    hint: "Run the command again. If it stays so, a proxy or mirror on the way changes files: check HF_ENDPOINT.",
    details: { repo, path: file.path, expected: file.sha256 ?? file.oid },
  });
}
