import { engineTraits } from "./engine-traits.ts";
import type { SpeedFigures } from "./model-plan.ts";

/** Without a prediction: what the Core ML backend takes by itself. */
const DEFAULT_TOKENS = 64;
const LEAST_TOKENS = 32;

/** A call of so many times the break-even spends a fifth of its time or less on reading weights. */
const BREAK_EVENS = 4;

export interface PrefillChoice {
  readonly tokens: number;
  readonly reason: string;
}

/**
 * How many tokens a call of prefill should read. Every call reads all weights once, which takes as long as decoding a token, and
 * computes for each token: with n tokens the reading is a share 1 / (1 + n / ratio), where ratio is the prefill rate over the decode rate.
 */
export function choosePrefill(
  engine: string,
  speed: SpeedFigures | null,
  contextTokens: number,
): PrefillChoice {
  const { unit, mostPrefillTokens, prefillReason } = engineTraits(engine);
  if (speed === null) {
    const tokens = Math.min(DEFAULT_TOKENS, mostPrefillTokens, contextTokens);
    return { tokens, reason: "nothing is known of the chip, so this is the default" };
  }
  const ratio = speed.prefillTokensPerSecond.mid / speed.decodeTokensPerSecond.mid;
  const wanted = Math.max(LEAST_TOKENS, 2 ** Math.ceil(Math.log2(BREAK_EVENS * ratio)));
  const tokens = Math.min(wanted, mostPrefillTokens, contextTokens);
  const why = `reading the weights takes as long as computing ${Math.max(1, Math.round(ratio))} tokens on ${unit}`;
  if (tokens === wanted) return { tokens, reason: `${why}, so a call of ${tokens} is bound by computing` };
  if (tokens === contextTokens) return { tokens, reason: "no call can be longer than the context" };
  return { tokens, reason: prefillReason ?? `${why}; longer calls save little and take memory` };
}
