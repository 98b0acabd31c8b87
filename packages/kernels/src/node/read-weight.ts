import { setImmediate as nextTurn } from "node:timers/promises";
import { PippinError } from "@pippin/core";
import type { KernelsErrorCode } from "../errors.ts";
import { type ExprPlan, fileOf, planExpr } from "../expr-plan.ts";
import { WasmHeap } from "../wasm-heap.ts";
import type { WeightExpr } from "../weight-expr.ts";
import { READER_BYTES, TensorReader } from "./tensor-reader.ts";

/** Elements read between two turns of the event loop. */
const TILE_ELEMENTS = 256 * 1024;

/** One heap for all calls: each is done with it before another begins. */
let heap: WasmHeap | undefined;

/**
 * Some rows (slices along axis 0) of a weight as F32, one after the other, before this returns: embedding lookups
 * without the matrix in memory. Opens the file and closes it.
 *
 * @throws PippinError `KERNELS_SHAPE_MISMATCH` for a row the weight does not have, `KERNELS_EXPR_INVALID`,
 *   `KERNELS_DTYPE_UNSUPPORTED`, `KERNELS_SOURCE_UNREADABLE`, `KERNELS_SOURCE_TRUNCATED`.
 */
export function readRows(expr: WeightExpr, rows: readonly number[]): Float32Array<ArrayBuffer> {
  const plan = planExpr(expr, fileOf(expr.source));
  const { rowElements } = plan;
  const values = new Float32Array(rows.length * rowElements);
  withReader((read) => {
    rows.forEach((row, index) => {
      checkRow(plan, row);
      read(plan, row * rowElements, values.subarray(index * rowElements, (index + 1) * rowElements));
    });
  });
  return values;
}

/**
 * A whole weight as F32. Meant for small tensors: norms, biases, tables.
 *
 * @throws PippinError as `readRows`.
 */
export async function readWeight(expr: WeightExpr): Promise<Float32Array<ArrayBuffer>> {
  const plan = planExpr(expr, fileOf(expr.source));
  const values = new Float32Array(plan.elements);
  for (let begin = 0; begin < values.length; begin += TILE_ELEMENTS) {
    if (begin > 0) await nextTurn();
    withReader((read) => read(plan, begin, values.subarray(begin, begin + TILE_ELEMENTS)));
  }
  return values;
}

type ReadInto = (plan: ExprPlan, begin: number, target: Float32Array) => void;

function withReader(use: (read: ReadInto) => void): void {
  heap ??= new WasmHeap(READER_BYTES + 4 * TILE_ELEMENTS);
  const wasm = heap;
  const reader = new TensorReader(wasm, 0);
  try {
    use((plan, begin, target) => {
      for (let done = 0; done < target.length; done += TILE_ELEMENTS) {
        const count = Math.min(TILE_ELEMENTS, target.length - done);
        reader.toF32(plan, begin + done, count, READER_BYTES);
        target.set(wasm.floats(READER_BYTES, count), done);
      }
    });
  } finally {
    reader.close();
  }
}

function checkRow({ elements, rowElements, file }: ExprPlan, row: number): void {
  const rows = elements / rowElements;
  if (Number.isInteger(row) && row >= 0 && row < rows) return;
  throw new PippinError<KernelsErrorCode>("KERNELS_SHAPE_MISMATCH", {
    message: `row ${row} was asked of a weight with ${rows} rows in ${file}`,
    hint: "Compare the vocabulary's size in the model's config with its embedding.",
    details: { row, rows, file },
  });
}
