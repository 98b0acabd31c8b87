import { elementCount } from "../dtype.ts";
import { type EncodedMatrix, type PartName, planEncoded, type WeightEncoding } from "../encoded-matrix.ts";
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
    }
  /**
   * The integers of a matrix, or its indices as `packIndices` packs them; each part that the encoding has beside them is
   * a segment of its own.
   */
  | {
      readonly kind: "encoded";
      readonly id: string;
      readonly expr: WeightExpr;
      readonly encoding: WeightEncoding;
    }
  /**
   * Of the encoded weight `of`, for each group in order: an F16 scale, an offset packed as the integers are, or a look-up
   * table of 2^bits F16 values, ascending.
   */
  | { readonly kind: "encodedPart"; readonly of: string; readonly part: PartName };

/** A segment with its place in the file and its expression checked. */
export type PlacedSegment = { readonly begin: number; readonly end: number } & (
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  | { readonly kind: "zeros" }
  | { readonly kind: "copy"; readonly source: TensorSource }
  | { readonly kind: "cast"; readonly id: string; readonly plan: ExprPlan; readonly dtype: "F16" | "F32" }
  | { readonly kind: "encoded"; readonly id: string; readonly matrix: EncodedMatrix }
  /** Written by whoever encodes the integers. */
  | { readonly kind: "encodedPart" }
);

type EncodedSegment = Extract<Segment, { kind: "encoded" }>;

/** Bytes of one element of a cast weight. */
export const CAST_BYTES: Record<"F16" | "F32", number> = { F16: 2, F32: 4 };

/**
 * Lays segments end to end.
 *
 * @throws PippinError `KERNELS_EXPR_INVALID`, `KERNELS_DTYPE_UNSUPPORTED`.
 */
export function placeSegments(segments: readonly Segment[]): PlacedSegment[] {
  const encoded = new Map<string, EncodedSegment>();
  for (const segment of segments) if (segment.kind === "encoded") encoded.set(segment.id, segment);
  const parts = new Map<string, number>();
  let begin = 0;
  const placed = segments.map((segment) => {
    const result = place(segment, begin, encoded);
    if (segment.kind === "encodedPart") parts.set(partKey(segment.of, segment.part), begin);
    begin = result.end;
    return result;
  });
  return placed.map((segment) => (segment.kind === "encoded" ? withParts(segment, parts) : segment));
}

function place(segment: Segment, begin: number, encoded: ReadonlyMap<string, EncodedSegment>): PlacedSegment {
  switch (segment.kind) {
    case "bytes":
      return { kind: "bytes", begin, end: begin + segment.bytes.byteLength, bytes: segment.bytes };
    case "zeros":
      return { kind: "zeros", begin, end: begin + segment.byteLength };
    case "weight":
      return placeWeight(segment, begin);
    case "encoded": {
      const matrix = planEncoded(segment);
      return { kind: "encoded", begin, end: begin + matrix.dataBytes, id: segment.id, matrix };
    }
    case "encodedPart": {
      const of = encoded.get(segment.of);
      if (of === undefined)
        throw exprInvalid(segment.of, `its ${segment.part} has a place, its integers have none`);
      const byteLength = planEncoded(of).partBytes[segment.part];
      if (byteLength === undefined)
        throw exprInvalid(segment.of, `its encoding has no part "${segment.part}"`);
      return { kind: "encodedPart", begin, end: begin + byteLength };
    }
  }
}

function partKey(id: string, part: string): string {
  return `${part} ${id}`;
}

function withParts(
  segment: Extract<PlacedSegment, { kind: "encoded" }>,
  parts: ReadonlyMap<string, number>,
): PlacedSegment {
  const { id, matrix } = segment;
  const partAt: Partial<Record<PartName, number>> = {};
  for (const part of Object.keys(matrix.partBytes) as PartName[]) {
    // the keys of a record of parts
    const at = parts.get(partKey(id, part));
    if (at === undefined && matrix.partBytes[part] !== 0) {
      throw exprInvalid(id, `its part "${part}" has no place in the file`);
    }
    partAt[part] = at ?? 0;
  }
  return { ...segment, matrix: { ...matrix, partAt } };
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
