import { PippinError } from "@pippin/core";
import type { VerifyErrorCode } from "../errors.ts";

/** How a token is chosen from logits. All numbers are rounded to Float32, which the arithmetic is in. */
export interface SampleOptions {
  /** Logits are divided by it; 0, the default, takes the most likely token. */
  readonly temperature?: number;
  /** Only the most likely `topK` tokens, and those as likely as the last of them; 0, the default: all. */
  readonly topK?: number;
  /** Only the most likely tokens that together have this probability, the lower id first of equals; 1, the default: all. */
  readonly topP?: number;
  /** Only tokens at least this share as likely as the most likely one; 0, the default: all. */
  readonly minP?: number;
  /** Logits of tokens in prompt or answer are divided by it where positive, multiplied where negative; 1, the default: off. */
  readonly repetitionPenalty?: number;
  /** Subtracted from a token's logit for each time that it occurred in the answer; 0, the default: off. */
  readonly frequencyPenalty?: number;
  /** Subtracted once from the logit of a token that occurred in the answer; 0, the default: off. */
  readonly presencePenalty?: number;
  /** Its low 32 bits count. The same seed gives the same tokens on every machine, and in Pippin's Swift. */
  readonly seed?: number;
}

const DEFAULTS: Required<SampleOptions> = {
  temperature: 0,
  topK: 0,
  topP: 1,
  minP: 0,
  repetitionPenalty: 1,
  frequencyPenalty: 0,
  presencePenalty: 0,
  seed: 0,
};

const MAX_FLOAT32 = 2 ** 128 - 2 ** 104;

/** What each option may be; the bounds of `transformers`, and of OpenAI for the two last. */
const RULES: Readonly<Record<keyof SampleOptions, readonly [(value: number) => boolean, string]>> = {
  temperature: [(value) => value >= 0, "a number of at least 0"],
  topK: [(value) => Number.isSafeInteger(value) && value >= 0, "a whole number of at least 0"],
  topP: [(value) => value >= 0 && value <= 1, "a number from 0 to 1"],
  minP: [(value) => value >= 0 && value <= 1, "a number from 0 to 1"],
  repetitionPenalty: [(value) => Math.fround(value) > 0 && value <= MAX_FLOAT32, "a number above 0"],
  frequencyPenalty: [(value) => value >= -2 && value <= 2, "a number from -2 to 2"],
  presencePenalty: [(value) => value >= -2 && value <= 2, "a number from -2 to 2"],
  seed: [Number.isSafeInteger, "a whole number"],
};

/**
 * All options with their defaults, in Float32.
 *
 * @throws PippinError `VERIFY_SAMPLING_INVALID`.
 */
export function checkedSampling(options: SampleOptions): Required<SampleOptions> {
  const checked = (name: keyof SampleOptions) => {
    const { [name]: value = DEFAULTS[name] } = options;
    const [holds, wanted] = RULES[name];
    if (holds(value)) return value;
    throw new PippinError<VerifyErrorCode>("VERIFY_SAMPLING_INVALID", {
      message: `${name} is ${value}`,
      hint: `Give ${wanted}.`,
      details: { [name]: value },
    });
  };
  return {
    temperature: Math.min(Math.fround(checked("temperature")), MAX_FLOAT32),
    topK: checked("topK"),
    topP: Math.fround(checked("topP")),
    minP: Math.fround(checked("minP")),
    repetitionPenalty: Math.fround(checked("repetitionPenalty")),
    frequencyPenalty: Math.fround(checked("frequencyPenalty")),
    presencePenalty: Math.fround(checked("presencePenalty")),
    seed: checked("seed"),
  };
}
