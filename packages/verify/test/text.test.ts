import type { Observer, Runner, Warning } from "@pippin/core";
import { expect, test } from "vitest";
import { compareOnText } from "../src/text.ts";
import { fakeRunner } from "./fake-runner.ts";

const LN3 = Math.fround(Math.log(3));
const even = fakeRunner(() => [0, 0], { contextLength: 8 });
const odd = fakeRunner(() => [LN3, 0], { contextLength: 8 });

/** Shows what it is given, and answers like `even`. */
function showing(show: (observer: Observer) => void): Runner {
  return {
    ...even,
    async evaluate(tokens, { observer = {} } = {}) {
      show(observer);
      return new Float32Array(2 * tokens.length);
    },
  };
}

test("the figures are what a hand computes", async () => {
  const report = await compareOnText({ reference: even, candidate: odd }, [
    [0, 1, 1],
    [1, 0],
  ]);
  // p = (1/2, 1/2), q = (3/4, 1/4), everywhere.
  const kl = Math.log(4 / 3) / 2;
  expect([report.windows, report.positions]).toEqual([2, 5]);
  expect(report.logitError).toEqual({ max: LN3, mean: LN3 / 2 });
  expect(report.klDivergence.mean).toBeCloseTo(kl, 7);
  expect(report.klDivergence.withoutFirst).toBeCloseTo(kl, 7);
  expect(Math.abs(report.klDivergence.median / kl - 1)).toBeLessThan(0.01);
  expect(report.klDivergence.byPosition).toHaveLength(3);
  expect([report.top1Agreement, report.top5Agreement]).toEqual([1, 1]);
  expect(report.perplexity.original).toBeCloseTo(2, 12);
  // The next tokens are 1, 1 and 0: the mean negative log is that of 1/4, 1/4 and 3/4.
  expect(report.perplexity.package).toBeCloseTo((4 * 4 * (4 / 3)) ** (1 / 3), 6);
  expect(report.layers).toBeNull();
});

test("every window starts from nothing, and its first token can be left out", async () => {
  const late = fakeRunner((tokens) => (tokens.length === 1 ? [LN3, 0] : [0, 0]), { contextLength: 8 });
  const report = await compareOnText({ reference: even, candidate: late }, [
    [0, 0],
    [1, 1],
  ]);
  expect(report.klDivergence.withoutFirst).toBe(0);
  expect(report.klDivergence.byPosition[0]).toBeCloseTo(Math.log(4 / 3) / 2, 7);
});

test("layers are compared token by token, also when a runner computes in pieces", async () => {
  const original = showing(({ layer }) => {
    layer?.(0, Float32Array.of(3, 4, 0, 2), 0);
    layer?.(1, Float32Array.of(1, 0, 1, 0), 0);
  });
  const candidate = showing(({ layer }) => {
    layer?.(0, Float32Array.of(3, 4), 0);
    layer?.(1, Float32Array.of(1, 0), 0);
    layer?.(0, Float32Array.of(0, 1), 1);
    layer?.(1, Float32Array.of(0, 1), 1);
  });
  const { layers } = await compareOnText({ reference: original, candidate }, [[0, 1]]);
  // Token 1 is half as long in layer 0, and at a right angle with the same length in layer 1.
  expect(layers!.layers).toEqual([
    { layer: 0, relativeError: 0.25, cosine: 1, originalLargest: 4, range: null },
    { layer: 1, relativeError: Math.SQRT2 / 2, cosine: 0.5, originalLargest: 1, range: null },
  ]);
});

test("the largest value of each layer is found with its place, and a warning names the worst", async () => {
  const warnings: Warning[] = [];
  const value = (layer: number, name: string, data: number[]) => ({
    layer,
    name,
    shape: [1, 2, 2],
    data: Float32Array.from(data),
  });
  const shown = showing(({ layer, value: see }) => {
    layer?.(0, Float32Array.of(1, 1), 0);
    see?.(value(0, "small", [1, -2, 1, 1]));
    see?.(value(0, "large", [0, 0, -32752, 5]));
    see?.(value(1, "logits", [0, 9, 0, 0]));
  });
  const { layers } = await compareOnText(
    { reference: shown, candidate: shown },
    [[0]],
    {},
    {
      warn: (warning) => warnings.push(warning),
    },
  );
  expect(layers!.layers[0]!.range).toEqual({ largest: 32752, name: "large", index: [0, 1, 0], share: 0.5 });
  expect(layers!.head).toMatchObject({ largest: 9, name: "logits", index: [0, 0, 1] });
  expect(warnings).toEqual([
    expect.objectContaining({
      code: "VERIFY_FP16_RANGE",
      message: expect.stringContaining("large reaches 32752"),
    }),
  ]);
});

test.each([Number.NaN, Number.NEGATIVE_INFINITY])("%s is an overflow, and stays one", async (bad) => {
  const shown = showing(({ layer, value }) => {
    layer?.(0, Float32Array.of(1), 0);
    value?.({ layer: 0, name: "a", shape: [2], data: Float32Array.of(1, bad) });
    value?.({ layer: 0, name: "b", shape: [1], data: Float32Array.of(60000) });
  });
  const warnings: string[] = [];
  const { layers } = await compareOnText(
    { reference: shown, candidate: shown },
    [[0]],
    {},
    {
      warn: ({ message }) => warnings.push(message),
    },
  );
  expect(layers!.layers[0]!.range).toEqual({ largest: Infinity, name: "a", index: [1], share: Infinity });
  expect(warnings[0]).toContain("a overflows");
});

test("logits that are not finite are blamed on the package, after the warning that says where", async () => {
  const broken: Runner = {
    ...even,
    async evaluate(_, { observer } = {}) {
      observer?.layer?.(0, Float32Array.of(1), 0);
      observer?.value?.({ layer: 0, name: "a", shape: [1], data: Float32Array.of(Infinity) });
      return Float32Array.of(0, Number.NaN);
    },
  };
  const shown = showing(({ layer }) => layer?.(0, Float32Array.of(1), 0));
  const codes: string[] = [];
  const run = compareOnText(
    { reference: shown, candidate: broken },
    [[0]],
    {},
    {
      warn: ({ code }) => codes.push(code),
    },
  );
  await expect(run).rejects.toMatchObject({ code: "VERIFY_LOGITS_NOT_FINITE" });
  expect(codes).toEqual(["VERIFY_FP16_RANGE"]);
});

test.each([[[]], [Array(9).fill(0)]])("the window %j is refused", async (window) => {
  const pair = { reference: even, candidate: odd };
  await expect(compareOnText(pair, [window])).rejects.toMatchObject({ code: "VERIFY_PROMPT_INVALID" });
});

test("vocabularies of different sizes are refused", async () => {
  const pair = { reference: even, candidate: fakeRunner(() => [0]) };
  await expect(compareOnText(pair, [[0]])).rejects.toMatchObject({ code: "VERIFY_VOCABULARY_DIFFERS" });
});

test("windows are asked for one by one, progress counts them, and an abort is heard between", async () => {
  const controller = new AbortController();
  const events: [number, number | undefined][] = [];
  function* endless() {
    for (let i = 0; ; i++) {
      if (i === 3) controller.abort();
      yield [0, 1];
    }
  }
  const context = {
    signal: controller.signal,
    progress: ({ done, total }: { done: number; total?: number }) => events.push([done, total]),
  };
  const run = compareOnText({ reference: even, candidate: odd }, endless(), { total: 9 }, context);
  await expect(run).rejects.toMatchObject({ code: "CORE_CANCELLED" });
  expect(events).toEqual([
    [0, 9],
    [1, 9],
    [2, 9],
    [3, 9],
  ]);
});

test("without layers of the original, those of the package are compared with nothing", async () => {
  const candidate = showing(({ layer }) => layer?.(0, new Float32Array([1, 2, 3, 4]), 0));
  const report = await compareOnText({ reference: even, candidate }, [[0, 1]]);
  expect(report.layers).toBeNull();
});
