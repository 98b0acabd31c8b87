import { PippinError } from "@pippin/core";
import { elementCount } from "./dtype.ts";
import type { KernelsErrorCode } from "./errors.ts";
import { type ExprPlan, planExpr } from "./expr-plan.ts";
import { type GridEncoding, ownGrid } from "./grid.ts";
import {
  hasOffset,
  type LinearEncoding,
  type LinearRange,
  linearGroupSize,
  linearRange,
  packedBytes,
} from "./linear.ts";
import { type PaletteEncoding, paletteGroupSizes, paletteGroups } from "./palette/encoding.ts";
import type { WeightExpr } from "./weight-expr.ts";

/** How a matrix is stored. */
export type WeightEncoding = LinearEncoding | PaletteEncoding | GridEncoding;

/** What an encoding stores beside the integers or indices, each in a place of its own in the file. */
export type PartName = "scale" | "offset" | "lut";

type Parts = Readonly<Partial<Record<PartName, number>>>;

interface PlannedMatrix {
  /** Its expression, checked. */
  readonly plan: ExprPlan;
  readonly dataBytes: number;
  /** The parts that it has. */
  readonly partBytes: Parts;
  /** Their positions in the file, once it is laid out. */
  readonly partAt: Parts;
}

/** Integers with a scale a group. */
export interface LinearMatrix extends PlannedMatrix {
  readonly kind: "linear";
  readonly range: LinearRange;
  /** Elements that share a scale, one after the other. */
  readonly groupSize: number;
  readonly groups: number;
}

/** Indices into look-up tables. */
export interface PaletteMatrix extends PlannedMatrix {
  readonly kind: "palette";
  readonly encoding: PaletteEncoding;
  /** Elements that share a table, one after the other. */
  readonly groupSize: number;
  readonly groups: number;
}

/** Integers on the grid of the checkpoint. */
export interface GridMatrix extends PlannedMatrix {
  readonly kind: "grid";
  readonly bits: 4 | 8;
  readonly low: number;
  readonly high: number;
  readonly offset: GridEncoding["offset"];
  /** Elements that share a scale, one after the other. */
  readonly groupSize: number;
  readonly groups: number;
}

/** A matrix to encode: its sizes, and where its parts go. */
export type EncodedMatrix = LinearMatrix | PaletteMatrix | GridMatrix;

/** @throws PippinError `KERNELS_EXPR_INVALID`, `KERNELS_DTYPE_UNSUPPORTED`, `KERNELS_ENCODING_INVALID`. */
export function planEncoded(segment: {
  readonly id: string;
  readonly expr: WeightExpr;
  readonly encoding: WeightEncoding;
}): EncodedMatrix {
  const { id, expr, encoding } = segment;
  if (encoding.kind === "grid") return planGrid(id, expr, encoding);
  checkEncoding(id, expr.shape, encoding);
  const plan = planExpr(expr, id);
  switch (encoding.kind) {
    case "linear":
      return planLinear(plan, expr.shape, encoding);
    case "palette":
      return planPalette(plan, expr.shape, encoding);
  }
}

function planLinear(plan: ExprPlan, shape: readonly number[], encoding: LinearEncoding): LinearMatrix {
  const [rows = 0, cols = 0] = shape;
  const elements = elementCount(shape);
  const range = linearRange(encoding);
  const groupSize = linearGroupSize(encoding, rows, cols);
  const groups = elements === 0 ? 0 : elements / groupSize;
  return {
    kind: "linear",
    plan,
    range,
    groupSize,
    groups,
    dataBytes: packedBytes(elements, range.bits),
    partBytes: {
      scale: 2 * groups,
      ...(hasOffset(range) && { offset: packedBytes(groups, range.bits) }),
    },
    partAt: {},
  };
}

function planPalette(plan: ExprPlan, shape: readonly number[], encoding: PaletteEncoding): PaletteMatrix {
  const [rows = 0] = shape;
  const elements = elementCount(shape);
  const groups = paletteGroups(encoding, rows);
  return {
    kind: "palette",
    plan,
    encoding,
    groupSize: elements / groups,
    groups,
    dataBytes: packedBytes(elements, encoding.bits),
    partBytes: { lut: 2 * groups * 2 ** encoding.bits },
    partAt: {},
  };
}

function planGrid(id: string, expr: WeightExpr, encoding: GridEncoding): GridMatrix {
  const own = ownGrid(expr);
  const { dtype, groupSize, offset } = encoding;
  if (own?.kind !== "grid" || own.dtype !== dtype || own.groupSize !== groupSize || own.offset !== offset) {
    throw encodingInvalid(
      `weight ${id} does not lie on a grid of ${dtype} in groups of ${groupSize}`,
      "Use the encoding that `ownGrid` gives for it.",
      { weight: id, encoding },
    );
  }
  const plan = planExpr(expr, id);
  const bits = dtype.endsWith("4") ? 4 : 8;
  const low = dtype.startsWith("u") ? 0 : -(2 ** (bits - 1));
  const groups = plan.elements / groupSize;
  return {
    kind: "grid",
    plan,
    ...{ bits, low, high: low + 2 ** bits - 1, offset, groupSize, groups },
    dataBytes: packedBytes(plan.elements, bits),
    partBytes: {
      scale: 2 * groups,
      ...(offset === "float" && { offset: 2 * groups }),
      ...(offset === "integer" && { offset: packedBytes(groups, bits) }),
    },
    partAt: {},
  };
}

/**
 * Checks that an encoding fits a shape.
 *
 * @throws PippinError `KERNELS_ENCODING_INVALID`, which says what would fit.
 */
export function checkEncoding(
  id: string,
  shape: readonly number[],
  encoding: LinearEncoding | PaletteEncoding,
): void {
  if (shape.length !== 2) {
    const what = encoding.kind === "linear" ? "linear quantization takes" : "palettes take";
    throw encodingInvalid(
      `weight ${id} has the shape [${shape}]; ${what} matrices`,
      "Leave it as it is: small tensors of other ranks are kept in F16.",
      { weight: id, shape },
    );
  }
  if (encoding.kind === "palette") checkPalette(id, shape, encoding);
  else checkLinear(id, shape, encoding);
}

function checkLinear(id: string, shape: readonly number[], encoding: LinearEncoding): void {
  if (encoding.granularity !== "per_block") return;
  const [, cols = 0] = shape;
  const { blockSize = 0 } = encoding;
  if (Number.isSafeInteger(blockSize) && blockSize > 0 && cols % blockSize === 0) return;
  const fitting = [128, 64, 32, 16].filter((size) => cols % size === 0);
  throw encodingInvalid(
    `weight ${id} has rows of ${cols}, which blocks of ${blockSize} do not divide`,
    fitting.length > 0
      ? `Blocks of ${fitting.join(", ")} do, or one scale a channel.`
      : "Use one scale a channel.",
    { weight: id, shape, blockSize },
  );
}

function checkPalette(id: string, shape: readonly number[], encoding: PaletteEncoding): void {
  const [rows = 0] = shape;
  if (elementCount(shape) === 0) {
    throw encodingInvalid(
      `weight ${id} has the shape [${shape}]; there is nothing to make a palette of`,
      "Leave empty weights as they are.",
      { weight: id, shape },
    );
  }
  if (encoding.granularity === "per_tensor") return;
  const { groupSize = 0 } = encoding;
  const fitting = paletteGroupSizes(rows);
  if (fitting.includes(groupSize)) return;
  throw encodingInvalid(
    `weight ${id} has ${rows} rows, of which a table for ${groupSize} each cannot be made`,
    `Groups of ${fitting.join(", ")} rows can share one, or all rows (per_tensor).`,
    { weight: id, shape, groupSize, fitting },
  );
}

function encodingInvalid(
  message: string,
  hint: string,
  details: Readonly<Record<string, unknown>>,
): PippinError<KernelsErrorCode> {
  return new PippinError("KERNELS_ENCODING_INVALID", { message, hint, details });
}
