import type { Runner, StageContext } from "@pippin/core";
import { generate } from "./generate.ts";
import type { GreedyReport } from "./parity.ts";

/** What both models say to a prompt when each goes on with its own most likely token. */
export interface AnswerPair {
  readonly prompt: number;
  readonly original: readonly number[];
  readonly package: readonly number[];
  /** The first token that differs, counted from 0; `null` when the answers are equal. */
  readonly divergesAt: number | null;
}

/**
 * Lets the package answer freely where `compareRunners` forced the original's tokens on it.
 *
 * Up to its first difference the package has already said what it says; only what follows is computed.
 *
 * @param greedy - of `compareRunners` for the same prompts.
 * @returns answers without the stop token that ended them.
 * @throws PippinError `VERIFY_LOGITS_NOT_FINITE`, `CORE_CANCELLED`.
 */
export async function compareAnswers(
  candidate: Runner,
  prompts: readonly (readonly number[])[],
  { greedy, stopTokens = [] }: { readonly greedy: GreedyReport; readonly stopTokens?: readonly number[] },
  context: StageContext = {},
): Promise<AnswerPair[]> {
  const pairs: AnswerPair[] = [];
  for (const [index, prompt] of prompts.entries()) {
    const whole = greedy.continuations[index] ?? [];
    const original = upToStop(whole, stopTokens);
    const difference = greedy.differences.find((each) => each.prompt === index);
    if (difference === undefined || difference.step > original.length) {
      pairs.push({ prompt: index, original, package: original, divergesAt: null });
      continue;
    }
    const { step, candidate: id } = difference;
    const answer = upToStop([...whole.slice(0, step), id], stopTokens);
    // A stop token ends the answer where it begins to differ.
    if (answer.length > step) {
      const options = { maxTokens: whole.length - answer.length, stopTokens };
      for await (const next of generate(candidate, [...prompt, ...answer], options, context))
        answer.push(next);
    }
    const same = answer.length === original.length && answer.every((token, at) => token === original[at]);
    pairs.push({ prompt: index, original, package: answer, divergesAt: same ? null : step });
  }
  return pairs;
}

function upToStop(tokens: readonly number[], stopTokens: readonly number[]): number[] {
  const end = tokens.findIndex((token) => stopTokens.includes(token));
  return end < 0 ? [...tokens] : tokens.slice(0, end);
}
