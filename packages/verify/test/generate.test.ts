import { expect, test } from "vitest";
import { type GenerateOptions, generate } from "../src/generate.ts";
import { fakeRunner, peak } from "./fake-runner.ts";

/** Counts on from the last token, modulo 10. */
const counting = (contextLength = 100) =>
  fakeRunner((tokens) => peak((tokens.at(-1)! + 1) % 10, 10), { contextLength });

async function answer(
  runner: ReturnType<typeof fakeRunner>,
  prompt: readonly number[],
  options?: GenerateOptions,
) {
  const ids: number[] = [];
  const answers = generate(runner, prompt, options);
  for (;;) {
    const { value, done } = await answers.next();
    if (done) return { ids, reason: value };
    ids.push(value);
  }
}

test("an answer ends before a stop token", async () => {
  expect(await answer(counting(), [3], { stopTokens: [9, 7] })).toEqual({ ids: [4, 5, 6], reason: "stop" });
  expect(await answer(counting(), [8], { stopTokens: [9] })).toEqual({ ids: [], reason: "stop" });
});

test("an answer ends after maxTokens", async () => {
  expect(await answer(counting(), [3], { maxTokens: 2 })).toEqual({ ids: [4, 5], reason: "maxTokens" });
  expect(await answer(counting(), [3], { maxTokens: 0 })).toEqual({ ids: [], reason: "maxTokens" });
});

test("an answer ends with the context", async () => {
  expect(await answer(counting(5), [1, 2, 3])).toEqual({ ids: [4, 5, 6], reason: "context" });
  expect(await answer(counting(3), [1, 2, 3])).toEqual({ ids: [4], reason: "context" });
});

test("a session goes on where it was", async () => {
  const runner = counting(6);
  const session = runner.start();
  await session.feed([1, 2]);
  expect(await answer(runner, [3], { session, maxTokens: 2 })).toEqual({ ids: [4, 5], reason: "maxTokens" });
  expect(session.length).toBe(4);
  await expect(answer(runner, [1, 2, 3], { session })).rejects.toMatchObject({
    code: "VERIFY_PROMPT_INVALID",
    message: "the prompt has 7 tokens, the context 6",
  });
});

test.each([
  [[], "the prompt has no tokens"],
  [[1, 2, 3, 4], "the prompt has 4 tokens, the context 3"],
])("the prompt %j is refused", async (prompt, message) => {
  await expect(answer(counting(3), prompt)).rejects.toMatchObject({ code: "VERIFY_PROMPT_INVALID", message });
});

test.each([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])(
  "a logit of %s is reported",
  async (bad) => {
    const runner = fakeRunner((tokens) => (tokens.length < 3 ? [1, 0] : [1, bad]));
    await expect(answer(runner, [0])).rejects.toMatchObject({
      code: "VERIFY_LOGITS_NOT_FINITE",
      message: "the model returned NaN or infinite logits at position 3",
      details: { position: 3 },
    });
  },
);

test("an abort is heard although the runner never pauses", async () => {
  const controller = new AbortController();
  setImmediate(() => controller.abort());
  const tokens = async () => {
    for await (const _ of generate(counting(1000), [1], {}, { signal: controller.signal }));
  };
  await expect(tokens()).rejects.toMatchObject({ code: "CORE_CANCELLED" });
});

test("a temperature draws, and the same seed draws the same", async () => {
  const runner = fakeRunner(() => [0, 0, 0, 0]);
  const options = { temperature: 1, seed: 7, maxTokens: 20 };
  const first = await answer(runner, [0], options);
  expect(await answer(runner, [0], options)).toEqual(first);
  expect(await answer(runner, [0], { ...options, seed: 8 })).not.toEqual(first);
  expect(new Set(first.ids).size).toBeGreaterThan(1);
});

test("penalties see the prompt, what the session held before, and the answer", async () => {
  const runner = fakeRunner(() => [5, 4, 3, 1, 0]);
  const options = { repetitionPenalty: 10, maxTokens: 2 };
  expect(await answer(runner, [0], options)).toMatchObject({ ids: [1, 2] });
  const session = runner.start();
  await session.feed([1]);
  expect(await answer(runner, [0], { ...options, session, history: [1] })).toMatchObject({ ids: [2, 3] });
  expect((await answer(runner, [0], { frequencyPenalty: 1.5, maxTokens: 3 })).ids).toEqual([0, 1, 0]);
});

test("options out of range are refused before anything is computed", async () => {
  const start = () => {
    throw new Error("a session was begun");
  };
  const runner = { ...counting(), start };
  await expect(answer(runner, [0], { topP: 2 })).rejects.toMatchObject({ code: "VERIFY_SAMPLING_INVALID" });
});
