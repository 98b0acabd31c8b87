import fc from "fast-check";
import { expect, test } from "vitest";
import { bestPartition } from "../../src/palette/partition.ts";
import { refineBounds } from "../../src/palette/refine.ts";
import { createCodeHistogram } from "../../src/palette.ts";
import { f16Code } from "../../src/plain/float16.ts";
import { plainKMeans } from "./plain-kmeans.ts";

/** Exact in F16. */
const finite = fc.integer({ min: -2048, max: 2048 }).map((i) => i / 64);
const lists = fc.array(finite, { minLength: 2, maxLength: 40 });

function distinctOf(values: readonly number[]) {
  const histogram = createCodeHistogram();
  histogram.add(Uint16Array.from(values, f16Code));
  return histogram.distinct();
}

test("the partition is the best of all divisions", () => {
  fc.assert(
    fc.property(lists, fc.integer({ min: 2, max: 8 }), (values, wanted) => {
      const distinct = distinctOf(values);
      const clusters = Math.min(wanted, distinct.values.length);
      fc.pre(clusters > 1);
      const { bounds, squaredError } = bestPartition(distinct, clusters);

      expect(squaredError).toBeCloseTo(plainKMeans(values, clusters), 6);
      expect([...bounds]).toEqual([...new Set(bounds)].sort((a, b) => a - b));
    }),
    { numRuns: 300 },
  );
});

test("refining a partition keeps clusters in order and never makes it worse", () => {
  fc.assert(
    fc.property(
      lists,
      fc.integer({ min: 2, max: 6 }),
      fc.integer({ min: 1, max: 8 }),
      (values, wanted, step) => {
        const distinct = distinctOf(values);
        const { length } = distinct.values;
        const clusters = Math.min(wanted, length);
        fc.pre(clusters > 1);
        const bounds = Int32Array.from({ length: clusters + 1 }, (_, k) => (k === clusters ? length : k));
        const before = costOf(distinct, bounds);
        refineBounds(distinct, bounds, new Int32Array(clusters + 1).fill(step));

        expect([...bounds]).toEqual([...new Set(bounds)].sort((a, b) => a - b));
        expect(bounds[0]).toBe(0);
        expect(bounds[clusters]).toBe(length);
        expect(costOf(distinct, bounds)).toBeLessThanOrEqual(before + 1e-6);
      },
    ),
    { numRuns: 300 },
  );
});

test("worked example: 1 2 | 5 | 9 10 10 in three clusters", () => {
  const { bounds, squaredError } = bestPartition(distinctOf([10, 1, 9, 2, 10, 5]), 3);

  // 0.25 + 0.25 around 1.5, 0 around 5, 4/9 + 1/9 + 1/9 around 29/3.
  expect(squaredError).toBeCloseTo(0.5 + 2 / 3, 12);
  expect([...bounds]).toEqual([0, 2, 3, 5]);
});

function costOf({ n, s1, s2 }: ReturnType<typeof distinctOf>, bounds: Int32Array): number {
  let cost = 0;
  for (let k = 1; k < bounds.length; k++) {
    const [a, b] = [bounds[k - 1]!, bounds[k]!];
    cost += s2[b]! - s2[a]! - (s1[b]! - s1[a]!) ** 2 / (n[b]! - n[a]!);
  }
  return cost;
}
