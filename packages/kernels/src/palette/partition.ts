/**
 * Sums over the first i of some sorted values, `[count + 1]`: differences of two elements are sums over a run of values.
 */
export interface RunningSums {
  /** Σ n */
  readonly n: Float64Array;
  /** Σ n·x */
  readonly s1: Float64Array;
  /** Σ n·x² */
  readonly s2: Float64Array;
}

/** A division of sorted values into clusters. */
export interface Partition {
  /** `[clusters + 1]`: cluster k holds the values `bounds[k]` to `bounds[k + 1] − 1`. */
  readonly bounds: Int32Array;
  /** Σ n·(x − mean of the cluster)². */
  readonly squaredError: number;
}

/** Where bounds may lie: bound k from `low[k]` to `high[k]`. Both rise strictly with k. */
export interface Windows {
  readonly low: Int32Array;
  readonly high: Int32Array;
}

/**
 * The best division of sorted values into `clusters` runs: one-dimensional k-means, solved exactly.
 *
 * Dynamic programming over the clusters. The best begin of the last cluster never moves left when a value or a cluster is
 * added, so each layer is found by divide and conquer: clusters · count · log(count) steps at most. Memory: 2 bytes
 * for each cluster and value. (Grønlund et al., "Fast exact k-means, k-medians and Bregman divergence clustering in
 * 1D", 2017; the costs satisfy the quadrangle inequality.)
 *
 * @param clusters - at least 2 and at most the number of values, which is at most 65,535.
 * @param windows - the best division within them; default: of all.
 */
export function bestPartition(
  { n, s1, s2 }: RunningSums,
  clusters: number,
  { low, high }: Windows = everywhere(n.length - 1, clusters),
): Partition {
  const count = n.length - 1;
  // Layer k has an element for each end from low[k] to high[k]: that of end i is at starts[k] + i.
  const starts = new Int32Array(clusters + 1);
  let entries = 0;
  for (let k = 1; k <= clusters; k++) {
    starts[k] = entries - low[k]!;
    entries += high[k]! - low[k]! + 1;
  }
  const begins = new Uint16Array(entries);
  let before = new Float64Array(count + 1);
  let costs = new Float64Array(count + 1);
  for (let i = low[1]!; i <= high[1]!; i++) {
    const d1 = s1[i]! - s1[0]!;
    costs[i] = s2[i]! - s2[0]! - (d1 * d1) / (n[i]! - n[0]!);
  }
  for (let k = 2; k <= clusters; k++) {
    [before, costs] = [costs, before];
    solve(k, low[k]!, high[k]!, low[k - 1]!, high[k - 1]!);
  }
  const bounds = new Int32Array(clusters + 1);
  bounds[clusters] = count;
  for (let k = clusters; k > 1; k--) bounds[k - 1] = begins[starts[k]! + bounds[k]!]!;
  return { bounds, squaredError: Math.max(0, costs[count]!) };

  /** Costs of the ends `low` to `high`, whose last clusters begin at `first` to `last`. */
  function solve(k: number, from: number, to: number, first: number, last: number): void {
    const end = (from + to) >> 1;
    // Locals: the variables outside change, so the loop would load them each time.
    const previous = before;
    const ne = n[end]!;
    const s1e = s1[end]!;
    const s2e = s2[end]!;
    let least = Number.POSITIVE_INFINITY;
    let best = first;
    const final = Math.min(last, end - 1);
    const known = k > 2 && end <= high[k - 1]! ? begins[starts[k - 1]! + end]! : 0;
    for (let j = Math.max(first, known); j <= final; j++) {
      const d1 = s1e - s1[j]!;
      const cost = previous[j]! + (s2e - s2[j]!) - (d1 * d1) / (ne - n[j]!);
      if (cost < least) {
        least = cost;
        best = j;
      }
    }
    costs[end] = least;
    begins[starts[k]! + end] = best;
    if (from < end) solve(k, from, end - 1, first, best);
    if (end < to) solve(k, end + 1, to, best, last);
  }
}

/** No restriction but that each cluster has a value. */
function everywhere(count: number, clusters: number): Windows {
  const low = Int32Array.from({ length: clusters + 1 }, (_, k) => (k === clusters ? count : k));
  const high = low.map((_, k) => (k === 0 ? 0 : count - clusters + k));
  return { low, high };
}
