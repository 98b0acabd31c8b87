import { setImmediate as nextTurn, setTimeout as pause } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { CHUNK_BYTES, throwIfCancelled } from "@pippin/core";
import { elementCount } from "../dtype.ts";
import { addErrors, type ErrorFigures, type ErrorSums, errorFigures, noErrors } from "../linear.ts";
import { F16_OVERFLOW } from "../plain/float16.ts";
import { ChunkWriter, type WriteJob, type WrittenChunk } from "./chunk-writer.ts";
import { withOutputFile } from "./output-file.ts";
import { placeSegments, type Segment } from "./segments.ts";
import { sharedTableMemory } from "./shared-tables.ts";
import { startWorker, threadCount, unpackError, workerFailed } from "./threads.ts";
import {
  CONTROL_WORDS,
  hashesAfterwards,
  NEXT_CHUNK,
  NEXT_HASH,
  STOPPED,
  WRITTEN_CHUNKS,
  type WriterMessage,
  type WriterWorkerData,
} from "./write-worker.ts";

/** Below this a worker would finish starting when the work is done. */
const MIN_BYTES_FOR_WORKERS = 32 * 1024 * 1024;

export interface WriteSegmentsOptions {
  /** Threads that write, the calling one included; default: all cores, at most eight. */
  readonly threads?: number | undefined;
  /** Hash each 8 MiB chunk while it is in the cache. */
  readonly chunkHashes?: boolean | undefined;
  /** Finite values that F16 cannot hold: write ±65504 and report, or throw. */
  readonly overflow: "saturate" | "error";
  readonly signal?: AbortSignal | undefined;
  /** Bytes of the output finished so far, after each chunk. */
  readonly onBytes?: ((done: number, total: number) => void) | undefined;
}

export interface WeightReport {
  readonly id: string;
  /** Largest |value| after the expression's steps, before rounding to the output's dtype. */
  readonly maxAbs: number;
  /** Whether a value was beyond F16 and became ±65504. */
  readonly saturated: boolean;
  /** What encoding has cost; for encoded weights only. */
  readonly error?: ErrorFigures;
}

export interface WriteSegmentsResult {
  readonly byteLength: number;
  /** sha256 in hex of each 8 MiB chunk, in order, when asked for. */
  readonly chunkSha256?: string[];
  /** Weights that were cast or encoded, in the order of the segments; `same` copies are not looked at. */
  readonly weights: WeightReport[];
}

/**
 * Writes one file from segments laid end to end: bytes, zeros, and weights that stream from their checkpoints
 * through WebAssembly. The bytes do not depend on the number of threads.
 *
 * Threads take 8 MiB chunks of the output from a shared counter; the calling thread works too and yields after each
 * chunk (some milliseconds). Scales of an encoded weight are written by the threads that write its integers; a weight
 * with one scale is read by each thread for its maximum first, one with a single look-up table by one of them, for which
 * the others wait. Memory: 2 to 6 MB a thread beside the thread itself; some 10 MB more to fit a table of a large matrix.
 * On failure the file is removed and no thread is left; the caller renames the file into place (`withOutputFolder`).
 *
 * @throws PippinError `CORE_CANCELLED`, `KERNELS_EXPR_INVALID`, `KERNELS_DTYPE_UNSUPPORTED`,
 *   `KERNELS_ENCODING_INVALID`, `KERNELS_WEIGHT_NOT_FINITE`, `KERNELS_WEIGHT_OVERFLOW`, `KERNELS_SOURCE_UNREADABLE`,
 *   `KERNELS_SOURCE_TRUNCATED`, `KERNELS_OUTPUT_UNWRITABLE`, `KERNELS_THREADS_INVALID`, `KERNELS_WORKER_FAILED`.
 */
export async function writeSegments(
  path: string,
  segments: readonly Segment[],
  options: WriteSegmentsOptions,
): Promise<WriteSegmentsResult> {
  throwIfCancelled(options.signal);
  const placed = placeSegments(segments);
  const byteLength = placed.at(-1)?.end ?? 0;
  const { chunkHashes = false, overflow } = options;
  const run = await withOutputFile(path, byteLength, async (descriptor) => {
    const tables = sharedTableMemory(placed);
    const job: WriteJob = { path, descriptor, segments, chunkHashes, overflow, tables };
    const writing = new WriteRun(job, byteLength, options);
    await writing.finish();
    return writing;
  });
  const weights = segments.flatMap((segment) => reportOf(segment, run));
  return { byteLength, ...(chunkHashes ? { chunkSha256: run.hashes } : {}), weights };
}

function reportOf(segment: Segment, run: WriteRun): WeightReport[] {
  if (segment.kind !== "weight" && segment.kind !== "encoded") return [];
  const { id, expr } = segment;
  const maxAbs = run.maxAbs.get(id) ?? 0;
  if (segment.kind === "encoded") {
    const error = errorFigures(run.errorsOf(id), elementCount(expr.shape));
    return [{ id, maxAbs, saturated: maxAbs >= F16_OVERFLOW, error }];
  }
  if (segment.dtype === "same") return [];
  return [{ id, maxAbs, saturated: segment.dtype === "F16" && maxAbs >= F16_OVERFLOW }];
}

/** One call of `writeSegments`: its threads and what they have reported. */
class WriteRun {
  readonly hashes: string[] = [];
  readonly maxAbs: Map<string, number> = new Map();
  readonly #job: WriteJob;
  readonly #byteLength: number;
  readonly #options: WriteSegmentsOptions;
  readonly #errors: ReadonlyMap<string, ErrorSums>[] = [];
  readonly #control = new Int32Array(new SharedArrayBuffer(4 * CONTROL_WORDS));
  #done = 0;
  #error: unknown;

  constructor(job: WriteJob, byteLength: number, options: WriteSegmentsOptions) {
    this.#job = job;
    this.#byteLength = byteLength;
    this.#options = options;
  }

  /** In the order of the chunks, so that the sums do not depend on who was first. */
  errorsOf(id: string): ErrorSums {
    const sums = noErrors();
    for (const errors of this.#errors) {
      const more = errors?.get(id);
      if (more !== undefined) addErrors(sums, more);
    }
    return sums;
  }

  /** Starts the workers, takes part, and returns when all threads have ended. */
  async finish(): Promise<void> {
    const { signal } = this.#options;
    const stop = () => this.#stop();
    signal?.addEventListener("abort", stop, { once: true });
    try {
      const workers = Array.from({ length: this.#workerCount() }, () => this.#startWorker());
      await this.#takePart();
      await Promise.all(workers);
    } finally {
      signal?.removeEventListener("abort", stop);
    }
    throwIfCancelled(signal);
    if (this.#error !== undefined) throw this.#error;
  }

  #workerCount(): number {
    const threads = threadCount(this.#options.threads);
    if (this.#byteLength < MIN_BYTES_FOR_WORKERS) return 0;
    return Math.min(threads, Math.ceil(this.#byteLength / CHUNK_BYTES)) - 1;
  }

  #stop(): void {
    Atomics.store(this.#control, STOPPED, 1);
  }

  #fail(error: unknown): void {
    this.#error ??= error;
    this.#stop();
  }

  async #takePart(): Promise<void> {
    const stopped = () => Atomics.load(this.#control, STOPPED) === 1;
    const chunks = Math.ceil(this.#byteLength / CHUNK_BYTES);
    const writer = new ChunkWriter(this.#job);
    try {
      for (let chunk = this.#take(NEXT_CHUNK); chunk < chunks && !stopped(); chunk = this.#take(NEXT_CHUNK)) {
        const written = writer.write(chunk, stopped);
        Atomics.add(this.#control, WRITTEN_CHUNKS, 1);
        Atomics.notify(this.#control, WRITTEN_CHUNKS);
        if (!stopped()) this.#chunkDone(chunk, written);
        await nextTurn();
      }
      if (hashesAfterwards(this.#job)) await this.#hashWritten(writer, chunks, stopped);
      this.#merge(writer.maxAbs);
    } catch (error) {
      this.#fail(error);
    } finally {
      writer.close();
    }
  }

  /** Takes part in hashing the chunks that others have written scales into. */
  async #hashWritten(writer: ChunkWriter, chunks: number, stopped: () => boolean): Promise<void> {
    const written = () => Atomics.load(this.#control, WRITTEN_CHUNKS);
    while (written() < chunks && !stopped()) await pause(1);
    for (let chunk = this.#take(NEXT_HASH); chunk < chunks && !stopped(); chunk = this.#take(NEXT_HASH)) {
      this.#hashDone(chunk, writer.hashWritten(chunk));
      await nextTurn();
    }
  }

  #take(word: number): number {
    return Atomics.add(this.#control, word, 1);
  }

  #hashDone(chunk: number, hash: string | undefined): void {
    if (hash !== undefined) this.hashes[chunk] = hash;
  }

  /** Resolves when the worker has ended, however it ended. */
  #startWorker(): Promise<void> {
    const workerData: WriterWorkerData = { kind: "write", job: this.#job, control: this.#control };
    const worker: Worker = startWorker(workerData);
    worker.on("message", (message: WriterMessage) => {
      if (message.kind === "chunk") this.#chunkDone(message.chunk, message);
      else if (message.kind === "hash") this.#hashDone(message.chunk, message.hash);
      else if (message.kind === "end") this.#merge(message.maxAbs);
      else this.#fail(unpackError(message.error));
    });
    worker.on("error", (error) => this.#fail(workerFailed(String(error), error)));
    return new Promise((resolve) => {
      worker.on("exit", () => resolve());
    });
  }

  #chunkDone(chunk: number, { hash, errors }: WrittenChunk): void {
    this.#hashDone(chunk, hash);
    this.#errors[chunk] = errors;
    this.#done += Math.min(CHUNK_BYTES, this.#byteLength - chunk * CHUNK_BYTES);
    try {
      this.#options.onBytes?.(this.#done, this.#byteLength);
    } catch (error) {
      this.#fail(error);
    }
  }

  #merge(maxAbs: ReadonlyMap<string, number>): void {
    for (const [id, value] of maxAbs) this.maxAbs.set(id, Math.max(this.maxAbs.get(id) ?? 0, value));
  }
}
