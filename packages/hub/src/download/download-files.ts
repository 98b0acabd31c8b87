import type { StageContext } from "@pippin/core";
import { etagOf } from "../cache/layout.ts";
import { checkDiskSpace } from "../cache/write.ts";
import type { Connection } from "../http/connection.ts";
import type { Place } from "../place.ts";
import type { RepoFile } from "../types.ts";
import { downloadFile, dropPartials, partialBytes, type Slot } from "./download-file.ts";
import { runPool } from "./pool.ts";

export interface FilesJob {
  readonly repo: string;
  readonly commit: string;
  readonly files: readonly RepoFile[];
  readonly place: Place;
  readonly concurrency: number;
}

export interface FilesResult {
  readonly fetchedBytes: number;
  readonly reusedBytes: number;
}

const DEFAULT_CONCURRENCY = 4;

export function concurrencyOf(options: { readonly concurrency?: number }): number {
  const wanted = Math.floor(options.concurrency ?? DEFAULT_CONCURRENCY);
  return Number.isFinite(wanted) ? Math.min(Math.max(wanted, 1), 64) : DEFAULT_CONCURRENCY;
}

/**
 * Brings the files that are missing into a place, several at once.
 *
 * @throws PippinError of the first file that failed; the others stop and keep what they have.
 */
export async function downloadFiles(
  job: FilesJob,
  connection: Connection,
  context: StageContext,
): Promise<FilesResult> {
  const tasks = await tasksOf(job);
  const progress = followProgress(job.files, tasks, context);
  const missing = tasks.filter((task) => !task.present);
  const needed = missing.reduce((sum, { file, onDisk }) => sum + file.size - onDisk, 0);
  if (missing.length > 0) {
    await checkDiskSpace(job.place.disk, needed);
    await job.place.prepare();
  }
  await runPool(
    missing,
    { concurrency: job.concurrency, signal: context.signal },
    async ({ file, slot }, signal) => {
      const remote = { repo: job.repo, commit: job.commit, file };
      const onBytes = (fetched: number, there: number) => progress.moved(file, fetched, there);
      await downloadFile(slot, remote, { connection, context: { ...context, signal }, onBytes });
      await job.place.arrived(file);
      progress.moved(file, 0, file.size);
    },
  );
  for (const { file, slot } of tasks.filter((task) => task.present)) {
    await dropPartials(slot, { network: connection.network, context, item: file.path });
  }
  return { fetchedBytes: progress.fetched(), reusedBytes: progress.reused };
}

interface Task {
  readonly file: RepoFile;
  readonly slot: Slot;
  readonly present: boolean;
  /** Bytes that need not be fetched. */
  readonly there: number;
  /** Bytes that need no more room: a copy is still to be made. */
  readonly onDisk: number;
}

/** One for each target: in the cache, files of the same content have one blob. */
async function tasksOf({ files, place }: FilesJob): Promise<Task[]> {
  const tasks = new Map<string, Task>();
  for (const file of files) {
    const slot = await place.slotOf(file);
    if (tasks.has(slot.target)) continue;
    const present = await place.isPresent(file);
    const there = present ? file.size : await partialBytes(slot, file);
    tasks.set(slot.target, {
      file,
      slot,
      present,
      there,
      onDisk: present || slot.copy === undefined ? there : 0,
    });
  }
  return [...tasks.values()];
}

/** Counts bytes over all files: `done` begins with what was there. */
function followProgress(files: readonly RepoFile[], tasks: readonly Task[], context: StageContext) {
  const there = new Map(tasks.map((task) => [task.file, task.there]));
  const total = tasks.reduce((sum, { file }) => sum + file.size, 0);
  let done = tasks.reduce((sum, task) => sum + task.there, 0);
  let fetchedBytes = 0;
  const report = (item: string) => context.progress?.({ stage: "fetch", unit: "bytes", done, total, item });
  if (files[0] !== undefined) report(files[0].path);
  return {
    reused: done,
    fetched: () => fetchedBytes,
    moved(file: RepoFile, fetched: number, length: number) {
      const before = there.get(file) ?? 0;
      if (fetched === 0 && length === before) return;
      done += length - before;
      there.set(file, length);
      fetchedBytes += fetched;
      report(file.path);
    },
  };
}

/** Bytes of the files that would come over the network, each content counted once. */
export async function missingBytes(files: readonly RepoFile[], place: Place): Promise<number> {
  const seen = new Set<string>();
  let missing = 0;
  for (const file of files) {
    const slot = await place.slotOf(file);
    if (seen.has(slot.target) || (await place.isPresent(file))) continue;
    seen.add(slot.target);
    missing += file.size - (slot.copy === undefined ? await partialBytes(slot, file) : file.size);
  }
  return missing;
}

export function distinctBytes(files: readonly RepoFile[]): number {
  const sizes = new Map(files.map((file) => [etagOf(file), file.size]));
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
}
