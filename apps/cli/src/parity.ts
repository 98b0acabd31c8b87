import type { Runner, StageContext } from "@pippin/core";
import { createReferenceRunner } from "@pippin/decoder/node";
import { compareRunners, type ParityReport } from "@pippin/verify";
import type { OpenModel } from "./model.ts";
import { encodeChat } from "./text.ts";

/** Short texts of ours that a model of any kind can continue. */
const PROMPTS = [
  "What is the capital of France?",
  "Write one sentence about the sea.",
  "How many days are in a week?",
  "def fibonacci(n):",
  "Name three colors.",
];

export const MAX_PROMPTS: number = PROMPTS.length;

/** A token may differ where the original's own logits of the two are closer than this: half precision moves both. */
export const TIE_MARGIN = 0.3;

/** Near ties in the greedy tokens of one prompt; more are a pattern. */
const MAX_TIES = 3;

/**
 * Mean KL divergence in nats. Half precision alone stays below 3e-5 on real models; weights that are off by a tenth
 * give 4e-2 and may still say the same words for a while.
 */
const MAX_KL = 1e-3;

export interface ParityVerdict extends ParityReport {
  /** The distributions are close, and every greedy token is equal but for a few near ties. */
  readonly passed: boolean;
}

/** Runs package and original weights over the same prompts. */
export async function checkParity(
  { model, candidate }: { readonly model: OpenModel; readonly candidate: Runner },
  { prompts, tokens }: { readonly prompts: number; readonly tokens: number },
  context: StageContext,
): Promise<ParityVerdict> {
  const { decoder, text } = model;
  const room = candidate.contextLength - tokens;
  const texts = PROMPTS.slice(0, prompts).map((content) => [{ role: "user", content }]);
  const ids = text
    ? texts.map((messages) => encodeChat(text, messages))
    : texts.map((_, index) => someTokens(decoder.spec.vocabSize, 12 + 7 * index));
  const reference = await createReferenceRunner(decoder, { contextLength: candidate.contextLength }, context);
  try {
    const fitting = ids.map((prompt) => prompt.slice(-Math.max(1, room)));
    const report = await compareRunners({ reference, candidate }, fitting, { greedyTokens: tokens }, context);
    return { ...report, passed: passes(report) };
  } finally {
    await reference.close();
  }
}

function passes({ klDivergence, greedy }: ParityReport): boolean {
  const ties = new Map<number, number>();
  for (const { prompt } of greedy.differences) ties.set(prompt, (ties.get(prompt) ?? 0) + 1);
  return (
    klDivergence <= MAX_KL &&
    greedy.differences.every(({ margin }) => margin < TIE_MARGIN) &&
    [...ties.values()].every((count) => count <= MAX_TIES)
  );
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
}: ParityVerdict): string {
  const figures = [
    `max |Δlogit| ${maxAbsError.toPrecision(2)}`,
    `KL ${klDivergence.toExponential(1)}`,
    `top-1 ${(100 * top1Agreement).toFixed(1)} %`,
    `greedy ${greedy.equal}/${greedy.tokens}`,
  ];
  return `${passed ? "agrees with the original" : "DIFFERS from the original"}: ${figures.join(", ")}`;
}
