import fc from "fast-check";
import { expect, test } from "vitest";
import { allFinite, argmax, klDivergence, logSoftmax } from "../src/logits.ts";

test("the log softmax of large logits does not overflow", () => {
  const [a, b] = logSoftmax([60000, 60000 + Math.log(3)]);
  // The steps of F64 near 60000 are 7e-12.
  expect(Math.exp(a!)).toBeCloseTo(0.25, 10);
  expect(Math.exp(b!)).toBeCloseTo(0.75, 10);
});

test("the divergence of known distributions", () => {
  // p = (1/2, 1/2), q = (3/4, 1/4): ln(2/3) / 2 + ln(2) / 2 = ln(4/3) / 2
  expect(klDivergence([0, 0], [Math.log(3), 0])).toBeCloseTo(Math.log(4 / 3) / 2, 12);
});

test("a token that p excludes adds nothing", () => {
  expect(klDivergence([0, -1e6], [0, 0])).toBeCloseTo(Math.log(2), 12);
});

test("probabilities add up, shifts change nothing, divergences are not negative", () => {
  const row = fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: 1, maxLength: 20 });
  const rows = row.chain((p) =>
    fc.tuple(
      fc.constant(p),
      fc.array(fc.double({ min: -50, max: 50, noNaN: true }), { minLength: p.length, maxLength: p.length }),
      fc.double({ min: -9, max: 9, noNaN: true }),
    ),
  );
  fc.assert(
    fc.property(rows, ([p, q, shift]) => {
      const sum = logSoftmax(p).reduce((total, value) => total + Math.exp(value), 0);
      expect(sum).toBeCloseTo(1, 9);
      expect(klDivergence(p, q)).toBeGreaterThan(-1e-9);
      expect(
        klDivergence(
          p,
          p.map((value) => value + shift),
        ),
      ).toBeCloseTo(0, 9);
    }),
  );
});

test("argmax takes the first of equals, allFinite sees NaN and infinities", () => {
  expect(argmax([1, 5, 5])).toBe(1);
  expect(allFinite([1, -2, 0])).toBe(true);
  expect(
    [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map((value) => allFinite([0, value])),
  ).toEqual([false, false, false]);
});
