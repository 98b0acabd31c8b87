import { availableParallelism } from "node:os";
import { Worker } from "node:worker_threads";
import { isPippinError, PippinError } from "@pippin/core";
import type { KernelsErrorCode } from "../errors.ts";

/** More threads than this only wait for memory. */
const MAX_THREADS = 8;

/** All cores, at most eight. */
export function defaultThreads(): number {
  return Math.min(availableParallelism(), MAX_THREADS);
}

/**
 * The number of threads to use, the default when none was asked for.
 *
 * @throws PippinError `KERNELS_THREADS_INVALID`.
 */
export function threadCount(threads: number = defaultThreads()): number {
  if (Number.isInteger(threads) && threads >= 1 && threads <= 64) return threads;
  throw new PippinError<KernelsErrorCode>("KERNELS_THREADS_INVALID", {
    message: `${threads} is not a number of threads`,
    hint: "Give a whole number from 1 to 64, or none for all cores.",
    details: { threads },
  });
}

/** Starts dist/worker.js, which lies beside the bundle that holds this function. */
export function startWorker(workerData: unknown): Worker {
  return new Worker(new URL("./worker.js", import.meta.url), { workerData, execArgv: [] });
}

/** An error in a form that crosses threads. */
export interface ThreadError {
  readonly message: string;
  readonly code?: string | undefined;
  readonly hint?: string | undefined;
  readonly details?: Readonly<Record<string, unknown>> | undefined;
  readonly stack?: string | undefined;
}

export function packError(error: unknown): ThreadError {
  if (!(error instanceof Error)) return { message: String(error) };
  const { message, stack } = error;
  return isPippinError(error)
    ? { message, stack, code: error.code, hint: error.hint, details: error.details }
    : { message, stack };
}

export function unpackError(packed: ThreadError): PippinError {
  const cause = new Error(packed.message);
  if (packed.stack !== undefined) cause.stack = packed.stack;
  if (packed.code === undefined) return workerFailed(packed.message, cause);
  return new PippinError(packed.code, {
    message: packed.message,
    hint: packed.hint,
    details: packed.details,
    cause,
  });
}

export function workerFailed(reason: string, cause?: unknown): PippinError<KernelsErrorCode> {
  return new PippinError("KERNELS_WORKER_FAILED", {
    message: `a worker thread failed: ${reason}`,
    hint: "The machine may be out of memory; try again with fewer threads.",
    cause,
  });
}
