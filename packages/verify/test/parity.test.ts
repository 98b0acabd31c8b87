import type { Runner, Session } from "@pippin/core";
import { expect, test } from "vitest";
import { compareRunners } from "../src/parity.ts";
import { fakeRunner, peak } from "./fake-runner.ts";

const LN3 = Math.fround(Math.log(3));

/** Says 0 and 1 are equally likely; from the third token on that 1 is certain to e². */
const reference = fakeRunner((tokens) => (tokens.length < 3 ? [0, 0] : [0, 2]));

test("equal models have no error", async () => {
  const report = await compareRunners({ reference, candidate: reference }, [[0, 1, 1], [1]], {
    greedyTokens: 4,
  });
  expect(report).toEqual({
    positions: 14,
    maxAbsError: 0,
    meanAbsError: 0,
    klDivergence: 0,
    top1Agreement: 1,
    greedy: {
      tokens: 8,
      equal: 8,
      continuations: [
        [1, 1, 1, 1],
        [0, 0, 1, 1],
      ],
      differences: [],
    },
  });
});

test("the figures are what a hand computes", async () => {
  const candidate = fakeRunner((tokens) => (tokens.length < 3 ? [LN3, 0] : [2, 1]));
  const report = await compareRunners({ reference, candidate }, [[1, 1]], { greedyTokens: 2 });
  // Rows: three of (0, 0) against (ln 3, 0), the prompt's last one twice; two of (0, 2) against (2, 1).
  expect(report.positions).toBe(5);
  expect(report.maxAbsError).toBe(2);
  expect(report.meanAbsError).toBeCloseTo((3 * LN3 + 2 * 3) / 10, 12);
  const [certain, wrong] = [Math.exp(2) / (1 + Math.exp(2)), Math.E / (1 + Math.E)];
  const kl = certain * Math.log(certain / (1 - wrong)) + (1 - certain) * Math.log((1 - certain) / wrong);
  expect(report.klDivergence).toBeCloseTo((3 * (Math.log(4 / 3) / 2) + 2 * kl) / 5, 7);
  expect(report.top1Agreement).toBe(0.6);
  // After the prompt both say 0; after that the reference says 1, the candidate 0.
  expect(report.greedy).toEqual({
    tokens: 2,
    equal: 1,
    continuations: [[0, 1]],
    differences: [{ prompt: 0, step: 1, reference: 1, candidate: 0, margin: 2 }],
  });
});

test("after a difference both go on with the reference's token", async () => {
  const seen: number[][] = [];
  const next = (tokens: readonly number[]) => peak((tokens.at(-1)! + 1) % 4, 4);
  const candidate = fakeRunner((tokens) => {
    seen.push([...tokens]);
    return tokens.length === 2 ? peak(0, 4) : next(tokens);
  });
  const report = await compareRunners({ reference: fakeRunner(next), candidate }, [[1]], { greedyTokens: 3 });
  expect(seen.at(-1)).toEqual([1, 2, 3, 0]);
  expect(report.greedy).toEqual({
    tokens: 3,
    equal: 2,
    continuations: [[2, 3, 0]],
    differences: [{ prompt: 0, step: 1, reference: 3, candidate: 0, margin: 1 }],
  });
});

test("greedy tokens end with the smaller context", async () => {
  const short = fakeRunner(() => [1, 0], { contextLength: 5 });
  const report = await compareRunners({ reference, candidate: short }, [[0, 0, 0]], { greedyTokens: 10 });
  expect(report).toMatchObject({ positions: 6, greedy: { tokens: 2 } });
});

test("vocabularies of different sizes are refused", async () => {
  const candidate = fakeRunner(() => [0, 0, 0]);
  await expect(compareRunners({ reference, candidate }, [[0]], { greedyTokens: 1 })).rejects.toMatchObject({
    code: "VERIFY_VOCABULARY_DIFFERS",
    message: "the package has a vocabulary of 3, the original weights 2",
  });
});

test.each([
  [[], "the prompt has no tokens"],
  [[0, 0, 0, 0], "the prompt has 4 tokens, the context 3"],
])("the prompt %j is refused, not skipped", async (prompt, message) => {
  const candidate = fakeRunner(() => [0, 0], { contextLength: 3 });
  await expect(
    compareRunners({ reference, candidate }, [[0], prompt], { greedyTokens: 1 }),
  ).rejects.toMatchObject({
    code: "VERIFY_PROMPT_INVALID",
    message,
  });
});

test.each([
  ["the package", 0],
  ["the original model", 1],
])("NaN of %s is blamed on it", async (who, side) => {
  const broken = fakeRunner((tokens) => [0, tokens.length === 2 ? Number.NaN : 0]);
  const pair = side === 0 ? { reference, candidate: broken } : { reference: broken, candidate: reference };
  await expect(compareRunners(pair, [[0, 0]], { greedyTokens: 1 })).rejects.toMatchObject({
    code: "VERIFY_LOGITS_NOT_FINITE",
    message: `${who} returned NaN or infinite logits at position 1`,
  });
});

test("progress counts prompts, and an abort is heard", async () => {
  const events: [number, number | undefined][] = [];
  const pair = { reference, candidate: reference };
  await compareRunners(
    pair,
    [[0], [1]],
    { greedyTokens: 1 },
    { progress: ({ done, total }) => events.push([done, total]) },
  );
  expect(events).toEqual([
    [0, 2],
    [1, 2],
    [2, 2],
  ]);
  const controller = new AbortController();
  setImmediate(() => controller.abort());
  await expect(
    compareRunners(pair, [[0]], { greedyTokens: 90 }, { signal: controller.signal }),
  ).rejects.toMatchObject({ code: "CORE_CANCELLED" });
});

test("a prompt is also read as a whole, as generation reads it", async () => {
  const good = fakeRunner(() => [1, 0]);
  const candidate: Runner = {
    ...good,
    start() {
      const session = good.start();
      const feed: Session["feed"] = async (tokens, options) => {
        const logits = await session.feed(tokens, options);
        return tokens.length > 1 && options?.rows !== "all" ? Float32Array.of(0, 1) : logits;
      };
      return { feed, rewind: (length) => session.rewind(length), length: 0 };
    },
  };
  const report = await compareRunners({ reference: good, candidate }, [[0, 0, 0]], { greedyTokens: 1 });
  expect(report.greedy.equal).toBe(0);
});
