import { PippinError, type Runner, type Session, type StageContext, throwIfCancelled } from "@pippin/core";
import type { VerifyErrorCode } from "./errors.ts";
import { allFinite } from "./logits.ts";
import { nextTurn } from "./next-turn.ts";
import type { SampleOptions } from "./sampling/options.ts";
import { createSampler } from "./sampling/sampler.ts";

export interface GenerateOptions extends SampleOptions {
  /** Default: as many as the context holds. */
  readonly maxTokens?: number;
  /** Ids that end the answer; they are not yielded. */
  readonly stopTokens?: readonly number[];
  /** A session that already holds the beginning of the prompt; default: a fresh one. */
  readonly session?: Session;
  /** Ids that the session holds: a repetition penalty looks back at them too. */
  readonly history?: readonly number[];
}

/** How a generation ended: with a stop token, at `maxTokens`, or at the end of the context. */
export type FinishReason = "stop" | "maxTokens" | "context";

/**
 * Answers a prompt token by token.
 *
 * @param prompt - ids not yet fed to the session.
 * @returns an async generator of ids; its return value says why it ended.
 * @throws PippinError `VERIFY_PROMPT_INVALID`, `VERIFY_SAMPLING_INVALID`, `VERIFY_LOGITS_NOT_FINITE`, `CORE_CANCELLED`.
 */
export async function* generate(
  runner: Runner,
  prompt: readonly number[],
  options: GenerateOptions = {},
  context: StageContext = {},
): AsyncGenerator<number, FinishReason> {
  const { maxTokens = Number.POSITIVE_INFINITY, stopTokens = [], history = [] } = options;
  const sampler = createSampler(options, [...history, ...prompt]);
  const { session = runner.start() } = options;
  const { signal } = context;
  checkPrompt(prompt, session.length, runner.contextLength);
  let logits = await session.feed(prompt, { signal });
  for (let count = 0; count < maxTokens; count++) {
    // Lets an abort be heard also when the runner computes without a pause.
    await nextTurn();
    throwIfCancelled(signal);
    if (!allFinite(logits)) throw notFinite("the model", session.length);
    const id = sampler.next(logits);
    if (stopTokens.includes(id)) return "stop";
    yield id;
    if (session.length >= runner.contextLength) return "context";
    if (count + 1 < maxTokens) logits = await session.feed([id], { signal });
  }
  return "maxTokens";
}

/** Throws `VERIFY_PROMPT_INVALID` unless the prompt has tokens and fits behind those that were fed before. */
export function checkPrompt(prompt: readonly number[], before: number, contextLength: number): void {
  const total = before + prompt.length;
  if (prompt.length > 0 && total <= contextLength) return;
  const empty = prompt.length === 0;
  throw new PippinError<VerifyErrorCode>("VERIFY_PROMPT_INVALID", {
    message: empty
      ? "the prompt has no tokens"
      : `the prompt has ${total} tokens, the context ${contextLength}`,
    hint: empty ? "Give some text." : "Shorten it, or convert with a larger --context.",
    details: { tokens: total, contextLength },
  });
}

export function notFinite(who: string, position: number): PippinError<VerifyErrorCode> {
  return new PippinError("VERIFY_LOGITS_NOT_FINITE", {
    message: `${who} returned NaN or infinite logits at position ${position}`,
    hint: "Something overflowed: convert with --rescale auto; if it does with --precision fp32 too, report the model.",
    details: { position },
  });
}
