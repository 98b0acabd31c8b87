import fc from "fast-check";
import { expect, test } from "vitest";
import { argmax, klDivergence, logSoftmax } from "../src/logits.ts";
import { compareRows } from "../src/rows.ts";

test("the figures of two rows worked out by hand", () => {
  // p = (1/2, 1/4, 1/4), q = (1/4, 1/2, 1/4): KL = ln 2 / 2 - ln 2 / 4 = ln 2 / 4.
  const p = Float32Array.of(Math.log(2), 0, 0);
  const q = Float32Array.of(0, Math.log(2), 0);
  const figures = compareRows(p, q, 1);
  expect(figures.klDivergence).toBeCloseTo(Math.LN2 / 4, 7);
  expect(figures.maxAbsError).toBe(Math.fround(Math.LN2));
  expect(figures.sumAbsError).toBe(2 * Math.fround(Math.LN2));
  expect(figures.top1Same).toBe(false);
  expect(figures.top5Overlap).toBe(1);
  expect(figures.logProbability?.original).toBeCloseTo(Math.log(1 / 4), 7);
  expect(figures.logProbability?.package).toBeCloseTo(Math.log(1 / 2), 7);
});

test("the five most likely overlap by as many as both have", () => {
  const p = Float32Array.of(9, 8, 7, 6, 5, 0, 0, 0);
  const q = Float32Array.of(9, 8, 7, 0, 0, 6, 5, 0);
  expect(compareRows(p, q).top5Overlap).toBe(3 / 5);
});

test("a row without a next token has no probability of one", () => {
  expect(compareRows(Float32Array.of(1, 2), Float32Array.of(1, 2)).logProbability).toBeUndefined();
});

test("logits far from zero lose nothing", () => {
  const near = compareRows(Float32Array.of(0, 1, 2), Float32Array.of(0, 1, 3), 0);
  const far = compareRows(Float32Array.of(60000, 60001, 60002), Float32Array.of(-60000, -59999, -59997), 0);
  expect(far.klDivergence).toBeCloseTo(near.klDivergence, 12);
  expect(far.logProbability!.package).toBeCloseTo(near.logProbability!.package, 9);
});

test("figures agree with their definitions on any rows", () => {
  const row = fc.float32Array({ minLength: 7, maxLength: 7, min: -60, max: 60, noNaN: true });
  fc.assert(
    fc.property(row, row, fc.nat(6), (p, q, next) => {
      const figures = compareRows(p, q, next);
      expect(figures.klDivergence).toBeCloseTo(klDivergence(p, q), 9);
      expect(figures.klDivergence).toBeGreaterThanOrEqual(0);
      expect(figures.logProbability!.original).toBeCloseTo(logSoftmax(p)[next]!, 9);
      expect(figures.logProbability!.package).toBeCloseTo(logSoftmax(q)[next]!, 9);
      expect(figures.top1Same).toBe(argmax(p) === argmax(q));
      const top = (values: Float32Array) =>
        [...values.keys()].sort((a, b) => values[b]! - values[a]! || a - b).slice(0, 5);
      expect(figures.top5Overlap).toBe(top(p).filter((id) => top(q).includes(id)).length / 5);
    }),
  );
});
