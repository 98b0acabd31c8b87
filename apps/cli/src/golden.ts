import { type Runner, type StageContext, throwIfCancelled } from "@pippin/core";
import type { GoldenCase } from "@pippin/swift-codegen";
import type { Text } from "./text.ts";

/** Short, so that a phone answers them in seconds; one has a system message and more than one turn. */
const CONVERSATIONS: readonly GoldenCase["messages"][] = [
  [{ role: "user", content: "What is the capital of France?" }],
  [{ role: "user", content: "Count from one to five." }],
  [
    { role: "user", content: "Hello! Who are you?" },
    { role: "assistant", content: "I am a language model." },
    { role: "user", content: "What can you do?" },
  ],
];

const TOKENS = 16;
const TOP = 16;

/**
 * How far logits of a device may be off, as a share of the largest one, and at least. Between fp32 and strict fp16 of the same package
 * we measured 0.4 % (docs/status.md), and devices round in places of their own.
 */
const TOLERANCE = { share: 0.01, least: 0.1 };

/** Templates that print the date get this one. */
const NOW = "2025-02-03T04:05:06";

/**
 * What the package answers on this machine: the questions of the generated app's self-test.
 *
 * @param runner - of the package, with the precision of a device.
 */
export async function goldenCases(runner: Runner, text: Text, context: StageContext): Promise<GoldenCase[]> {
  const cases: GoldenCase[] = [];
  for (const messages of CONVERSATIONS) {
    const prompt = promptOf(text, messages);
    const ids = text.tokenizer.encode(prompt, { addSpecialTokens: text.template === undefined });
    // A context that holds no more than a few words has no use for the longer ones.
    if (ids.length === 0 || ids.length + TOKENS > runner.contextLength) continue;
    cases.push({
      messages,
      now: NOW,
      prompt,
      ids,
      ...(await answerOf(runner, ids, text.stopTokens, context)),
    });
    context.progress?.({
      stage: "self-test",
      unit: "steps",
      done: cases.length,
      total: CONVERSATIONS.length,
    });
  }
  return cases;
}

function promptOf({ template }: Text, messages: GoldenCase["messages"]): string {
  if (template === undefined) return messages.at(-1)!.content;
  return template.render(messages, { addGenerationPrompt: true, now: new Date(NOW) });
}

async function answerOf(
  runner: Runner,
  ids: readonly number[],
  stops: readonly number[],
  { signal }: StageContext,
): Promise<Pick<GoldenCase, "logits" | "greedy" | "margins">> {
  const session = runner.start();
  let row = await session.feed(ids, { signal });
  const top = highest(row, TOP);
  const greedy: number[] = [];
  const margins: number[] = [];
  while (greedy.length < TOKENS) {
    throwIfCancelled(signal);
    const [[id, best], [, next]] = highest(row, 2) as [[number, number], [number, number]];
    if (stops.includes(id)) break;
    greedy.push(id);
    margins.push(best - next);
    if (greedy.length < TOKENS) row = await session.feed([id], { signal });
  }
  const tolerance = Math.max(TOLERANCE.least, TOLERANCE.share * Math.abs(top[0]![1]));
  return { logits: { top, tolerance }, greedy, margins };
}

/** The highest logits with their ids, highest first; of equal ones the lower id. */
function highest(row: Float32Array, count: number): [id: number, value: number][] {
  const best: [number, number][] = [];
  for (let id = 0; id < row.length; id++) {
    const value = row[id]!;
    if (best.length === count && !(value > best[count - 1]![1])) continue;
    const at = best.findIndex(([, other]) => value > other);
    best.splice(at < 0 ? best.length : at, 0, [id, value]);
    if (best.length > count) best.pop();
  }
  return best;
}
