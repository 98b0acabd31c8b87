import type { PaletteEncoding } from "./palette/encoding.ts";
import { isPackedSource, type PackedSource, type TensorSource, type WeightExpr } from "./weight-expr.ts";

/**
 * A matrix that keeps the integers of its checkpoint: value = F16(scale · (code − offset)), with a scale, and an offset if
 * there is one, for each `groupSize` elements of a row.
 */
export interface GridEncoding {
  readonly kind: "grid";
  readonly dtype: "int4" | "uint4" | "int8" | "uint8";
  readonly groupSize: number;
  /** `float`: F16, one for each scale. `integer`: packed like the codes. */
  readonly offset: "none" | "float" | "integer";
}

const signed = (dtype: "int4" | "int8", groupSize: number): GridEncoding => ({
  kind: "grid",
  dtype,
  groupSize,
  offset: "none",
});
const shifted = (dtype: "uint4" | "uint8", groupSize: number): GridEncoding => ({
  kind: "grid",
  dtype,
  groupSize,
  offset: "float",
});

/** Grids of GGUF's block types, with the groups of the finest scale. Those of IQ4 and MXFP4 are not evenly spaced. */
const GGUF_GRIDS: Readonly<Record<string, GridEncoding>> = {
  Q4_0: signed("int4", 32),
  Q4_1: shifted("uint4", 32),
  Q5_0: signed("int8", 32),
  Q5_1: shifted("uint8", 32),
  Q8_0: signed("int8", 32),
  Q2_K: shifted("uint4", 16),
  Q3_K: signed("int4", 16),
  Q4_K: shifted("uint4", 32),
  Q5_K: shifted("uint8", 32),
  Q6_K: signed("int8", 16),
};

/**
 * The encoding in which a weight keeps the grid of its checkpoint; `undefined` where it has none that is made of evenly
 * spaced integers or of a look-up table, or whose groups are not contiguous.
 */
export function ownGrid({ source, ops }: WeightExpr): GridEncoding | PaletteEncoding | undefined {
  if (ops.some(({ kind }) => kind === "addOne")) return undefined;
  return isPackedSource(source) ? packedGrid(source, ops) : blockGrid(source);
}

/** A row of whole groups; a group never crosses rows. */
function blockGrid({ dtype, shape }: TensorSource): GridEncoding | undefined {
  const grid = Object.hasOwn(GGUF_GRIDS, dtype) ? GGUF_GRIDS[dtype] : undefined;
  return shape.length === 2 && grid && shape[1]! % grid.groupSize === 0 ? grid : undefined;
}

function packedGrid(
  source: PackedSource,
  ops: WeightExpr["ops"],
): GridEncoding | PaletteEncoding | undefined {
  const [rows = 0, columns = 0] = source.shape;
  switch (source.kind) {
    case "palette": {
      // Rows that moved are no longer beside those that they share a table with.
      if (ops.length > 0 && source.groupRows !== rows) return undefined;
      const { bits, groupRows: groupSize } = source;
      if (groupSize === rows) return { kind: "palette", bits, granularity: "per_tensor" };
      return { kind: "palette", bits, granularity: "per_grouped_channel", groupSize };
    }
    case "scaled": {
      const [, groupSize] = source.block;
      if (columns % groupSize !== 0) return undefined;
      if (source.format === "I4") return signed("int4", groupSize);
      return source.format === "I8" ? signed("int8", groupSize) : undefined;
    }
    case "affine": {
      const { bits, groupSize, groupIndex, offset } = source;
      if (groupIndex !== undefined || columns % groupSize !== 0) return undefined;
      const grid = shifted(bits <= 4 ? "uint4" : "uint8", groupSize);
      // Zero points that files hold less one may be 16.
      const whole = offset.kind === "zeroPoints" && offset.added === 0 && (bits === 4 || bits === 8);
      return whole ? { ...grid, offset: "integer" } : grid;
    }
  }
}
