import type { BlockScale, CodeRange } from "./linear-grid.ts";

/** Columns that are rounded together: their targets, weights and part of the factor. One row at a time. */
export class Block {
  readonly size: number;
  /** U within the block, `[size, size]` by columns: `unit[j · size + i]` is U_ij. */
  readonly unit: Float64Array;
  readonly pivots: Float64Array;
  /** The weights of the row. */
  readonly weights: Float64Array;
  /** What they should be after the errors of the columns before the block. */
  readonly targets: Float64Array;
  /** Result: w − ŵ. */
  readonly errors: Float64Array;
  readonly codes: Int32Array;

  constructor(size: number) {
    this.size = size;
    this.unit = new Float64Array(size * size);
    this.pivots = new Float64Array(size);
    this.weights = new Float64Array(size);
    this.targets = new Float64Array(size);
    this.errors = new Float64Array(size);
    this.codes = new Int32Array(size);
  }

  /** The block of a factor whose first column is `begin`. */
  take(unit: Float32Array, pivots: Float64Array, columns: number, begin: number): void {
    for (let j = 0; j < this.size; j++) {
      for (let i = 0; i < j; i++) this.unit[j * this.size + i] = unit[(begin + i) * columns + begin + j]!;
      this.pivots[j] = pivots[begin + j]!;
    }
  }

  /**
   * The row's weights as GPTQ holds them when it reaches the block: the best continuation without rounding. Scales are
   * chosen for these.
   */
  continued(out: Float64Array): void {
    const { size, unit, weights, targets } = this;
    for (let j = 0; j < size; j++) {
      let value = targets[j]!;
      for (let i = 0; i < j; i++) value += unit[j * size + i]! * (weights[i]! - out[i]!);
      out[j] = value;
    }
  }

  /**
   * Rounds the row column by column, each making up for those before it.
   *
   * @param limit - gives up when the cost exceeds it.
   * @returns Σ D_j · (target − ŵ)²
   */
  round({ scale, zero }: BlockScale, { low, high }: CodeRange, limit = Number.POSITIVE_INFINITY): number {
    const { size, unit, pivots, weights, targets, errors, codes } = this;
    const inverse = scale === 0 ? 0 : 1 / scale;
    let cost = 0;
    for (let j = 0; j < size; j++) {
      let value = targets[j]!;
      const column = j * size;
      for (let i = 0; i < j; i++) value += unit[column + i]! * errors[i]!;
      const code = Math.min(Math.max(Math.floor(value * inverse + zero + 0.5), low), high);
      const rounded = (code - zero) * scale;
      codes[j] = code;
      errors[j] = weights[j]! - rounded;
      cost += pivots[j]! * (value - rounded) * (value - rounded);
      if (cost >= limit) return cost;
    }
    return cost;
  }

  /** As `round`, to the values of a table; `middles` are those between neighbors. */
  roundToTable(table: Float32Array, begin: number, middles: Float64Array): number {
    const { size, unit, pivots, weights, targets, errors, codes } = this;
    let cost = 0;
    for (let j = 0; j < size; j++) {
      let value = targets[j]!;
      const column = j * size;
      for (let i = 0; i < j; i++) value += unit[column + i]! * errors[i]!;
      const code = nearest(middles, value);
      const rounded = table[begin + code]!;
      codes[j] = code;
      errors[j] = weights[j]! - rounded;
      cost += pivots[j]! * (value - rounded) * (value - rounded);
    }
    return cost;
  }
}

/** Which of `middles.length + 1` values is nearest, by the ascending middles between them. */
export function nearest(middles: Float64Array, value: number): number {
  let low = 0;
  let high = middles.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (value > middles[middle]!) low = middle + 1;
    else high = middle;
  }
  return low;
}
