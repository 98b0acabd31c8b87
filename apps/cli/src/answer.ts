import type { Runner, Session, StageContext } from "@pippin/core";
import { type FinishReason, generate, type SampleOptions } from "@pippin/verify";
import type { Text } from "./text.ts";

export interface AnswerOptions extends SampleOptions {
  readonly maxTokens: number;
  readonly session?: Session;
  /** Ids that the session holds. */
  readonly history?: readonly number[];
  readonly onText?: (piece: string) => void;
}

export interface Answer {
  readonly ids: readonly number[];
  readonly text: string;
  readonly finish: FinishReason;
  /** Until the first token was known. */
  readonly timeToFirstTokenMs: number;
  /** Of the tokens after the first. */
  readonly tokensPerSecond: number;
}

/** Generates, decodes as it streams, and times it. */
export async function answer(
  { runner, text }: { readonly runner: Runner; readonly text: Text },
  prompt: readonly number[],
  { maxTokens, session, onText, ...sampling }: AnswerOptions,
  context: StageContext,
): Promise<Answer> {
  const options = { ...sampling, maxTokens, stopTokens: text.stopTokens, ...(session ? { session } : {}) };
  const tokens = generate(runner, prompt, options, context);
  const decoder = text.tokenizer.stream({ skipSpecialTokens: true });
  const ids: number[] = [];
  const began = performance.now();
  let first = 0;
  let whole = "";
  const emit = (piece: string) => {
    whole += piece;
    if (piece !== "") onText?.(piece);
  };
  let step = await tokens.next();
  while (!step.done) {
    if (ids.length === 0) first = performance.now();
    ids.push(step.value);
    emit(decoder.push(step.value));
    step = await tokens.next();
  }
  emit(decoder.flush());
  const seconds = (performance.now() - first) / 1000;
  return {
    ids,
    text: whole,
    finish: step.value,
    timeToFirstTokenMs: Math.round((ids.length > 0 ? first : performance.now()) - began),
    tokensPerSecond: ids.length > 1 ? (ids.length - 1) / seconds : 0,
  };
}
