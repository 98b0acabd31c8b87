import type { SampleOptions } from "./options.ts";

const { fround } = Math;

type Strengths = Required<Pick<SampleOptions, "repetitionPenalty" | "frequencyPenalty" | "presencePenalty">>;

/** Remembers the tokens of prompt and answer, and makes them less likely. */
export class Penalties {
  readonly #strengths: Strengths;
  readonly #active: boolean;
  /** How often each token occurred in the answer; 0: in the prompt only. */
  readonly #seen = new Map<number, number>();
  #row = new Float32Array(0);

  constructor(strengths: Strengths, prompt: readonly number[]) {
    this.#strengths = strengths;
    const { repetitionPenalty, frequencyPenalty, presencePenalty } = strengths;
    this.#active = repetitionPenalty !== 1 || frequencyPenalty !== 0 || presencePenalty !== 0;
    if (repetitionPenalty !== 1) for (const id of prompt) this.#seen.set(id, 0);
  }

  /** Counts a token of the answer. */
  add(id: number): void {
    if (this.#active) this.#seen.set(id, (this.#seen.get(id) ?? 0) + 1);
  }

  /**
   * Logits after the penalties, in this order: repetition as in `transformers` (Keskar et al. 2019), frequency and presence as
   * in OpenAI's API and vLLM.
   *
   * @returns `logits` itself where there is nothing to do, else a row that the next call overwrites.
   */
  apply(logits: Float32Array): Float32Array {
    if (this.#seen.size === 0) return logits;
    if (this.#row.length !== logits.length) this.#row = new Float32Array(logits.length);
    const row = this.#row;
    row.set(logits);
    const { repetitionPenalty, frequencyPenalty, presencePenalty } = this.#strengths;
    for (const [id, count] of this.#seen) {
      if (id >= row.length) continue;
      let logit = row[id]!;
      logit = fround(logit < 0 ? logit * repetitionPenalty : logit / repetitionPenalty);
      if (count > 0) {
        logit = fround(logit - fround(frequencyPenalty * count));
        logit = fround(logit - presencePenalty);
      }
      row[id] = logit;
    }
    return row;
  }
}
