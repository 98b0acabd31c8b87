import type { IndexBits } from "../palette.ts";

/** How a weight becomes indices into tables of 2^bits F16 values: what Core ML's `constexpr_lut_to_dense` undoes. */
export interface PaletteEncoding {
  readonly kind: "palette";
  readonly bits: IndexBits;
  /** One table for the matrix, or one for each `groupSize` rows. */
  readonly granularity: "per_tensor" | "per_grouped_channel";
  /** Rows that share a table, 1 to 64; they divide the rows of the matrix. */
  readonly groupSize?: number | undefined;
}

/** Most rows that share a table, unless all of them do. */
const MAX_GROUP_ROWS = 64;

/** Sizes of groups that divide the rows of a matrix, ascending. */
export function paletteGroupSizes(rows: number): number[] {
  return Array.from({ length: MAX_GROUP_ROWS }, (_, i) => i + 1).filter((size) => rows % size === 0);
}

/** Tables of a matrix with as many rows, which the groups divide. */
export function paletteGroups({ granularity, groupSize = 1 }: PaletteEncoding, rows: number): number {
  return granularity === "per_tensor" ? 1 : rows / groupSize;
}
