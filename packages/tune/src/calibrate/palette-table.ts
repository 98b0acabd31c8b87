import { f16Code, f16Value } from "@pippin/kernels";

/** Enough for the means to settle; they stop by themselves before. */
const MAX_ROUNDS = 40;
/** Values that a table is fitted to: key and index fit 53 bits together. */
const MAX_VALUES = 2 ** 21;
/** Bins of the first guess. */
const BINS = 512;

/**
 * A table for weights that do not count alike: one-dimensional k-means of Σ n·(w − w')², from bounds where the theory of
 * fine quantizers expects them (density as the cube root of that of the values; Panter and Dite, 1951).
 *
 * @param values - `[count]`, at most 2,097,152; @param importance - n of each, at least 0.
 * @returns `[size]` ascending values of F16s.
 */
export function weightedTable(values: Float32Array, importance: Float64Array, size: number): Float32Array {
  const order = ascending(values);
  const sorted = Float32Array.from(order, (i) => values[i]!);
  const sums = new Float64Array(order.length + 1);
  const moments = new Float64Array(order.length + 1);
  // Values that nothing depends on still need an entry near them.
  const floor = 1e-9 * (importance.reduce((most, n) => Math.max(most, n), 0) || 1);
  for (let i = 0; i < order.length; i++) {
    const n = importance[order[i]!]! + floor;
    sums[i + 1] = sums[i]! + n;
    moments[i + 1] = moments[i]! + n * sorted[i]!;
  }
  let bounds = firstBounds(sorted, sums, size);
  let table = meansOf(bounds, sorted, sums, moments);
  for (let round = 0; round < MAX_ROUNDS; round++) {
    const middles = middlesOf(table, 0, size);
    const next = bounds.map((_, k) =>
      k === 0 ? 0 : k === size ? order.length : upperBound(sorted, middles[k - 1]!),
    );
    if (next.every((bound, k) => bound === bounds[k])) break;
    bounds = next;
    table = meansOf(bounds, sorted, sums, moments, table);
  }
  return table.map((value) => f16Value(f16Code(value))).sort();
}

/** Indices of values in ascending order. Keys of value and index sort without a comparison function, ten times as fast. */
function ascending(values: Float32Array): Uint32Array {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  const keys = Float64Array.from(bits, (code, i) => (code < 0 ? code ^ 0x7fffffff : code) * MAX_VALUES + i);
  return Uint32Array.from(keys.sort(), (key) => key - Math.floor(key / MAX_VALUES) * MAX_VALUES);
}

/** The middles between neighbors of `size` ascending values from `begin` on. */
export function middlesOf(table: Float32Array, begin: number, size: number): Float64Array {
  return Float64Array.from({ length: size - 1 }, (_, k) => (table[begin + k]! + table[begin + k + 1]!) / 2);
}

function firstBounds(sorted: Float32Array, sums: Float64Array, size: number): Int32Array {
  const count = sorted.length;
  const bins = Math.min(BINS, count);
  const shares = new Float64Array(bins + 1);
  const placeOf = (bin: number) => Math.floor((bin * count) / bins);
  for (let bin = 0; bin < bins; bin++) {
    const [begin, end] = [placeOf(bin), placeOf(bin + 1)];
    const width = sorted[Math.min(end, count - 1)]! - sorted[begin]!;
    shares[bin + 1] = shares[bin]! + Math.cbrt((sums[end]! - sums[begin]!) * width * width);
  }
  const bounds = new Int32Array(size + 1).fill(count);
  bounds[0] = 0;
  for (let bin = 0, k = 1; bin < bins && k < size; bin++) {
    while (k < size && shares[bin + 1]! * size >= k * shares[bins]!) bounds[k++] = placeOf(bin + 1);
  }
  return bounds;
}

/** Means of the clusters; an empty one keeps its entry, or takes the value at its bound. */
function meansOf(
  bounds: Int32Array,
  sorted: Float32Array,
  sums: Float64Array,
  moments: Float64Array,
  before?: Float32Array,
): Float32Array {
  return Float32Array.from({ length: bounds.length - 1 }, (_, k) => {
    const [begin, end] = [bounds[k]!, bounds[k + 1]!];
    if (end > begin) return (moments[end]! - moments[begin]!) / (sums[end]! - sums[begin]!);
    return before?.[k] ?? sorted[Math.min(begin, sorted.length - 1)]!;
  });
}

/** How many ascending values are at most `limit`. */
function upperBound(sorted: Float32Array, limit: number): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (sorted[middle]! <= limit) low = middle + 1;
    else high = middle;
  }
  return low;
}
