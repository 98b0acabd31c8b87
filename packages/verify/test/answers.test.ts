import { expect, test } from "vitest";
import { compareAnswers } from "../src/answers.ts";
import { compareRunners } from "../src/parity.ts";
import { fakeRunner, peak } from "./fake-runner.ts";

/** Counts on from the last token, modulo 10. */
const counting = fakeRunner((tokens) => peak((tokens.at(-1)! + 1) % 10, 10));
/** Says 9 after 4, and counts otherwise. */
const skipping = fakeRunner((tokens) => peak(tokens.at(-1) === 4 ? 9 : (tokens.at(-1)! + 1) % 10, 10));

async function answers(prompts: number[][], tokens: number, stopTokens: number[] = []) {
  const pair = { reference: counting, candidate: skipping };
  const { greedy } = await compareRunners(pair, prompts, { greedyTokens: tokens });
  return compareAnswers(skipping, prompts, { greedy, stopTokens });
}

test("after its first difference the package goes on with its own tokens", async () => {
  expect(await answers([[1], [6]], 5)).toEqual([
    { prompt: 0, original: [2, 3, 4, 5, 6], package: [2, 3, 4, 9, 0], divergesAt: 3 },
    { prompt: 1, original: [7, 8, 9, 0, 1], package: [7, 8, 9, 0, 1], divergesAt: null },
  ]);
});

test("answers end before a stop token, and a difference behind it is none", async () => {
  expect(await answers([[1]], 5, [4])).toEqual([
    { prompt: 0, original: [2, 3], package: [2, 3], divergesAt: null },
  ]);
  expect(await answers([[1]], 5, [9])).toEqual([
    { prompt: 0, original: [2, 3, 4, 5, 6], package: [2, 3, 4], divergesAt: 3 },
  ]);
  expect(await answers([[1]], 5, [5])).toEqual([
    { prompt: 0, original: [2, 3, 4], package: [2, 3, 4, 9, 0], divergesAt: 3 },
  ]);
});
