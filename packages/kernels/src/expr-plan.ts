import { PippinError } from "@pippin/core";
import { elementCount, FLOAT_DTYPES, type FloatDtype, isFloatDtype } from "./dtype.ts";
import type { KernelsErrorCode } from "./errors.ts";
import { checkPacked } from "./packed-plan.ts";
import { checkSource, exprInvalid, isCount } from "./source-check.ts";
import {
  isPackedSource,
  type PackedSource,
  type TensorSource,
  type WeightExpr,
  type WeightOp,
  type WeightSource,
} from "./weight-expr.ts";

export type ElementOp = Extract<WeightOp, { kind: "addOne" | "scale" }>;

/** A tensor whose dtype can be widened to floats. */
export type FloatSource = TensorSource & { readonly dtype: FloatDtype };

/** A checked expression, in the order a worker executes it: which rows to read, then what to do with each value. */
export interface SourcePlan<Source extends FloatSource | PackedSource> {
  readonly source: Source;
  /** The file that messages name. */
  readonly file: string;
  /** Elements of the result, and of one of its rows (a slice along axis 0). */
  readonly elements: number;
  readonly rowElements: number;
  /** Whether the result's rows lie in the file in another order. */
  readonly permuted: boolean;
  /** The row of the source that row `row` of the result is made from. */
  readonly sourceRow: (row: number) => number;
  readonly elementOps: readonly ElementOp[];
}

export type ExprPlan = SourcePlan<FloatSource> | SourcePlan<PackedSource>;

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
  const source = checkedSource(expr.source, name);
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
  const common = {
    file: fileOf(source),
    elements: rows * rowElements,
    rowElements,
    permuted,
    sourceRow: (row: number) => rowMaps.reduceRight((at, map) => map(at), row),
    elementOps,
  };
  return isPackedSource(source) ? { ...common, source } : { ...common, source };
}

/** Whether kernels widen this source to floats. */
export function isFloatSource(source: WeightSource): source is FloatSource | PackedSource {
  return isPackedSource(source) || isFloatDtype(source.dtype);
}

/** The file that holds a weight's numbers, or its codes. */
export function fileOf(source: WeightSource): string {
  return isPackedSource(source) ? source.codes.file : source.file;
}

function checkedSource(source: WeightSource, name: string): FloatSource | PackedSource {
  if (isPackedSource(source)) checkPacked(source, name);
  else checkSource(source, name);
  if (!isFloatSource(source)) throw unsupported(source, name);
  return source;
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

/** Result rows are first all even, then all odd rows of each head of `headRows` source rows. */
function ropeRow(headRows: number): (row: number) => number {
  const half = headRows / 2;
  return (row) => {
    const inHead = row % headRows;
    return row - inHead + (inHead < half ? 2 * inHead : 2 * (inHead - half) + 1);
  };
}

function unsupported(source: TensorSource, name: string): PippinError<KernelsErrorCode> {
  return new PippinError("KERNELS_DTYPE_UNSUPPORTED", {
    message: `weight ${name} is stored as ${source.dtype}, which cannot be read as numbers of a model`,
    hint: `These can be: ${FLOAT_DTYPES.join(", ")}.`,
    details: { weight: name, dtype: source.dtype, file: source.file },
  });
}
