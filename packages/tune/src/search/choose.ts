import { tuneError } from "../errors.ts";

/** One way to store a weight. */
export interface Choice {
  readonly encoding: string;
  readonly bytes: number;
  /** What it is expected to add to the KL divergence, in nats. */
  readonly loss: number;
}

export interface WeightChoices {
  readonly role: string;
  /** At least one. */
  readonly choices: readonly Choice[];
}

/** Buckets of the budget: a choice's bytes are counted in whole ones, so a search misses at most a bucket a weight. */
const BUCKETS = 1 << 16;

/**
 * The choices with the least total loss whose bytes fit a budget: a multiple-choice knapsack, by dynamic programming
 * over buckets of bytes.
 *
 * Memory: a byte for each weight and bucket. Time: weights · choices · 65,536.
 *
 * @param budget - in bytes, for all weights together.
 * @returns the place of each weight's choice.
 * @throws PippinError `TUNE_BUDGET_TOO_SMALL`, which says what would be enough.
 */
export function chooseWithin(weights: readonly WeightChoices[], budget: number): number[] {
  const least = weights.reduce((sum, { choices }) => sum + minimum(choices.map(({ bytes }) => bytes)), 0);
  if (budget < least) throw tooSmall(budget, least);
  const all = weights.reduce((sum, { choices }) => sum + maximum(choices.map(({ bytes }) => bytes)), 0);
  const spare = Math.min(budget, all) - least;
  const bucket = Math.max(1, spare / (BUCKETS - 1));
  const width = Math.floor(spare / bucket) + 1;
  // losses[b]: of the weights so far, with at most b buckets beyond their smallest choices.
  let losses = new Float64Array(width);
  const taken = weights.map(({ choices }) => {
    const smallest = minimum(choices.map(({ bytes }) => bytes));
    const next = new Float64Array(width).fill(Number.POSITIVE_INFINITY);
    const chosen = new Uint8Array(width);
    choices.forEach(({ bytes, loss }, index) => {
      const cost = Math.ceil((bytes - smallest) / bucket - 1e-9);
      for (let b = cost; b < width; b++) {
        const total = losses[b - cost]! + loss;
        if (total < next[b]!) {
          next[b] = total;
          chosen[b] = index;
        }
      }
    });
    losses = next;
    return chosen;
  });
  const result: number[] = [];
  for (let at = weights.length - 1, b = width - 1; at >= 0; at--) {
    const { choices } = weights[at]!;
    const smallest = minimum(choices.map(({ bytes }) => bytes));
    const index = taken[at]![b]!;
    result[at] = index;
    b -= Math.ceil((choices[index]!.bytes - smallest) / bucket - 1e-9);
  }
  return result;
}

function minimum(values: readonly number[]): number {
  return values.reduce((least, value) => Math.min(least, value), Number.POSITIVE_INFINITY);
}

function maximum(values: readonly number[]): number {
  return values.reduce((most, value) => Math.max(most, value), 0);
}

function tooSmall(budget: number, least: number) {
  return tuneError("TUNE_BUDGET_TOO_SMALL", {
    message: `the weights do not fit ${Math.floor(budget)} bytes, their smallest encodings take ${least}`,
    hint: "Allow more bits or a larger package, or name smaller encodings.",
    details: { budget, least },
  });
}
