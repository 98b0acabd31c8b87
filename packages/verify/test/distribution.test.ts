import fc from "fast-check";
import { expect, test } from "vitest";
import { Distribution } from "../src/distribution.ts";

test("mean and quantiles of known values", () => {
  const values = new Distribution();
  for (let i = 1; i <= 100; i++) values.add(i / 1000);
  expect(values.count).toBe(100);
  expect(values.mean).toBeCloseTo(0.0505, 12);
  expect(Math.abs(values.quantile(0.5) / 0.05 - 1)).toBeLessThan(0.01);
  expect(Math.abs(values.quantile(0.95) / 0.095 - 1)).toBeLessThan(0.01);
});

test("zeros are zeros, and nothing is not a number", () => {
  const values = new Distribution();
  expect(values.quantile(0.5)).toBeNaN();
  values.add(0);
  values.add(0);
  values.add(1);
  expect(values.quantile(0.5)).toBe(0);
  expect(values.quantile(1)).toBeCloseTo(1, 2);
});

test("quantiles lie within one percent of those of the sorted values", () => {
  const value = fc.double({ min: 1e-11, max: 9000, noNaN: true });
  const share = fc.double({ min: 0.01, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.array(value, { minLength: 1, maxLength: 60 }), share, (values, part) => {
      const distribution = new Distribution();
      for (const each of values) distribution.add(each);
      const exact = values.sort((a, b) => a - b)[Math.ceil(part * values.length) - 1]!;
      expect(Math.abs(distribution.quantile(part) / exact - 1)).toBeLessThan(0.01);
    }),
  );
});
