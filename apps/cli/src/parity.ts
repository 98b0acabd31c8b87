import type { Runner, StageContext } from "@pippin/core";
import { createReferenceRunner } from "@pippin/decoder/node";
import { compareRunners, EVALUATION_PROMPTS, type ParityReport, type RunnerPair } from "@pippin/verify";
import type { OpenModel } from "./model.ts";
import { encodeChat } from "./text.ts";

export const MAX_PROMPTS: number = EVALUATION_PROMPTS.length;

/** A token may differ where the original's own logits of the two are closer than this: half precision moves both. */
export const TIE_MARGIN = 0.3;

/** Near ties in the greedy tokens of one prompt; more are a pattern. */
const MAX_TIES = 3;

/**
 * Mean KL divergence in nats. Half precision alone stays below 3e-5 on real models; weights that are off by a tenth
 * give 4e-2 and may still say the same words for a while.
 */
const MAX_KL = 1e-3;

/** Compressed weights are meant to differ; from here on the package says other things than the original. */
const MAX_COMPRESSED_KL = 1;

export interface ParityVerdict extends ParityReport {
  /** The distributions are close; of fp16 packages also every greedy token is equal, but for a few near ties. */
  readonly passed: boolean;
  /** Encoding of the package's weights, `none` for fp16. */
  readonly quantization: string;
}

/** How many prompts, and how many greedy tokens after each. */
export interface ParityOptions {
  readonly prompts: number;
  readonly tokens: number;
  /** Encoding of the package's weights; default: `none`. */
  readonly quantization?: string | undefined;
}

/** Runs package and original weights over the same prompts. */
export async function checkParity(
  { model, candidate }: { readonly model: OpenModel; readonly candidate: Runner },
  options: ParityOptions,
  context: StageContext,
): Promise<ParityVerdict> {
  const reference = await createReferenceRunner(
    model.decoder,
    { contextLength: candidate.contextLength },
    context,
  );
  try {
    const prompts = promptIds(model, options, candidate.contextLength);
    return await compareChat({ reference, candidate }, prompts, options, context);
  } finally {
    await reference.close();
  }
}

function passes({ klDivergence, greedy }: ParityReport, quantization: string): boolean {
  if (quantization !== "none") return klDivergence <= MAX_COMPRESSED_KL;
  const ties = new Map<number, number>();
  for (const { prompt } of greedy.differences) ties.set(prompt, (ties.get(prompt) ?? 0) + 1);
  return (
    klDivergence <= MAX_KL &&
    greedy.differences.every(({ margin }) => margin < TIE_MARGIN) &&
    [...ties.values()].every((count) => count <= MAX_TIES)
  );
}

/** The same with an original that is already in memory, and prompts that are already ids. */
export async function compareChat(
  pair: RunnerPair,
  prompts: readonly (readonly number[])[],
  { tokens, quantization = "none" }: ParityOptions,
  context: StageContext,
): Promise<ParityVerdict> {
  const report = await compareRunners(pair, prompts, { greedyTokens: tokens }, context);
  return { ...report, quantization, passed: passes(report, quantization) };
}

/** The bundled prompts as ids, cut so that the answers fit the context. */
export function promptIds(
  { decoder, text }: OpenModel,
  { prompts, tokens }: ParityOptions,
  contextLength: number,
): number[][] {
  const texts = EVALUATION_PROMPTS.slice(0, prompts).map((content) => [{ role: "user", content }]);
  const ids = text
    ? texts.map((messages) => encodeChat(text, messages))
    : texts.map((_, index) => someTokens(decoder.spec.vocabSize, 12 + 7 * index));
  return ids.map((prompt) => prompt.slice(-Math.max(1, contextLength - tokens)));
}

/** Ids for weights without a tokenizer: any will do, the same each time. */
function someTokens(vocabSize: number, length: number): number[] {
  return Array.from({ length }, (_, index) => (index * 7919 + 13) % vocabSize);
}

/** One line for people. */
export function parityLine({
  maxAbsError,
  klDivergence,
  top1Agreement,
  greedy,
  passed,
  quantization,
}: ParityVerdict): string {
  const figures = [
    `max |Δlogit| ${maxAbsError.toPrecision(2)}`,
    `KL ${klDivergence.toExponential(1)}`,
    `top-1 ${(100 * top1Agreement).toFixed(1)} %`,
    `greedy ${greedy.equal}/${greedy.tokens}`,
  ];
  const agreement = quantization === "none" ? "agrees with the original" : `${quantization} weights, close`;
  return `${passed ? agreement : "DIFFERS from the original"}: ${figures.join(", ")}`;
}
