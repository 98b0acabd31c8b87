import { setImmediate as nextTurn } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { PippinError, throwIfCancelled } from "@pippin/core";
import { elementCount } from "../dtype.ts";
import type { KernelsErrorCode } from "../errors.ts";
import { planExpr } from "../expr-plan.ts";
import type { WeightExpr } from "../weight-expr.ts";
import { MAX_COLS, MatrixStore, ROW_BLOCK } from "./matrix-store.ts";
import {
  CONTROL_BYTES,
  finishedWord,
  HELPER_FAILED,
  JOB_MATRIX,
  JOB_ROWS,
  JOBS,
  type KeepDtype,
  LOAD_STOPPED,
  type LoadMessage,
  type LoadReply,
  MAX_BLOCK_ROWS,
  type MatrixContent,
  type PoolWorkerData,
  postedWord,
  SHARED_X_BYTES,
  SHARED_Y_BYTES,
  type Share,
  TICKET,
  waitWhile,
} from "./pool-protocol.ts";
import { startWorker, threadCount, unpackError, workerFailed } from "./threads.ts";

/**
 * Smaller matrices are multiplied by the calling thread alone: about 50 µs of work. On a busy machine a helper that is not
 * scheduled at once costs more than its half of that.
 */
const MIN_SHARED_ELEMENTS = 256 * 1024;

export interface MatrixPoolOptions {
  /** Threads that multiply, the calling one included; default: all cores, at most eight. */
  readonly threads?: number | undefined;
}

/** Matrices held for inference, their rows shared among threads. */
export interface MatrixPool {
  readonly threads: number;
  /**
   * Reads a matrix `[rows, cols]` (more axes: `[rows, …]` flattened; one axis: `[1, cols]`) and keeps it.
   *
   * @param keep - how it is held: `F16` and `BF16` round to nearest even, `F32` is exact.
   * @throws PippinError `CORE_CANCELLED`, `KERNELS_EXPR_INVALID`, `KERNELS_DTYPE_UNSUPPORTED`,
   *   `KERNELS_WEIGHT_NOT_FINITE`, `KERNELS_WEIGHT_OVERFLOW`, `KERNELS_MATRIX_TOO_LARGE`, `KERNELS_SOURCE_UNREADABLE`,
   *   `KERNELS_SOURCE_TRUNCATED`, `KERNELS_POOL_CLOSED`, `KERNELS_WORKER_FAILED`.
   */
  load(id: string, expr: WeightExpr, keep: KeepDtype, signal?: AbortSignal): Promise<void>;
  /** Keeps a matrix `[rows, cols]` of F32 values. */
  loadValues(id: string, rows: number, cols: number, data: Float32Array): Promise<void>;
  /**
   * y `[m, rows]` = x `[m, cols]` · Wᵀ in F32, before this returns.
   *
   * @param out - receives y; default: a new array.
   * @throws PippinError `KERNELS_MATRIX_UNKNOWN`, `KERNELS_SHAPE_MISMATCH`, `KERNELS_POOL_CLOSED`,
   *   `KERNELS_WORKER_FAILED`.
   */
  multiply(id: string, x: Float32Array, m: number, out?: Float32Array): Float32Array;
  /** Frees the matrices and ends the threads. */
  close(): Promise<void>;
}

/**
 * Opens a pool. Its helper threads start with the first matrix that is large enough to share, sleep while there is
 * nothing to multiply, and keep no process alive.
 *
 * Memory: the matrices as kept (each thread holds its rows in a WebAssembly memory of up to 4 GiB) and about 10 MB
 * a thread.
 *
 * @throws PippinError `KERNELS_THREADS_INVALID`.
 */
export function createMatrixPool(options: MatrixPoolOptions = {}): MatrixPool {
  return new ThreadedMatrixPool(threadCount(options.threads));
}

interface PooledMatrix {
  readonly number: number;
  readonly rows: number;
  readonly cols: number;
  /** One for each thread, the calling one first; a single one when no other takes part. */
  readonly shares: readonly Share[];
}

class ThreadedMatrixPool implements MatrixPool {
  readonly threads: number;
  readonly #store = new MatrixStore();
  readonly #matrices = new Map<string, PooledMatrix>();
  readonly #control: Int32Array;
  readonly #x = new Float32Array(new SharedArrayBuffer(SHARED_X_BYTES));
  readonly #y = new Float32Array(new SharedArrayBuffer(SHARED_Y_BYTES));
  /** Each started with the first matrix that it gets a share of. */
  readonly #helpers: Helper[] = [];
  #nextNumber = 0;
  #closed = false;
  /** Loads go one after the other. */
  #loading: Promise<void> = Promise.resolve();

  constructor(threads: number) {
    this.threads = threads;
    this.#control = new Int32Array(new SharedArrayBuffer(CONTROL_BYTES(threads - 1)));
  }

  async load(id: string, expr: WeightExpr, keep: KeepDtype, signal?: AbortSignal): Promise<void> {
    planExpr(expr, id);
    const rows = expr.shape.length > 1 ? expr.shape[0]! : 1;
    const cols = elementCount(expr.shape.slice(expr.shape.length > 1 ? 1 : 0));
    await this.#enqueue(id, { rows, cols }, () => ({ kind: "expr", expr, keep }), signal);
  }

  async loadValues(id: string, rows: number, cols: number, data: Float32Array): Promise<void> {
    if (data.length !== rows * cols) throw mismatch(id, `${data.length} values are not [${rows}, ${cols}]`);
    await this.#enqueue(id, { rows, cols }, (share) => ({
      kind: "values",
      values: data.slice(share.begin * cols, share.end * cols),
    }));
  }

  multiply(id: string, x: Float32Array, m: number, out?: Float32Array): Float32Array {
    const matrix = this.#find(id);
    const { rows, cols } = matrix;
    if (x.length !== m * cols) throw mismatch(id, `x has ${x.length} values, [${m}, ${cols}] are needed`);
    const y = out ?? new Float32Array(m * rows);
    if (y.length !== m * rows) throw mismatch(id, `out has ${y.length} values, [${m}, ${rows}] are needed`);
    const blockRows = blockRowsFor(rows, cols);
    for (let i = 0; i < m; i += blockRows) {
      const count = Math.min(blockRows, m - i);
      const whole = count === m;
      this.#multiplyBlock(
        matrix,
        whole ? x : x.subarray(i * cols, (i + count) * cols),
        count,
        whole ? y : y.subarray(i * rows, (i + count) * rows),
      );
    }
    return y;
  }

  async close(): Promise<void> {
    this.#closed = true;
    Atomics.store(this.#control, LOAD_STOPPED, 1);
    await Promise.all(this.#helpers.map((helper) => helper.close()));
    this.#matrices.clear();
  }

  #find(id: string): PooledMatrix {
    if (this.#closed) throw poolClosed();
    const matrix = this.#matrices.get(id);
    if (matrix !== undefined) return matrix;
    throw new PippinError<KernelsErrorCode>("KERNELS_MATRIX_UNKNOWN", {
      message: `no matrix ${id} has been loaded`,
      hint: "Await load before the first multiply.",
      details: { id },
    });
  }

  #multiplyBlock(matrix: PooledMatrix, x: Float32Array, m: number, y: Float32Array): void {
    const { number, rows, shares } = matrix;
    if (shares.length === 1) {
      this.#store.multiply(number, x, m, { y, cols: rows, begin: 0 });
      return;
    }
    const control = this.#control;
    this.#x.set(x);
    Atomics.store(control, JOB_MATRIX, number);
    Atomics.store(control, JOB_ROWS, m);
    const job = Atomics.add(control, JOBS, 1) + 1;
    this.#wake();
    this.#store.multiply(number, x, m, { y, cols: rows, begin: 0 });
    for (let i = 1; i < shares.length; i++) {
      this.#helpers[i - 1]!.awaitJob(job);
      const { begin, end } = shares[i]!;
      for (let row = 0; row < m; row++) {
        y.set(this.#y.subarray(row * rows + begin, row * rows + end), row * rows + begin);
      }
    }
  }

  #wake(): void {
    Atomics.add(this.#control, TICKET, 1);
    Atomics.notify(this.#control, TICKET);
  }

  #enqueue(
    id: string,
    shape: { rows: number; cols: number },
    contentOf: (share: Share) => MatrixContent,
    signal?: AbortSignal,
  ): Promise<void> {
    const load = this.#loading.then(() => this.#load(id, shape, contentOf, signal));
    // The next load does not depend on how this one ends; the caller of this one learns it.
    this.#loading = load.catch(() => undefined);
    return load;
  }

  async #load(
    id: string,
    { rows, cols }: { rows: number; cols: number },
    contentOf: (share: Share) => MatrixContent,
    signal?: AbortSignal,
  ): Promise<void> {
    if (this.#closed) throw poolClosed();
    throwIfCancelled(signal);
    if (cols > MAX_COLS || 4 * rows > SHARED_Y_BYTES) throw tooWide(id, rows, cols);
    const number = this.#nextNumber++;
    const shares = sharesOf(rows, rows * cols < MIN_SHARED_ELEMENTS ? 1 : this.threads);
    while (this.#helpers.length < shares.length - 1) this.#startHelper();
    const messages = shares.map((share): LoadMessage => {
      return { id, number, rows, cols, share, content: contentOf(share) };
    });
    const stop = () => Atomics.store(this.#control, LOAD_STOPPED, 1);
    Atomics.store(this.#control, LOAD_STOPPED, 0);
    signal?.addEventListener("abort", stop, { once: true });
    try {
      const others = messages.slice(1).map((message, index) => this.#loadInHelper(index, message));
      const results = await Promise.allSettled([this.#loadHere(messages[0]!).catch(stopAndThrow), ...others]);
      throwIfCancelled(signal);
      if (this.#closed) throw poolClosed();
      for (const result of results) if (result.status === "rejected") throw result.reason;
    } finally {
      signal?.removeEventListener("abort", stop);
    }
    this.#matrices.set(id, { number, rows, cols, shares });

    function stopAndThrow(error: unknown): never {
      stop();
      throw error;
    }
  }

  /** A process cannot end while a helper that has never been given anything starts, hence not before it is needed. */
  #startHelper(): void {
    const shared = { control: this.#control, x: this.#x, y: this.#y };
    this.#helpers.push(new Helper({ kind: "pool", ...shared, index: this.#helpers.length }));
  }

  async #loadHere(message: LoadMessage): Promise<void> {
    for (const _ of this.#store.load(message)) {
      await nextTurn();
      if (Atomics.load(this.#control, LOAD_STOPPED) === 1) return;
    }
  }

  async #loadInHelper(index: number, message: LoadMessage): Promise<void> {
    const reply = this.#helpers[index]!.load(message);
    this.#wake();
    await reply;
  }
}

/** A thread of the pool, seen from the calling thread. */
class Helper {
  readonly #worker: Worker;
  readonly #control: Int32Array;
  readonly #finished: number;
  readonly #posted: number;
  /** Settles the load under way. */
  #pending: { resolve: () => void; reject: (error: unknown) => void } | undefined;
  #failure: PippinError | undefined;

  constructor(data: PoolWorkerData) {
    this.#control = data.control;
    this.#finished = finishedWord(data.index);
    this.#posted = postedWord(data.index);
    this.#worker = startWorker(data);
    this.#worker.unref();
    this.#worker.on("message", ({ error }: LoadReply) => {
      this.#settle(error === undefined ? undefined : unpackError(error));
    });
    this.#worker.on("error", (error) => {
      this.#failure = workerFailed(String(error), error);
    });
    this.#worker.on("exit", () => {
      this.#failure ??= workerFailed("it ended");
      this.#settle(this.#failure);
    });
  }

  load(message: LoadMessage): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    // A sleeping helper keeps no process alive, one that loads does.
    this.#worker.ref();
    return new Promise((resolve, reject) => {
      this.#pending = { resolve, reject };
      this.#worker.postMessage(message);
      Atomics.add(this.#control, this.#posted, 1);
    });
  }

  /** Returns when the helper has finished product `job`. */
  awaitJob(job: number): void {
    for (;;) {
      const finished = Atomics.load(this.#control, this.#finished);
      if (finished === job) return;
      if (finished === HELPER_FAILED) throw workerFailed("a product could not be computed");
      if (this.#failure !== undefined) throw this.#failure;
      waitWhile(this.#control, this.#finished, finished);
    }
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }

  #settle(error: PippinError | undefined): void {
    const pending = this.#pending;
    this.#pending = undefined;
    if (pending === undefined) return;
    this.#worker.unref();
    if (error === undefined) pending.resolve();
    else pending.reject(error);
  }
}

/** Rows of x such that a block fits the memory threads share. */
function blockRowsFor(rows: number, cols: number): number {
  const fitting = Math.min(SHARED_X_BYTES / (4 * cols), SHARED_Y_BYTES / (4 * rows));
  return Math.max(1, Math.min(MAX_BLOCK_ROWS, Math.floor(fitting / 4) * 4));
}

/** Splits rows into at most `threads` shares of whole kernel blocks, as even as that allows. */
function sharesOf(rows: number, threads: number): Share[] {
  const blocks = Math.ceil(rows / ROW_BLOCK);
  const count = Math.max(1, Math.min(threads, blocks));
  return Array.from({ length: count }, (_, index) => ({
    begin: Math.floor((blocks * index) / count) * ROW_BLOCK,
    end: Math.min(rows, Math.floor((blocks * (index + 1)) / count) * ROW_BLOCK),
  }));
}

function mismatch(id: string, reason: string): PippinError<KernelsErrorCode> {
  return new PippinError("KERNELS_SHAPE_MISMATCH", {
    message: `matrix ${id}: ${reason}`,
    hint: "Compare the sizes in the model's config with its tensors.",
    details: { id, reason },
  });
}

function tooWide(id: string, rows: number, cols: number): PippinError<KernelsErrorCode> {
  return new PippinError("KERNELS_MATRIX_TOO_LARGE", {
    message: `matrix ${id} is [${rows}, ${cols}]; at most ${SHARED_Y_BYTES / 4} rows and ${MAX_COLS} columns can be multiplied`,
    hint: "Split the matrix.",
    details: { id, rows, cols },
  });
}

function poolClosed(): PippinError<KernelsErrorCode> {
  return new PippinError("KERNELS_POOL_CLOSED", {
    message: "the matrix pool is closed",
    hint: "Create a new pool.",
  });
}
