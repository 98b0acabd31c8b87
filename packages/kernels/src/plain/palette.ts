import { f16Value } from "./float16.ts";

/** The distinct values of a histogram of F16 codes in ascending order, and sums over those before each of them. */
export interface DistinctValues {
  /** `[m]`; −0 counts as 0. */
  readonly values: Float32Array;
  /**
   * `[m + 1]` each: Σ n, Σ n·x, Σ n·x² and Σ √(n·gap), the gap being that to the next value nearer to zero. Element j
   * less element i is the sum over the values i to j − 1. They are 0 between the negative and the other values, so
   * that large values far away take no digits from the sums over small ones.
   */
  readonly n: Float64Array;
  readonly s1: Float64Array;
  readonly s2: Float64Array;
  readonly spread: Float64Array;
}

/** The definition of `CodeHistogram.add`. @returns the largest magnitude, as a code without sign. */
export function plainCountCodes(bins: Uint32Array, codes: Uint16Array): number {
  let largest = 0;
  for (const code of codes) {
    bins[code] = bins[code]! + 1;
    largest = Math.max(largest, code & 0x7fff);
  }
  return largest;
}

/** The definition of `CodeHistogram.distinct`. */
export function plainDistinctValues(bins: Uint32Array): DistinctValues {
  const negative = side(bins, -1);
  const positive = side(bins, 1);
  const joined = (key: "n" | "s1" | "s2" | "spread") =>
    Float64Array.from([...negative[key].reverse(), 0, ...positive[key]]);
  return {
    values: Float32Array.from([...negative.values.reverse(), ...positive.values]),
    n: joined("n"),
    s1: joined("s1"),
    s2: joined("s2"),
    spread: joined("spread"),
  };
}

/** Values of one sign, from zero outwards, each with the sums that include it. */
function side(bins: Uint32Array, sign: 1 | -1) {
  const out = { values: [], n: [], s1: [], s2: [], spread: [] } as Record<string, number[]>;
  let [n, s1, s2, spread, previous] = [0, 0, 0, 0, 0];
  for (let magnitude = sign === 1 ? 0 : 1; magnitude < 0x7c00; magnitude++) {
    const count =
      magnitude === 0 ? bins[0]! + bins[0x8000]! : bins[sign === 1 ? magnitude : magnitude | 0x8000]!;
    if (count === 0) continue;
    const x = f16Value(magnitude);
    n += sign * count;
    s1 += count * x;
    s2 += sign * (count * x * x);
    spread += sign * Math.sqrt(count * (x - previous));
    previous = x;
    out.values!.push(sign * x);
    out.n!.push(n);
    out.s1!.push(s1);
    out.s2!.push(s2);
    out.spread!.push(spread);
  }
  return out as { values: number[]; n: number[]; s1: number[]; s2: number[]; spread: number[] };
}

/** The definition of `mapCodes`. */
export function plainMapCodes(codes: Uint16Array, table: Uint8Array, indices: Uint8Array): void {
  for (let i = 0; i < codes.length; i++) indices[i] = table[codes[i]!]!;
}

/** The definition of `packIndices`: one stream of bits, each index and each byte from its lowest bit on. */
export function plainPackIndices(indices: Uint8Array, bits: number): Uint8Array<ArrayBuffer> {
  const packed = new Uint8Array(Math.ceil((indices.length * bits) / 8));
  indices.forEach((index, i) => {
    for (let bit = 0; bit < bits; bit++) {
      const at = i * bits + bit;
      packed[at >> 3]! |= ((index >> bit) & 1) << (at & 7);
    }
  });
  return packed;
}

/** The definition of `unpackIndices`. */
export function plainUnpackIndices(packed: Uint8Array, bits: number, count: number): Uint8Array<ArrayBuffer> {
  return Uint8Array.from({ length: count }, (_, i) => {
    let index = 0;
    for (let bit = 0; bit < bits; bit++) {
      const at = i * bits + bit;
      index |= ((packed[at >> 3]! >> (at & 7)) & 1) << bit;
    }
    return index;
  });
}
