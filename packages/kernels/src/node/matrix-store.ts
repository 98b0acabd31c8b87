import { PippinError } from "@pippin/core";
import type { KernelsErrorCode } from "../errors.ts";
import { type ExprPlan, planExpr } from "../expr-plan.ts";
import { F16_OVERFLOW } from "../plain/float16.ts";
import { WasmHeap } from "../wasm-heap.ts";
import { type KeepDtype, type LoadMessage, SHARED_X_BYTES, SHARED_Y_BYTES } from "./pool-protocol.ts";
import { READER_BYTES, TensorReader } from "./tensor-reader.ts";

/** Rows the matrix kernels take at once; shares are padded to it with zeros. */
export const ROW_BLOCK = 12;
/** Columns are padded to this. */
const COLUMN_BLOCK = 8;
/** Widest matrix: `ROW_BLOCK` widened rows must fit the scratch area. */
export const MAX_COLS = 65536;

const SCRATCH_BYTES = 4 * ROW_BLOCK * MAX_COLS;
const X = READER_BYTES;
/** A padded row of x is at most `COLUMN_BLOCK` longer than a row in shared memory, a block at most 3 rows. */
const X_BYTES = 2 * SHARED_X_BYTES;
const SCRATCH = X + X_BYTES;
const Y = SCRATCH + SCRATCH_BYTES;
const Y_BYTES = 2 * SHARED_Y_BYTES;
const ARENA = Y + Y_BYTES;
/** Elements loaded between two looks at the stop flag. */
const LOAD_ELEMENTS = 512 * 1024;

const KEEP_BYTES: Record<KeepDtype, number> = { F16: 2, BF16: 2, F32: 4 };

interface HeldMatrix {
  readonly keep: KeepDtype;
  readonly address: number;
  readonly rows: number;
  readonly paddedRows: number;
  readonly cols: number;
  readonly stride: number;
}

/** Where a share of y `[m, cols]` goes: its columns from `begin` on. */
export interface MultiplyTarget {
  readonly y: Float32Array;
  readonly cols: number;
  readonly begin: number;
}

/** One thread's shares of matrices, in a WebAssembly memory of its own. */
export class MatrixStore {
  readonly #heap = new WasmHeap(ARENA);
  readonly #matrices = new Map<number, HeldMatrix>();
  #end = ARENA;

  /**
   * Takes a share in, tile by tile.
   *
   * @returns a generator that pauses after each tile; abandoning it forgets the share.
   * @throws PippinError `KERNELS_MATRIX_TOO_LARGE`, `KERNELS_WEIGHT_NOT_FINITE`, `KERNELS_WEIGHT_OVERFLOW`, and those
   *   of reading.
   */
  *load(message: LoadMessage): Generator<void> {
    const matrix = this.#allocate(message);
    const { content } = message;
    let complete = false;
    try {
      if (content.kind === "values") this.#copyRows(matrix, content.values);
      else yield* this.#readRows(matrix, message, planExpr(content.expr, message.id));
      this.#matrices.set(message.number, matrix);
      complete = true;
    } finally {
      if (!complete) this.#end = matrix.address;
    }
  }

  /**
   * Multiplies the share of a matrix this thread has rows of.
   *
   * @param x - F32 `[m, cols]`.
   */
  multiply(number: number, x: Float32Array, m: number, target: MultiplyTarget): void {
    const matrix = this.#matrices.get(number)!;
    const blockRows = m === 1 ? 1 : Math.ceil(m / 4) * 4;
    this.#placeX(matrix, x, m, blockRows);
    if (m === 1) this.#gemv(matrix);
    else this.#gemm(matrix, blockRows);
    const { rows, paddedRows } = matrix;
    const result = this.#heap.floats(Y, blockRows * paddedRows);
    for (let i = 0; i < m; i++) {
      target.y.set(result.subarray(i * paddedRows, i * paddedRows + rows), i * target.cols + target.begin);
    }
  }

  #allocate({ id, share, cols, content }: LoadMessage): HeldMatrix {
    const keep = content.kind === "expr" ? content.keep : "F32";
    const rows = share.end - share.begin;
    const paddedRows = Math.ceil(rows / ROW_BLOCK) * ROW_BLOCK;
    const stride = Math.ceil(cols / COLUMN_BLOCK) * COLUMN_BLOCK;
    const address = this.#end;
    const end = address + Math.ceil((paddedRows * stride * KEEP_BYTES[keep]) / 64) * 64;
    if (!this.#heap.ensure(end)) throw tooLarge(id, end);
    this.#end = end;
    // An abandoned load may have left something here.
    this.#heap.bytes.fill(0, address, end);
    return { keep, address, rows, paddedRows, cols, stride };
  }

  #copyRows({ address, cols, stride }: HeldMatrix, values: Float32Array): void {
    for (let at = 0, to = address; at < values.length; at += cols, to += 4 * stride) {
      this.#heap.floats(to, cols).set(values.subarray(at, at + cols));
    }
  }

  *#readRows(matrix: HeldMatrix, { id, share }: LoadMessage, plan: ExprPlan): Generator<void> {
    const { keep, address, rows, cols, stride } = matrix;
    const reader = new TensorReader(this.#heap, 0);
    // Unpadded rows follow each other without a gap: many at once.
    const rowsAtOnce = cols === stride ? Math.max(1, Math.floor(LOAD_ELEMENTS / cols)) : 1;
    const rowsBetweenLooks = Math.max(1, Math.floor(LOAD_ELEMENTS / cols));
    try {
      for (let row = 0; row < rows; row += rowsAtOnce) {
        const count = Math.min(rowsAtOnce, rows - row);
        const begin = (share.begin + row) * cols;
        const dst = address + row * stride * KEEP_BYTES[keep];
        const maxAbs = readAs[keep](reader, plan, begin, count * cols, dst);
        checkRange(id, keep, maxAbs);
        if (rowsAtOnce > 1 || row % rowsBetweenLooks === 0) yield;
      }
    } finally {
      reader.close();
    }
  }

  /** Copies x to its place, padded with zeros; for 16-bit weights in pair order. */
  #placeX({ keep, cols, stride }: HeldMatrix, x: Float32Array, m: number, blockRows: number): void {
    const target = this.#heap.floats(X, blockRows * stride);
    if (cols === stride) {
      target.set(x);
    } else {
      for (let i = 0; i < m; i++) {
        target.set(x.subarray(i * cols, (i + 1) * cols), i * stride);
        target.fill(0, i * stride + cols, (i + 1) * stride);
      }
    }
    target.fill(0, m * stride);
    if (keep !== "F32" && m > 1) this.#heap.kernels.prepare_pairs(X, X, m * stride, 1);
  }

  #gemv({ keep, address, paddedRows, stride }: HeldMatrix): void {
    const { kernels } = this.#heap;
    switch (keep) {
      case "F32":
        kernels.gemv_f32(address, X, Y, paddedRows, stride);
        break;
      case "BF16":
        kernels.prepare_pairs(X, X, stride, 1);
        kernels.gemv_bf16(address, X, Y, paddedRows, stride);
        break;
      case "F16": {
        // The kernel sees weights times 2^-112. Bringing the largest |x| near 2^112 keeps products in the middle of
        // F32's range; powers of two change no mantissa.
        const power = exponentFor(kernels.max_abs_f32(X, stride));
        kernels.prepare_pairs(X, X, stride, 2 ** (112 - power));
        kernels.gemv_f16(address, X, Y, paddedRows, stride, 2 ** power);
        break;
      }
    }
  }

  #gemm({ keep, address, paddedRows, stride }: HeldMatrix, m: number): void {
    const { kernels } = this.#heap;
    switch (keep) {
      case "F32":
        kernels.gemm_f32(address, X, Y, paddedRows, stride, m);
        break;
      case "BF16":
        kernels.gemm_bf16(address, X, Y, paddedRows, stride, m, SCRATCH);
        break;
      case "F16":
        kernels.gemm_f16(address, X, Y, paddedRows, stride, m, SCRATCH);
        break;
    }
  }
}

type Read = (reader: TensorReader, plan: ExprPlan, begin: number, count: number, dst: number) => number;

const readAs: Record<KeepDtype, Read> = {
  F16: (reader, plan, begin, count, dst) => reader.toF16(plan, begin, count, dst),
  BF16: (reader, plan, begin, count, dst) => reader.toBf16(plan, begin, count, dst),
  F32: (reader, plan, begin, count, dst) => reader.toF32(plan, begin, count, dst),
};

/** The exponent of `maxAbs`, within what both 2^p and 2^(112 − p) can be as F32. */
function exponentFor(maxAbs: number): number {
  if (!Number.isFinite(maxAbs)) return 112;
  return Math.max(-15, Math.floor(Math.log2(maxAbs)));
}

function checkRange(id: string, keep: KeepDtype, maxAbs: number): void {
  if (!Number.isFinite(maxAbs)) {
    throw new PippinError<KernelsErrorCode>("KERNELS_WEIGHT_NOT_FINITE", {
      message: `weight ${id} holds ${Number.isNaN(maxAbs) ? "NaN" : "an infinity"}`,
      hint: "The checkpoint is damaged or its training diverged; fetch it again or use another revision.",
      details: { weight: id, value: String(maxAbs) },
    });
  }
  if (keep === "F16" && maxAbs >= F16_OVERFLOW) {
    throw new PippinError<KernelsErrorCode>("KERNELS_WEIGHT_OVERFLOW", {
      message: `weight ${id} has a value of magnitude ${maxAbs}, F16 ends at 65504`,
      hint: "Keep this weight as BF16 or F32.",
      details: { weight: id, value: maxAbs },
    });
  }
}

function tooLarge(id: string, byteLength: number): PippinError<KernelsErrorCode> {
  return new PippinError("KERNELS_MATRIX_TOO_LARGE", {
    message: `weight ${id} does not fit: one thread would hold ${byteLength} bytes`,
    hint: "A thread can hold 4 GiB, if the machine has them: use more threads, F16 instead of F32, or a smaller model.",
    details: { weight: id, byteLength },
  });
}
