import { elementCount } from "../dtype.ts";
import { type ExprPlan, planExpr } from "../expr-plan.ts";
import { checkSource, exprInvalid } from "../source-check.ts";
import { isPackedSource, type TensorSource, type WeightExpr } from "../weight-expr.ts";

/** A stretch of the output file. */
export type Segment =
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "zeros"; readonly byteLength: number }
  /** `same` copies the source's bytes, whatever its dtype; the expression then has no steps. */
  | {
      readonly kind: "weight";
      readonly id: string;
      readonly expr: WeightExpr;
      readonly dtype: "F16" | "F32" | "same";
    };

/** A segment with its place in the file and its expression checked. */
export type PlacedSegment = { readonly begin: number; readonly end: number } & (
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "zeros" }
  | { readonly kind: "copy"; readonly source: TensorSource }
  | { readonly kind: "cast"; readonly id: string; readonly plan: ExprPlan; readonly dtype: "F16" | "F32" }
);

/** Bytes of one element of a cast weight. */
export const CAST_BYTES: Record<"F16" | "F32", number> = { F16: 2, F32: 4 };

/**
 * Lays segments end to end.
 *
 * @throws PippinError `KERNELS_EXPR_INVALID`, `KERNELS_DTYPE_UNSUPPORTED`.
 */
export function placeSegments(segments: readonly Segment[]): PlacedSegment[] {
  let begin = 0;
  return segments.map((segment) => {
    const placed = place(segment, begin);
    begin = placed.end;
    return placed;
  });
}

function place(segment: Segment, begin: number): PlacedSegment {
  switch (segment.kind) {
    case "bytes":
      return { kind: "bytes", begin, end: begin + segment.bytes.byteLength, bytes: segment.bytes };
    case "zeros":
      return { kind: "zeros", begin, end: begin + segment.byteLength };
    case "weight":
      return placeWeight(segment, begin);
  }
}

function placeWeight(segment: Extract<Segment, { kind: "weight" }>, begin: number): PlacedSegment {
  const { id, expr, dtype } = segment;
  if (dtype !== "same") {
    const end = begin + elementCount(expr.shape) * CAST_BYTES[dtype];
    return { kind: "cast", begin, end, id, plan: planExpr(expr, id), dtype };
  }
  if (expr.ops.length > 0) throw exprInvalid(id, "a copy of bytes cannot have steps");
  if (isPackedSource(expr.source)) throw exprInvalid(id, "a weight of several tensors has no bytes to copy");
  checkSource(expr.source, id);
  return { kind: "copy", begin, end: begin + expr.source.byteLength, source: expr.source };
}
