import { expect, test } from "vitest";
import { compareRunners } from "../src/parity.ts";
import { remembering } from "../src/remembering.ts";
import { compareAllOnText, compareOnText } from "../src/text.ts";
import { fakeRunner } from "./fake-runner.ts";

const one = fakeRunner((tokens) => [tokens.length, 1], { contextLength: 16 });
const two = fakeRunner((tokens) => [0.5 * tokens.length, 1], { contextLength: 16 });

/** A runner that counts the tokens it computes. */
function counting(runner = one) {
  let tokens = 0;
  const counted = {
    ...runner,
    start() {
      const session = runner.start();
      return {
        get length() {
          return session.length;
        },
        rewind: (length: number) => session.rewind(length),
        feed(ids: readonly number[], options?: Parameters<typeof session.feed>[1]) {
          tokens += ids.length;
          return session.feed(ids, options);
        },
      };
    },
  };
  return { runner: counted, computed: () => tokens };
}

test("what was fed once is not computed again, and gives the same figures", async () => {
  const { runner, computed } = counting();
  const reference = remembering(runner);
  const prompts = [[0, 1], [1]];
  const options = { greedyTokens: 3 };
  const first = await compareRunners({ reference, candidate: two }, prompts, options);
  const once = computed();
  const second = await compareRunners({ reference, candidate: two }, prompts, options);
  expect(computed()).toBe(once);
  expect(second).toEqual(first);
  expect(first).toEqual(await compareRunners({ reference: one, candidate: two }, prompts, options));
});

test("a session that leaves the known path repeats what its runner has not seen", async () => {
  const { runner, computed } = counting();
  const reference = remembering(runner);
  await reference.start().feed([0, 1]);
  const session = reference.start();
  await session.feed([0, 1]);
  expect(computed()).toBe(2);
  expect([...(await session.feed([1]))]).toEqual([3, 1]);
  expect(computed()).toBe(5);
  session.rewind(1);
  expect(session.length).toBe(1);
  expect([...(await session.feed([1]))]).toEqual([2, 1]);
});

test("several packages on one text: the figures of each alone, the original computed once", async () => {
  const windows = [
    [0, 1, 1],
    [1, 0],
  ];
  const { runner, computed } = counting();
  const candidates = [
    { name: "one", runner: one },
    { name: "two", runner: two },
  ];
  const reports = await compareAllOnText({ reference: runner, candidates }, windows);
  expect(computed()).toBe(5);
  expect(reports[0]!.klDivergence.mean).toBe(0);
  expect(reports[1]).toEqual(await compareOnText({ reference: one, candidate: two }, windows));
});

test("a package that overflows is named", async () => {
  const broken = fakeRunner(() => [Number.NaN, 0], { contextLength: 16 });
  const candidates = [{ name: "pip-int4", runner: broken }];
  await expect(compareAllOnText({ reference: one, candidates }, [[0, 1]])).rejects.toThrow(
    /^pip-int4 returned NaN/,
  );
});
