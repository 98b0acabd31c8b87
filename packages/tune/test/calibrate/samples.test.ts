import type { Runner, Session } from "@pippin/core";
import { expect, test } from "vitest";
import { sampleWindows } from "../../src/calibrate/samples.ts";

/** Any of eight tokens, all alike. */
const runner: Runner = {
  ...{ vocabSize: 8, contextLength: 64 },
  start(): Session {
    return { length: 0, feed: async () => new Float32Array(8), rewind: () => undefined };
  },
  close: async () => undefined,
};

test("windows begin as told, have the length asked for, and are the same for the same seed", async () => {
  const options = { count: 3, length: 12, starts: [[1, 2], [5]] };
  const windows = await sampleWindows(runner, options);

  expect(windows.map(({ length }) => length)).toEqual([12, 12, 12]);
  expect(windows.map(([first]) => first)).toEqual([1, 5, 1]);
  expect(windows[2]).not.toEqual(windows[0]);
  expect(await sampleWindows(runner, options)).toEqual(windows);
});

test.each([
  ["none", []],
  ["an empty one", [[]]],
  ["one as long as a window", [[1, 2, 3, 4]]],
])("beginnings that make no window are refused: %s", async (_, starts) => {
  const run = sampleWindows(runner, { count: 1, length: 4, starts });
  await expect(run).rejects.toMatchObject({ code: "TUNE_CALIBRATION_EMPTY" });
});
