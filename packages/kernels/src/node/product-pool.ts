import type { Worker } from "node:worker_threads";
import { PippinError } from "@pippin/core";
import type { KernelsErrorCode } from "../errors.ts";
import type { MatrixPart, ProductJob } from "../plain/product.ts";
import { tileCount } from "./product-tile.ts";
import {
  DONE_TILES,
  FAILED,
  PROGRESS_WORDS,
  type ProductMessage,
  type ProductWorkerData,
  runTiles,
} from "./product-worker.ts";
import { startWorker, threadCount, workerFailed } from "./threads.ts";

/** Smaller products are computed by the calling thread alone: waking a helper costs about as much. */
const MIN_SHARED_STEPS = 4_000_000;

export interface ProductPoolOptions {
  /** Threads that compute, the calling one included; default: all cores, at most eight. */
  readonly threads?: number | undefined;
}

/** Sums of matrix products over values that threads share: Hessians, factorizations, updates of weights. */
export interface ProductPool {
  readonly threads: number;
  /** F32 zeros that all threads see. */
  allocate(length: number): Float32Array<SharedArrayBuffer>;
  /**
   * C += factor · Aᵀ · B, before this returns; all three in memory from `allocate`.
   *
   * @throws PippinError `KERNELS_SHAPE_MISMATCH` when a part reaches beyond its values, `KERNELS_POOL_CLOSED`,
   *   `KERNELS_WORKER_FAILED`.
   */
  addProduct(job: ProductJob): void;
  /** Ends the threads. */
  close(): Promise<void>;
}

/**
 * Opens a pool. Its helper threads start with the first product that is large enough, sleep while there is nothing to
 * do, and keep no process alive. The result depends on the sizes only, not on the number of threads.
 *
 * Memory: 1 MB a thread, and what is allocated.
 *
 * @throws PippinError `KERNELS_THREADS_INVALID`.
 */
export function createProductPool(options: ProductPoolOptions = {}): ProductPool {
  return new ThreadedProductPool(threadCount(options.threads));
}

class ThreadedProductPool implements ProductPool {
  readonly threads: number;
  readonly #helpers: Worker[] = [];
  readonly #control = new Int32Array(new SharedArrayBuffer(4));
  #failure: unknown;
  #closed = false;

  constructor(threads: number) {
    this.threads = threads;
  }

  allocate(length: number): Float32Array<SharedArrayBuffer> {
    return new Float32Array(new SharedArrayBuffer(4 * length));
  }

  addProduct(job: ProductJob): void {
    const { depth, rows, cols } = job;
    if (this.#closed) {
      throw new PippinError<KernelsErrorCode>("KERNELS_POOL_CLOSED", {
        message: "the product pool is closed",
        hint: "Create a new pool.",
      });
    }
    if (depth === 0 || rows === 0 || cols === 0) return;
    checkPart("A", job.a, depth, rows);
    checkPart("B", job.b, depth, cols);
    checkPart("C", job.c, rows, cols);
    const tiles = tileCount(job);
    const progress = new Int32Array(new SharedArrayBuffer(4 * PROGRESS_WORDS));
    const message: ProductMessage = { job, tiles, progress };
    const shared = this.threads > 1 && tiles > 1 && depth * rows * cols >= MIN_SHARED_STEPS;
    if (shared) this.#post(message);
    runTiles(message);
    if (!shared) return;
    // A helper that comes late finds no tile left, so nobody waits for a thread that has not started yet.
    for (
      let done = Atomics.load(progress, DONE_TILES);
      done < tiles;
      done = Atomics.load(progress, DONE_TILES)
    ) {
      if (Atomics.load(progress, FAILED) !== 0) throw workerFailed("a product could not be computed");
      if (this.#failure !== undefined) throw workerFailed(String(this.#failure), this.#failure);
      Atomics.wait(progress, DONE_TILES, done, 1000);
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all(this.#helpers.map((helper) => helper.terminate()));
  }

  #post(message: ProductMessage): void {
    while (this.#helpers.length < this.threads - 1) {
      const data: ProductWorkerData = { kind: "product", control: this.#control };
      const helper = startWorker(data);
      helper.unref();
      helper.on("error", (error) => {
        this.#failure = error;
      });
      this.#helpers.push(helper);
    }
    for (const helper of this.#helpers) helper.postMessage(message);
    Atomics.add(this.#control, 0, 1);
    Atomics.notify(this.#control, 0);
  }
}

function checkPart(name: string, { values, begin, stride }: MatrixPart, rows: number, cols: number): void {
  const end = begin + (rows - 1) * stride + cols;
  if (begin >= 0 && stride >= 0 && end <= values.length) return;
  throw new PippinError<KernelsErrorCode>("KERNELS_SHAPE_MISMATCH", {
    message: `part ${name} of a product, [${rows}, ${cols}] with rows ${stride} apart from element ${begin} on, reaches beyond ${values.length} values`,
    hint: "Compare the sizes of the matrices.",
    details: { name, rows, cols, begin, stride },
  });
}
