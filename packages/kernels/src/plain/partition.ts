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

/** Where the elements of each layer lie in the table of begins: that of end i of layer k is at `starts[k] + i`. */
export function layerStarts({ low, high }: Windows): {
  readonly starts: Int32Array;
  readonly entries: number;
} {
  const starts = new Int32Array(low.length);
  let entries = 0;
  for (let k = 1; k < low.length; k++) {
    starts[k] = entries - low[k]!;
    entries += high[k]! - low[k]! + 1;
  }
  return { starts, entries };
}

/** The bounds that a filled table of begins leads to. */
export function traceBounds(begins: Uint16Array, starts: Int32Array, count: number): Int32Array {
  const bounds = new Int32Array(starts.length);
  const clusters = starts.length - 1;
  bounds[clusters] = count;
  for (let k = clusters; k > 1; k--) bounds[k - 1] = begins[starts[k]! + bounds[k]!]!;
  return bounds;
}

/** The definition of `bestPartition`, within windows. */
export function plainBestPartition({ n, s1, s2 }: RunningSums, windows: Windows): Partition {
  const { low, high } = windows;
  const count = n.length - 1;
  const clusters = low.length - 1;
  const { starts, entries } = layerStarts(windows);
  const begins = new Uint16Array(entries);
  let before = new Float64Array(count + 1);
  let costs = new Float64Array(count + 1);
  for (let i = low[1]!; i <= high[1]!; i++) {
    const d1 = s1[i]! - s1[0]!;
    costs[i] = s2[i]! - s2[0]! - (d1 * d1) / (n[i]! - n[0]!);
  }
  for (let k = 2; k <= clusters; k++) {
    [before, costs] = [costs, before];
    fillLayer(k);
  }
  return { bounds: traceBounds(begins, starts, count), squaredError: Math.max(0, costs[count]!) };

  /** The ends in the middle first, so that those beside them have fewer begins to try. */
  function fillLayer(k: number): void {
    const row = starts[k]!;
    const origin = low[k]! - 1;
    const ends = high[k]! - origin;
    const [first, last] = [low[k - 1]!, high[k - 1]!];
    for (let stride = 2 ** (31 - Math.clz32(ends)); stride > 0; stride >>= 1) {
      for (let t = stride; t <= ends; t += 2 * stride) {
        const end = origin + t;
        const left = t > stride ? begins[row + end - stride]! : first;
        const right = t + stride <= ends ? begins[row + end + stride]! : last;
        const fewer = k > 2 && end <= last ? begins[starts[k - 1]! + end]! : 0;
        const to = Math.min(right, end - 1);
        begins[row + end] = cheapestBegin(end, Math.min(Math.max(left, fewer), to), to);
      }
    }
  }

  /** Fills in the cost of an end whose last cluster begins at `from` to `to`. @returns the begin. */
  function cheapestBegin(end: number, from: number, to: number): number {
    let least = Number.POSITIVE_INFINITY;
    let best = from;
    for (let j = from; j <= to; j++) {
      const d1 = s1[end]! - s1[j]!;
      const cost = before[j]! + (s2[end]! - s2[j]!) - (d1 * d1) / (n[end]! - n[j]!);
      if (cost < least) {
        least = cost;
        best = j;
      }
    }
    costs[end] = least;
    return best;
  }
}
