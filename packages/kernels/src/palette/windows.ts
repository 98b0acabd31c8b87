import type { Partition, Windows } from "../plain/partition.ts";
import { type Candidates, shareOf } from "./candidates.ts";
import { bestPartition } from "./partition.ts";
import { scratch } from "./scratch.ts";

/** A window reaches so many bounds to each side of its middle, and at least so many places. */
const reachOf = (clusters: number): number => Math.max(4, clusters >> 4);
const MIN_REACH = 16;
/** How often windows follow a bound that ran into an edge. */
const MAX_MOVES = 16;

/**
 * A good division into many clusters: the best one with each bound near to where the theory of fine quantizers
 * expects it, in windows that follow. The best of all in practice; no proof of it.
 */
export function windowedPartition(candidates: Candidates, values: Float32Array, clusters: number): Partition {
  let middles = expectedBounds(candidates, values, clusters);
  for (let move = 0; ; move++) {
    const windows = windowsAround(middles, candidates.places.length - 1);
    const partition = bestPartition(candidates.sums, clusters, windows);
    if (move === MAX_MOVES || !touchesEdge(partition.bounds, windows, candidates.places.length - 1))
      return partition;
    middles = partition.bounds;
  }
}

/**
 * Bounds with equal Σ n^(1/3)·width^(2/3) between them: for many clusters, their density is best proportional to the
 * cube root of that of the values (Panter and Dite, 1951).
 */
function expectedBounds(
  { places, sums: { n } }: Candidates,
  values: Float32Array,
  clusters: number,
): Int32Array {
  const bins = places.length - 1;
  const cumulative = scratch("cumulative", bins + 1);
  cumulative[0] = 0;
  for (let bin = 0; bin < bins; bin++) {
    const width = values[places[bin + 1]! - 1]! - values[Math.max(0, places[bin]! - 1)]!;
    cumulative[bin + 1] = cumulative[bin]! + Math.cbrt((n[bin + 1]! - n[bin]!) * width * width);
  }
  // A value far off needs one cluster however far it is.
  const step = shareOf(cumulative, clusters);
  const bounds = new Int32Array(clusters + 1).fill(bins, 1);
  let sum = 0;
  for (let bin = 0, k = 1; bin < bins && k < clusters; bin++) {
    sum += Math.min(step, cumulative[bin + 1]! - cumulative[bin]!);
    while (k < clusters && sum >= k * step) bounds[k++] = bin + 1;
  }
  return bounds;
}

function windowsAround(middles: Int32Array, count: number): Windows {
  const clusters = middles.length - 1;
  const reach = reachOf(clusters);
  const low = new Int32Array(clusters + 1);
  const high = new Int32Array(clusters + 1);
  low[clusters] = count;
  high[clusters] = count;
  for (let k = 1; k < clusters; k++) {
    const left = Math.min(middles[Math.max(0, k - reach)]!, middles[k]! - MIN_REACH);
    low[k] = Math.min(Math.max(left, low[k - 1]! + 1), count - clusters + k);
  }
  for (let k = clusters - 1; k > 0; k--) {
    const right = Math.max(middles[Math.min(clusters, k + reach)]!, middles[k]! + MIN_REACH);
    high[k] = Math.max(Math.min(right, high[k + 1]! - 1), k);
  }
  return { low, high };
}

/** Whether a bound lies at an edge of its window that is not one of all bounds. */
function touchesEdge(bounds: Int32Array, { low, high }: Windows, count: number): boolean {
  const clusters = bounds.length - 1;
  return bounds.some(
    (bound, k) =>
      k > 0 &&
      k < clusters &&
      ((bound === low[k] && bound > k) || (bound === high[k] && bound < count - clusters + k)),
  );
}
