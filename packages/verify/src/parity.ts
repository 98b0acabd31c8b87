import { PippinError, type Runner, type StageContext, throwIfCancelled } from "@pippin/core";
import type { VerifyErrorCode } from "./errors.ts";
import { checkPrompt, notFinite } from "./generate.ts";
import { allFinite, argmax, klDivergence } from "./logits.ts";
import { nextTurn } from "./next-turn.ts";

/** The original weights and a converted package. */
export interface RunnerPair {
  readonly reference: Runner;
  readonly candidate: Runner;
}

/** How closely two models agree on the same texts. */
export interface ParityReport {
  /** Rows of logits compared: each prompt token by token, its last row again from one prefill, then one a new token. */
  readonly positions: number;
  readonly maxAbsError: number;
  readonly meanAbsError: number;
  /** Mean over positions, in nats. */
  readonly klDivergence: number;
  /** Share of positions with the same most likely token. */
  readonly top1Agreement: number;
  readonly greedy: GreedyReport;
}

/** Greedy continuations, token by token. */
export interface GreedyReport {
  readonly tokens: number;
  readonly equal: number;
  /** The reference's tokens after each prompt. */
  readonly continuations: readonly (readonly number[])[];
  /** Tokens that differ, with the reference's margin between the two; its own token was forced. */
  readonly differences: readonly GreedyDifference[];
}

export interface GreedyDifference {
  readonly prompt: number;
  readonly step: number;
  readonly reference: number;
  readonly candidate: number;
  /** Distance between the reference's best logit and its logit for the candidate's token. */
  readonly margin: number;
}

export interface ParityOptions {
  /** Greedy tokens after each prompt. */
  readonly greedyTokens: number;
}

/**
 * Feeds both models the same prompts, compares all logits, then continues greedily, forcing the reference's token.
 *
 * @param prompts - token ids, each at least one.
 * @throws PippinError `VERIFY_VOCABULARY_DIFFERS`, `VERIFY_PROMPT_INVALID`, `VERIFY_LOGITS_NOT_FINITE`, `CORE_CANCELLED`.
 */
export async function compareRunners(
  { reference, candidate }: RunnerPair,
  prompts: readonly (readonly number[])[],
  options: ParityOptions,
  context: StageContext = {},
): Promise<ParityReport> {
  checkVocabularies({ reference, candidate });
  const sums = new Sums(reference.vocabSize);
  const differences: GreedyDifference[] = [];
  const continuations: number[][] = [];
  let greedyTokens = 0;
  const limit = Math.min(reference.contextLength, candidate.contextLength);
  for (const prompt of prompts) checkPrompt(prompt, 0, limit);
  for (const [index, prompt] of prompts.entries()) {
    const steps = Math.min(options.greedyTokens, limit - prompt.length);
    context.progress?.({ stage: "verify", unit: "steps", done: index, total: prompts.length });
    const sessions = { reference: reference.start(), candidate: candidate.start() };
    const continuation: number[] = [];
    continuations.push(continuation);
    let tokens = prompt;
    for (let step = 0; step <= steps; step++) {
      await nextTurn();
      throwIfCancelled(context.signal);
      const { signal } = context;
      const rows = await sessions.reference.feed(tokens, { signal, rows: "all" });
      // All rows of a prompt come token by token; the session that goes on reads it the fast way.
      if (step === 0) sums.add(rows, await candidate.start().feed(prompt, { signal, rows: "all" }));
      const wanted = rows.subarray(rows.length - reference.vocabSize);
      const given = await sessions.candidate.feed(tokens, { signal });
      sums.add(wanted, given);
      const [best, other] = [argmax(wanted), argmax(given)];
      if (step < steps) {
        greedyTokens++;
        continuation.push(best);
        if (best !== other) {
          const margin = wanted[best]! - wanted[other]!;
          differences.push({ prompt: index, step, reference: best, candidate: other, margin });
        }
      }
      tokens = [best];
    }
  }
  context.progress?.({ stage: "verify", unit: "steps", done: prompts.length, total: prompts.length });
  return {
    ...sums.report(),
    greedy: { tokens: greedyTokens, equal: greedyTokens - differences.length, continuations, differences },
  };
}

/** @throws PippinError `VERIFY_VOCABULARY_DIFFERS`. */
export function checkVocabularies({ reference, candidate }: RunnerPair): void {
  if (reference.vocabSize === candidate.vocabSize) return;
  throw new PippinError<VerifyErrorCode>("VERIFY_VOCABULARY_DIFFERS", {
    message: `the package has a vocabulary of ${candidate.vocabSize}, the original weights ${reference.vocabSize}`,
    hint: "The package was not made from this model.",
  });
}

class Sums {
  readonly #width: number;
  #positions = 0;
  #max = 0;
  #abs = 0;
  #kl = 0;
  #same = 0;

  constructor(width: number) {
    this.#width = width;
  }

  add(want: Float32Array, got: Float32Array): void {
    for (let start = 0; start < want.length; start += this.#width) {
      const p = want.subarray(start, start + this.#width);
      const q = got.subarray(start, start + this.#width);
      if (!allFinite(p)) throw notFinite("the original model", this.#positions);
      if (!allFinite(q)) throw notFinite("the package", this.#positions);
      for (let i = 0; i < p.length; i++) {
        const error = Math.abs(p[i]! - q[i]!);
        this.#abs += error;
        if (error > this.#max) this.#max = error;
      }
      this.#kl += klDivergence(p, q);
      if (argmax(p) === argmax(q)) this.#same++;
      this.#positions++;
    }
  }

  report() {
    const positions = Math.max(1, this.#positions);
    return {
      positions: this.#positions,
      maxAbsError: this.#max,
      meanAbsError: this.#abs / (positions * this.#width),
      klDivergence: this.#kl / positions,
      top1Agreement: this.#same / positions,
    };
  }
}
