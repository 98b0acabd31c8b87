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

/** A difference with a smaller margin than this is a coin toss of the original, not an error. */
export const TIE_MARGIN = 0.3;

export interface ParityVerdict extends ParityReport {
  /** Every greedy token is equal, but for near ties. */
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
    return { ...report, passed: report.greedy.differences.every(({ margin }) => margin < TIE_MARGIN) };
  } finally {
    await reference.close();
  }
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
  return `${passed ? "equal to the original" : "DIFFERS from the original"}: ${figures.join(", ")}`;
}
