import { f16Code } from "@pippin/kernels";
import type { Block } from "./block.ts";
import type { HessianFactor } from "./factor.ts";
import { type BlockScale, blockScales, codeRange, plainScale } from "./linear-grid.ts";
import { middlesOf, weightedTable } from "./palette-table.ts";
import type { CalibrationMatrix, GridWeight, LinearTarget, PaletteTarget } from "./target.ts";

/** Columns that are rounded together where scales do not say how many. */
const DEFAULT_SIZE = 32;

/** Rounds blocks of a matrix to a grid. */
export interface Rounder {
  /** Columns of a block; it divides the columns or is their number. */
  readonly size: number;
  readonly result: GridWeight;
  /**
   * Rounds the row whose targets and weights are in the block; codes and errors are left in it.
   *
   * @param index - of the block in its row.
   * @returns what `Block.round` costs.
   */
  round(block: Block, row: number, index: number): number;
}

/** How scales are chosen. */
export interface ScaleSearch {
  /** Factors by which a block's range may be clipped; only `[1]` without a search. */
  readonly shrink: readonly number[];
  /** Candidates that are judged by rounding the block with compensation; the others by a sum over its columns. */
  readonly finalists: number;
}

/** The rounder of plain rounding: each weight to the nearest value, no range clipped. */
export const NO_SEARCH: ScaleSearch = { shrink: [1], finalists: 1 };

export function linearRounder(
  { rows, columns, values }: CalibrationMatrix,
  target: LinearTarget,
  { pivots }: Pick<HessianFactor, "pivots">,
  search: ScaleSearch,
): Rounder {
  const perRow = target.blockSize === undefined;
  const size = target.blockSize ?? (columns % DEFAULT_SIZE === 0 ? DEFAULT_SIZE : columns);
  const across = perRow ? 1 : columns / size;
  const range = codeRange(target);
  const scales = new Uint16Array(rows * across);
  const zeros = target.offset === "integer" ? new Uint8Array(scales.length) : new Uint16Array(scales.length);
  const continued = new Float64Array(size);
  const chosen: BlockScale[] = [];

  return {
    size,
    result: {
      codes: new Uint8Array(rows * columns),
      scales,
      ...(target.offset === "none" ? {} : { zeros }),
    },
    round(block, row, index) {
      let scale: BlockScale;
      if (!perRow) {
        block.continued(continued);
        scale = bestScale(continued, block.pivots, block);
      } else {
        chosen[row] ??= bestScale(
          Float64Array.from(values.subarray(row * columns, (row + 1) * columns)),
          pivots,
        );
        scale = chosen[row]!;
      }
      const cost = block.round(scale, range);
      const at = perRow ? row : row * across + index;
      scales[at] = f16Code(scale.scale);
      zeros[at] = target.offset === "float" ? f16Code(scale.zero) : scale.zero;
      return cost;
    },
  };

  /** @param block - judges the finalists, when scales belong to blocks. */
  function bestScale(weights: Float64Array, importance: Float64Array, block?: Block): BlockScale {
    let least = weights[0]!;
    let most = weights[0]!;
    for (const weight of weights) {
      if (weight < least) least = weight;
      if (weight > most) most = weight;
    }
    if (search.shrink.length === 1) return plainScale(target, least, most);
    const candidates = blockScales(target, least, most, search.shrink);
    const costs = candidates.map((scale) => costOf(weights, importance, scale));
    if (block === undefined || search.finalists === 1) return candidates[lowestOf(costs)]!;
    let best = candidates[0]!;
    let lowest = Number.POSITIVE_INFINITY;
    for (let turn = 0; turn < search.finalists; turn++) {
      const index = lowestOf(costs);
      costs[index] = Number.POSITIVE_INFINITY;
      const cost = block.round(candidates[index]!, range, lowest);
      if (cost < lowest) [lowest, best] = [cost, candidates[index]!];
    }
    return best;
  }

  /** Σ n · (w − ŵ)², each weight rounded by itself. */
  function costOf(weights: Float64Array, importance: Float64Array, { scale, zero }: BlockScale): number {
    const inverse = scale === 0 ? 0 : 1 / scale;
    const { low, high } = range;
    let cost = 0;
    for (let i = 0; i < weights.length; i++) {
      const weight = weights[i]!;
      const code = Math.min(Math.max(Math.floor(weight * inverse + zero + 0.5), low), high);
      const error = weight - (code - zero) * scale;
      cost += importance[i]! * error * error;
    }
    return cost;
  }
}

function lowestOf(costs: readonly number[]): number {
  let best = 0;
  for (let i = 1; i < costs.length; i++) if (costs[i]! < costs[best]!) best = i;
  return best;
}

/** Tables of a matrix, `[rows / groupRows, 2^bits]`, fitted to the weights before any of them is rounded. */
export function paletteTables(
  { rows, columns, values }: CalibrationMatrix,
  { bits, groupRows }: PaletteTarget,
  { pivots }: Pick<HessianFactor, "pivots">,
): Float32Array {
  const entries = 2 ** bits;
  const count = groupRows * columns;
  const tables = new Float32Array((rows / groupRows) * entries);
  const importance = Float64Array.from({ length: count }, (_, i) => pivots[i % columns]!);
  for (let group = 0; group * groupRows < rows; group++) {
    const part = values.subarray(group * count, (group + 1) * count);
    tables.set(weightedTable(part, importance, entries), group * entries);
  }
  return tables;
}

export function paletteRounder(
  { rows, columns }: CalibrationMatrix,
  { bits, groupRows }: PaletteTarget,
  tables: Float32Array,
): Rounder {
  const entries = 2 ** bits;
  const middles = Array.from({ length: rows / groupRows }, (_, group) =>
    middlesOf(tables, group * entries, entries),
  );
  return {
    size: columns % DEFAULT_SIZE === 0 ? DEFAULT_SIZE : columns,
    result: { codes: new Uint8Array(rows * columns), scales: Uint16Array.from(tables, f16Code) },
    round(block, row) {
      const group = Math.floor(row / groupRows);
      return block.roundToTable(tables, group * entries, middles[group]!);
    },
  };
}
