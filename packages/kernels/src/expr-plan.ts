import { PippinError } from "@pippin/core";
import { byteLengthOf, elementCount, type FloatDtype, isFloatDtype } from "./dtype.ts";
import type { KernelsErrorCode } from "./errors.ts";
import type { TensorSource, WeightExpr, WeightOp } from "./weight-expr.ts";

export type ElementOp = Extract<WeightOp, { kind: "addOne" | "scale" }>;

/** A checked expression, in the order a worker executes it: which rows to read, then what to do with each value. */
export interface ExprPlan {
  readonly source: TensorSource & { readonly dtype: FloatDtype };
  /** Elements of the result, and of one of its rows (a slice along axis 0). */
  readonly elements: number;
  readonly rowElements: number;
  /** Whether the result's rows lie in the file in another order. */
  readonly permuted: boolean;
  /** The row of the source that row `row` of the result is made from. */
  readonly sourceRow: (row: number) => number;
  readonly elementOps: readonly ElementOp[];
}

/** A stretch of elements that lies in one piece in the source. */
export interface Run {
  readonly sourceElement: number;
  readonly count: number;
}

/**
 * Checks an expression against its source's shape and size.
 *
 * @param name - what messages call the weight.
 * @throws PippinError `KERNELS_EXPR_INVALID`, `KERNELS_DTYPE_UNSUPPORTED`.
 */
export function planExpr(expr: WeightExpr, name: string): ExprPlan {
  const { source } = expr;
  checkSource(source, name);
  if (!isFloatDtype(source.dtype)) throw unsupported(source, name);
  const rowElements = elementCount(source.shape.slice(1));
  const elementOps: ElementOp[] = [];
  const rowMaps: ((row: number) => number)[] = [];
  let permuted = false;
  let rows = source.shape[0] ?? 1;
  for (const op of expr.ops) {
    switch (op.kind) {
      case "sliceRows":
        if (!(isCount(op.begin) && isCount(op.end) && op.begin <= op.end && op.end <= rows)) {
          throw exprInvalid(name, `rows ${op.begin} to ${op.end} of ${rows} are no slice`);
        }
        rowMaps.push((row) => row + op.begin);
        rows = op.end - op.begin;
        break;
      case "permuteRope":
        if (!isCount(op.heads) || op.heads === 0 || rows % (2 * op.heads) !== 0) {
          throw exprInvalid(name, `${rows} rows are not ${op.heads} heads of pairs`);
        }
        rowMaps.push(ropeRow(rows / op.heads));
        permuted = true;
        break;
      case "addOne":
      case "scale":
        elementOps.push(op);
        break;
    }
  }
  const shape = source.shape.length === 0 ? [] : [rows, ...source.shape.slice(1)];
  if (shape.length !== expr.shape.length || shape.some((size, axis) => size !== expr.shape[axis])) {
    throw exprInvalid(name, `its steps give the shape [${shape}], it claims [${expr.shape}]`);
  }
  return {
    // The dtype was narrowed above; the compiler narrows the property, not the object.
    source: source as ExprPlan["source"],
    elements: rows * rowElements,
    rowElements,
    permuted,
    sourceRow: (row) => rowMaps.reduceRight((at, map) => map(at), row),
    elementOps,
  };
}

/** Where `count` elements of the result from `begin` on lie in the source, in the result's order. */
export function* runsOf(plan: ExprPlan, begin: number, count: number): Generator<Run> {
  const { rowElements } = plan;
  if (count === 0) return;
  for (let at = begin; at < begin + count; ) {
    const row = Math.floor(at / rowElements);
    const inRow = at - row * rowElements;
    const length = Math.min(plan.permuted ? rowElements - inRow : count, begin + count - at);
    yield { sourceElement: plan.sourceRow(row) * rowElements + inRow, count: length };
    at += length;
  }
}

/** Checks that a source's byte length is what dtype and shape say. */
export function checkSource(source: TensorSource, name: string): void {
  const expected = byteLengthOf(source.dtype, elementCount(source.shape));
  const counts = [source.byteOffset, source.byteLength, ...source.shape];
  if (!counts.every(isCount) || expected !== source.byteLength) {
    throw exprInvalid(
      name,
      `${source.dtype} [${source.shape}] takes ${expected} bytes, its source has ${source.byteLength}`,
    );
  }
}

/** Result rows are first all even, then all odd rows of each head of `headRows` source rows. */
function ropeRow(headRows: number): (row: number) => number {
  const half = headRows / 2;
  return (row) => {
    const inHead = row % headRows;
    return row - inHead + (inHead < half ? 2 * inHead : 2 * (inHead - half) + 1);
  };
}

function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

export function exprInvalid(name: string, reason: string): PippinError<KernelsErrorCode> {
  return new PippinError("KERNELS_EXPR_INVALID", {
    message: `weight ${name}: ${reason}`,
    hint: "The model's files and its config disagree; check that both are of the same revision.",
    details: { weight: name, reason },
  });
}

function unsupported(source: TensorSource, name: string): PippinError<KernelsErrorCode> {
  return new PippinError("KERNELS_DTYPE_UNSUPPORTED", {
    message: `weight ${name} is stored as ${source.dtype}, which cannot be read as numbers of a model`,
    hint: "Use a checkpoint in F16, BF16, F32, or a GGUF file in Q8_0, Q4_0 or Q4_1.",
    details: { weight: name, dtype: source.dtype, file: source.file },
  });
}
