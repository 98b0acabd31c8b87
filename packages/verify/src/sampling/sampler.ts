import { PippinError } from "@pippin/core";
import type { VerifyErrorCode } from "../errors.ts";
import { argmax } from "../logits.ts";
import { floatExp } from "./float-exp.ts";
import { checkedSampling, type SampleOptions } from "./options.ts";
import { Penalties } from "./penalties.ts";
import { splitMix32 } from "./split-mix-32.ts";
import { kthLargest } from "./top-k.ts";
import { keepShare } from "./top-p.ts";

/** Chooses the tokens of one answer. A logit of -Infinity is a token that is never chosen. */
export interface Sampler {
  /**
   * Chooses the next token and remembers it.
   *
   * @throws PippinError `VERIFY_LOGITS_NOT_FINITE` when there is NaN or +Infinity, or nothing finite.
   */
  next(logits: Float32Array): number;
  /** Remembers a token of the answer that was chosen elsewhere. */
  accept(id: number): void;
  /** What `next` would draw from: probabilities above 0, by id. */
  probabilities(logits: Float32Array): readonly Candidate[];
}

export interface Candidate {
  readonly id: number;
  readonly probability: number;
}

/**
 * Steps in the order of `transformers`: penalties, temperature, top-k, top-p, min-p, and one number of SplitMix32 for each draw.
 * Each step has the same bits everywhere, and in `Sampler` of Pippin's Swift: weights are in Float32 by an exponential function of our
 * own, sums in Float64 in an order that is fixed.
 *
 * @param prompt - ids that the repetition penalty counts besides those of the answer.
 * @throws PippinError `VERIFY_SAMPLING_INVALID`.
 */
export function createSampler(options: SampleOptions = {}, prompt: readonly number[] = []): Sampler {
  const sampling = checkedSampling(options);
  const penalties = new Penalties(sampling, prompt);
  const random = splitMix32(sampling.seed);
  const accept = (id: number) => penalties.add(id);
  return {
    accept,
    next(logits) {
      const row = penalties.apply(logits);
      const best = mostLikely(row);
      const id = sampling.temperature === 0 ? best : draw(weigh(row, row[best]!, sampling), random());
      accept(id);
      return id;
    },
    probabilities(logits) {
      const row = penalties.apply(logits);
      const best = mostLikely(row);
      if (sampling.temperature === 0) return [{ id: best, probability: 1 }];
      const weights = weigh(row, row[best]!, sampling);
      const total = sum(weights);
      const all = Array.from(weights, (weight, id) => ({ id, probability: Math.fround(weight / total) }));
      return all.filter(({ probability }) => probability > 0);
    },
  };
}

/** The lowest id of the largest logit. */
function mostLikely(logits: Float32Array): number {
  const best = argmax(logits);
  const usable = Number.isFinite(logits[best]) && !logits.some((logit) => Number.isNaN(logit));
  if (usable) return best;
  throw new PippinError<VerifyErrorCode>("VERIFY_LOGITS_NOT_FINITE", {
    message: "no token can be chosen: a logit is NaN or infinite, or none is finite",
    hint: "Look at what computed them; a repetition penalty near 0 overflows too.",
  });
}

/** A weight for each id, at most 1: its probability times an unknown factor, 0 where it is not to be drawn. */
function weigh(
  logits: Float32Array,
  largest: number,
  { temperature, topK, topP, minP }: Required<SampleOptions>,
): Float32Array {
  const least = topK > 0 && topK < logits.length ? kthLargest(logits, topK) : Number.NEGATIVE_INFINITY;
  const weights = new Float32Array(logits.length);
  for (let id = 0; id < weights.length; id++) {
    // The difference comes first: then no temperature overflows, and rounding is by the difference.
    const scaled = Math.fround(Math.fround(logits[id]! - largest) / temperature);
    if (logits[id]! >= least) weights[id] = floatExp(scaled);
  }
  if (topP < 1) keepShare(weights, logits, topP);
  // The largest weight is 1.
  if (minP > 0) for (let id = 0; id < weights.length; id++) if (weights[id]! < minP) weights[id] = 0;
  return weights;
}

/** The first id at which the weights up to it pass `fraction` of their sum. */
function draw(weights: Float32Array, fraction: number): number {
  const wanted = fraction * sum(weights);
  let reached = 0;
  let id = 0;
  while (id < weights.length) {
    reached += weights[id]!;
    if (reached > wanted) return id;
    id++;
  }
  // Never: the same sum in the same order ends above any smaller number.
  return id - 1;
}

/** In Float64, by rising id. */
function sum(weights: Float32Array): number {
  let total = 0;
  for (let id = 0; id < weights.length; id++) total += weights[id]!;
  return total;
}
