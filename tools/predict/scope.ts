import { peakBandwidth } from "../../packages/plan/src/speed/cost-model.ts";
import type { ResolvedRow } from "./resolve.ts";

/**
 * Why a row's decode rate is not what the formula predicts, or undefined when it is. The rules look at what was published, never
 * at how far a prediction is off.
 */
export function decodeOutOfScope({ row, work, chip, engine }: ResolvedRow): string | undefined {
  const words = `${row.model} ${row.engine} ${row.conditions} ${row.quant}`;
  if (row.decode === undefined) return "no decode rate";
  if (engine === "foundation-models")
    return "decode counts speculated tokens (Apple's model runs with a draft model)";
  if (/speculat|\bmtp\b|draft|eagle|medusa|dflash|lookahead/i.test(words))
    return "decode counts speculated tokens";
  if (/batch(ed| size| [2-9])|concurren|parallel|aggregate/i.test(words))
    return "decode counts several streams";
  if (/do not use/i.test(row.conditions)) return "the gathering says not to use the row";
  // 1.1: bits of a weight are known to about a tenth.
  if ((row.decode * work.weightBytes) / 1e9 > 1.1 * peakBandwidth(chip, engine)) {
    return "faster than the weights can be read by the stated unit";
  }
  return undefined;
}

/** Servers that keep a prompt between requests: the second of three equal requests prefills nothing. */
const KEEPS_PROMPTS = /^(llama-server|ollama|lm-?studio|mlx-lm)/i;

/** The shortest prompt whose rate says more about the model than about the call. */
const LEAST_PROMPT_TOKENS = 128;

/** Why a row's prefill rate is not what the formula predicts, or undefined. */
export function prefillOutOfScope({ row, promptTokens }: ResolvedRow): string | undefined {
  if (row.prefill === undefined) return "no prefill rate";
  if (promptTokens === undefined) return "the prompt's length is not stated";
  if (/endpoint rate/.test(row.conditions) && KEEPS_PROMPTS.test(row.engine)) {
    return "repeated request to a server that keeps prompts";
  }
  if (promptTokens < LEAST_PROMPT_TOKENS)
    return `prompt under ${LEAST_PROMPT_TOKENS} tokens: the rate is the call's`;
  return undefined;
}

/** Whether a phone was measured hot: its rate is compared with the sustained prediction. */
export function isSustained({ row, chip }: ResolvedRow): boolean {
  const isPhone = chip.class === "iphone" || chip.class === "android";
  return isPhone && /\bsustained|task energy/i.test(row.conditions);
}
