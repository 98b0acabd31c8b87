import { argmax } from "./logits.ts";

/** How the next-token distribution of a package differs from the original's at one position. */
export interface RowFigures {
  readonly maxAbsError: number;
  /** Of absolute differences over the vocabulary. */
  readonly sumAbsError: number;
  /** Of the package from the original, in nats. */
  readonly klDivergence: number;
  readonly top1Same: boolean;
  /** Share of the original's five most likely tokens that are among the package's five. */
  readonly top5Overlap: number;
  /** Natural log of the probability of the token that follows, by both. */
  readonly logProbability: { readonly original: number; readonly package: number } | undefined;
}

/** Tokens of a top-5 comparison. */
const TOP = 5;

/**
 * Compares two rows of finite logits in double precision, without storing probabilities.
 *
 * With p = softmax(a) and q = softmax(b): KL = Σ p·(a − b) − ln Σ eᵃ + ln Σ eᵇ, where both rows are shifted by their
 * largest entry first.
 *
 * @param next - the token that follows in the text.
 */
export function compareRows(original: Float32Array, other: Float32Array, next?: number): RowFigures {
  const best = argmax(original);
  const otherBest = argmax(other);
  const shift = original[best]!;
  const otherShift = other[otherBest]!;
  let total = 0;
  let otherTotal = 0;
  let mixed = 0;
  let sumAbsError = 0;
  let maxAbsError = 0;
  for (let i = 0; i < original.length; i++) {
    const a = original[i]! - shift;
    const b = other[i]! - otherShift;
    const error = Math.abs(original[i]! - other[i]!);
    sumAbsError += error;
    if (error > maxAbsError) maxAbsError = error;
    const weight = Math.exp(a);
    total += weight;
    otherTotal += Math.exp(b);
    mixed += weight * (a - b);
  }
  return {
    maxAbsError,
    sumAbsError,
    // Equal rows may come out some 1e-16 below zero.
    klDivergence: Math.max(0, mixed / total - Math.log(total) + Math.log(otherTotal)),
    top1Same: best === otherBest,
    top5Overlap: overlap(topOf(original), topOf(other)),
    logProbability:
      next === undefined
        ? undefined
        : {
            original: original[next]! - shift - Math.log(total),
            package: other[next]! - otherShift - Math.log(otherTotal),
          },
  };
}

/** Indices of the largest values, the first of equals first. */
function topOf(row: Float32Array): number[] {
  const top: number[] = [];
  for (let i = 0; i < row.length; i++) {
    if (top.length === TOP && row[i]! <= row[top[TOP - 1]!]!) continue;
    let place = top.length;
    while (place > 0 && row[i]! > row[top[place - 1]!]!) place--;
    top.splice(place, 0, i);
    if (top.length > TOP) top.pop();
  }
  return top;
}

function overlap(wanted: readonly number[], got: readonly number[]): number {
  return wanted.filter((index) => got.includes(index)).length / wanted.length;
}
