import fc from "fast-check";
import { expect, test } from "vitest";
import { floatExp } from "../../src/sampling/float-exp.ts";

const weightRange = { min: -87, max: -(2 ** -30), noNaN: true };

test("e to the power of 0 is exactly 1, and of a number near 0 too", () => {
  expect([0, -0, -1e-45, -1e-10].map(floatExp)).toEqual([1, 1, 1, 1]);
});

test("results that would not be normal numbers are 0", () => {
  expect([-87.00001, -100, -3e38, Number.NEGATIVE_INFINITY, Number.NaN].map(floatExp)).toEqual([
    0, 0, 0, 0, 0,
  ]);
  expect(floatExp(-87)).toBeGreaterThan(2 ** -126);
});

/** Spacing of Float32 at a positive normal number. */
const ulp = (value: number) => 2 ** (Math.floor(Math.log2(value)) - 23);

test("any result is within 0.99 ulp of double precision", () => {
  fc.assert(
    fc.property(fc.float(weightRange), (x) => {
      const exact = Math.exp(x);
      expect(Math.abs(floatExp(x) - exact)).toBeLessThan(0.99 * ulp(exact));
    }),
    { numRuns: 20_000 },
  );
});

test("where the error is largest, it is 0.9886 ulp", () => {
  const x = Math.fround(-5.85337114);
  expect(Math.abs(floatExp(x) - Math.exp(x)) / ulp(Math.exp(x))).toBeCloseTo(0.9886, 4);
});

test("a larger number never has a smaller result", () => {
  const bits = new Int32Array(1);
  const float = new Float32Array(bits.buffer);
  fc.assert(
    fc.property(fc.float(weightRange), (x) => {
      float[0] = x;
      bits[0]!++;
      expect(floatExp(float[0]!)).toBeLessThanOrEqual(floatExp(x));
    }),
    { numRuns: 20_000 },
  );
});
