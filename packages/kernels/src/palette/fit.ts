import type { IndexBits } from "../palette.ts";
import { f16Code, f16Value } from "../plain/float16.ts";
import type { DistinctValues } from "../plain/palette.ts";
import type { RunningSums } from "../plain/partition.ts";
import { chooseCandidates, coarseLoss } from "./candidates.ts";
import { bestPartition } from "./partition.ts";
import { refineBounds } from "./refine.ts";
import { windowedPartition } from "./windows.ts";

/** Entries (clusters · places) of the largest table of a search: 2 MB, about 40 ms. */
const MAX_ENTRIES = 2 ** 20;
/** Places of the fast search: 256, or 16 for each cluster. */
const FAST_PLACES = 256;
const FAST_PLACES_PER_CLUSTER = 16;
/** From here on the fast search looks near the expected places only. */
const MANY_CLUSTERS = 64;
/** What rounding of the running sums may add to a squared error, in parts of Σ w²: some F64 places. */
const ROUNDING = 2 ** -50;
/** Enough for a palette of rounded values to settle, which usually takes two or three. */
const MAX_ROUNDS = 16;

export interface FitOptions {
  /**
   * `exact`: clusters may begin at any value, and the best of all divisions is found where that is affordable (up to
   * 4 bits: always; 6 bits: 16,384 distinct values; 8 bits: 4,096), the best one near the expected places beyond.
   * `fast`: clusters begin at some of the places at first (256, or 16 for each cluster), which are then refined value by
   * value. Default: `exact`.
   */
  readonly search?: "exact" | "fast" | undefined;
}

/** A look-up table for some weights. */
export interface Palette {
  readonly bits: IndexBits;
  /** F16 codes `[2^bits]`, ascending. Where the weights have fewer values, the last one is repeated. */
  readonly lut: Uint16Array;
  /** Σ (w − w')² over the weights, w' being the nearest entry. */
  readonly squaredError: number;
  /** max |w − w'|. */
  readonly maxError: number;
  /** Σ w². */
  readonly sumOfSquares: number;
  /**
   * No 2^bits real numbers, F16 or not, give a smaller squared error than this. The optimum itself after an exact
   * search; loose after a fast one; 0 where not all divisions were searched, as for 6 and 8 bits by a fast search.
   */
  readonly lowerBound: number;
}

/**
 * The look-up table with the least squared error for some values, up to the rounding of its entries to F16.
 *
 * The clusters of the k-means optimum are found first; their means are rounded to F16; then weights go to the nearest
 * entry (ties to the lower) and entries to the rounded mean of their weights, which never makes the error
 * larger, until nothing changes.
 *
 * @param distinct - at least one value.
 */
export function fitTable(distinct: DistinctValues, bits: IndexBits, options: FitOptions = {}): Palette {
  const { values, s2 } = distinct;
  const count = values.length;
  const sumOfSquares = s2[count]! - s2[0]!;
  const size = 2 ** bits;
  if (count <= size) {
    const lut = Uint16Array.from({ length: size }, (_, i) => f16Code(values[Math.min(i, count - 1)]!));
    return { bits, lut, squaredError: 0, maxError: 0, sumOfSquares, lowerBound: 0 };
  }
  const { bounds, lowerBound } = findClusters(distinct, size, options.search ?? "exact");
  const lut = settle(distinct, bounds);
  return { bits, lut, ...errorsOf(distinct, bounds, lut), sumOfSquares, lowerBound };
}

function findClusters(distinct: DistinctValues, size: number, search: "exact" | "fast") {
  const { values } = distinct;
  const fast = search === "fast";
  const limit = fast ? Math.max(FAST_PLACES, FAST_PLACES_PER_CLUSTER * size) : values.length;
  const windowed = fast ? size >= MANY_CLUSTERS : size * values.length > MAX_ENTRIES;
  const candidates = chooseCandidates(distinct, limit);
  const { places } = candidates;
  const coarse = windowed
    ? windowedPartition(candidates, values, size)
    : bestPartition(candidates.sums, size);
  const bounds = coarse.bounds.map((bound) => places[bound]!);
  const loss = windowed ? Number.POSITIVE_INFINITY : coarseLoss(candidates, values.at(-1)! - values[0]!);
  if (places.length <= values.length) {
    const steps = coarse.bounds.map((bound) => firstStep(places, bound));
    refineBounds(distinct, bounds, steps);
  }
  const rounding = ROUNDING * (distinct.s2.at(-1)! - distinct.s2[0]!);
  return { bounds, lowerBound: Math.max(0, coarse.squaredError - loss - rounding) };
}

/** Half of the mean size of the bins beside a bound, in values. */
function firstStep(places: Int32Array, bound: number): number {
  const [before, after] = [places[bound - 1], places[bound + 1]];
  return before === undefined || after === undefined ? 1 : Math.max(1, (after - before) >> 2);
}

/** Rounded means of the clusters, improved while that moves a bound. Changes `bounds` to the nearest entries. */
function settle(distinct: DistinctValues, bounds: Int32Array): Uint16Array {
  const { values } = distinct;
  const lut = new Uint16Array(bounds.length - 1);
  for (let round = 0; round < MAX_ROUNDS && roundMeans(distinct, bounds, lut); round++) {
    for (let k = 1; k < lut.length; k++) {
      const middle = (f16Value(lut[k - 1]!) + f16Value(lut[k]!)) / 2;
      let bound = bounds[k]!;
      while (bound < values.length && values[bound]! <= middle) bound++;
      while (bound > 0 && values[bound - 1]! > middle) bound--;
      bounds[k] = bound;
    }
  }
  return lut;
}

/** @returns whether an entry changed. */
function roundMeans({ n, s1 }: RunningSums, bounds: Int32Array, lut: Uint16Array): boolean {
  let changed = false;
  for (let k = 0; k < lut.length; k++) {
    const [begin, end] = [bounds[k]!, bounds[k + 1]!];
    // A cluster that lost all of its values keeps its entry.
    if (begin === end) continue;
    const code = f16Code((s1[end]! - s1[begin]!) / (n[end]! - n[begin]!));
    changed ||= code !== lut[k];
    lut[k] = code;
  }
  return changed;
}

/** Summed value by value: running sums would cancel digits where the error is small. */
function errorsOf({ values, n }: DistinctValues, bounds: Int32Array, lut: Uint16Array) {
  let squaredError = 0;
  let maxError = 0;
  for (let k = 0; k < lut.length; k++) {
    const entry = f16Value(lut[k]!);
    for (let i = bounds[k]!; i < bounds[k + 1]!; i++) {
      const difference = values[i]! - entry;
      squaredError += (n[i + 1]! - n[i]!) * difference * difference;
      maxError = Math.max(maxError, Math.abs(difference));
    }
  }
  return { squaredError, maxError };
}
