import fc from "fast-check";
import { expect, test } from "vitest";
import { toF16 } from "../../src/cast.ts";
import { bestPartition } from "../../src/palette/partition.ts";
import { refineBounds } from "../../src/palette/refine.ts";
import { searchHeap } from "../../src/palette/search-heap.ts";
import { createCodeHistogram } from "../../src/palette.ts";
import type { DistinctValues } from "../../src/plain/palette.ts";
import { plainBestPartition, type Windows } from "../../src/plain/partition.ts";
import { plainRefineBounds } from "../../src/plain/refine.ts";

/** Few values of many kinds, many of one kind: all finite, with repetitions. */
const distincts = fc
  .oneof(
    fc.array(fc.double({ min: -65504, max: 65504, noNaN: true }), { minLength: 2, maxLength: 60 }),
    fc.array(
      fc.integer({ min: -300, max: 300 }).map((i) => i / 256),
      { minLength: 2, maxLength: 400, size: "max" },
    ),
    fc.array(fc.integer({ min: -2000, max: 2000 }), { minLength: 300, maxLength: 900, size: "max" }),
  )
  .map(distinctOf)
  .filter(({ values }) => values.length > 1);

function distinctOf(values: readonly number[]): DistinctValues {
  const histogram = createCodeHistogram();
  histogram.add(toF16(Float32Array.from(values)));
  return histogram.distinct();
}

/** All bounds, or each within a few places of an even division. */
const reaches = fc.oneof(fc.constant(undefined), fc.integer({ min: 0, max: 12 }));

function windowsOf(count: number, clusters: number, reach: number): Windows {
  const middle = (k: number) => Math.round((k * count) / clusters);
  const edge = (k: number) => k === 0 || k === clusters;
  const low = Int32Array.from({ length: clusters + 1 }, (_, k) => middle(k) - (edge(k) ? 0 : reach));
  const high = low.map((bound, k) => bound + (edge(k) ? 0 : 2 * reach));
  for (let k = 1; k < clusters; k++)
    low[k] = Math.min(Math.max(low[k]!, low[k - 1]! + 1), count - clusters + k);
  for (let k = clusters - 1; k > 0; k--) high[k] = Math.max(Math.min(high[k]!, high[k + 1]! - 1), k, low[k]!);
  return { low, high };
}

test("there is a heap, so that the tests below compare two things", () => {
  expect(searchHeap()).toBeDefined();
});

test("the kernel finds the partition of its twin, to the last bit of its squared error", () => {
  fc.assert(
    fc.property(distincts, fc.integer({ min: 2, max: 300 }), reaches, (distinct, wanted, reach) => {
      const count = distinct.values.length;
      const clusters = Math.min(wanted, count);
      const windows = windowsOf(count, clusters, reach ?? count);

      const kernel = bestPartition(distinct, clusters, reach === undefined ? undefined : windows);

      expect(kernel).toEqual(plainBestPartition(distinct, windows));
    }),
    { numRuns: 400 },
  );
});

test("the kernel moves bounds as its twin does", () => {
  const steps = fc.integer({ min: 1, max: 40 });
  fc.assert(
    fc.property(distincts, fc.integer({ min: 2, max: 70 }), steps, (distinct, wanted, first) => {
      const count = distinct.values.length;
      const clusters = Math.min(wanted, count);
      const bounds = Int32Array.from({ length: clusters + 1 }, (_, k) => Math.round((k * count) / clusters));
      const plain = { bounds: bounds.slice(), steps: new Int32Array(clusters + 1).fill(first) };
      const kernel = { bounds: bounds.slice(), steps: plain.steps.slice() };

      plainRefineBounds(distinct, plain.bounds, plain.steps);
      refineBounds(distinct, kernel.bounds, kernel.steps);

      expect(kernel).toEqual(plain);
    }),
    { numRuns: 400 },
  );
});

test("where as many values are below zero as above, a choice that cannot be is still none", () => {
  const distinct = distinctOf([-0.96875, -0.96484375, -0.0078125, 0, 0.00390625, 0.0078125]);
  const start = () => ({ bounds: Int32Array.of(0, 1, 2, 4, 5, 6), steps: new Int32Array(6).fill(1) });
  const [plain, kernel] = [start(), start()];

  plainRefineBounds(distinct, plain.bounds, plain.steps);
  refineBounds(distinct, kernel.bounds, kernel.steps);

  expect(kernel).toEqual(plain);
});
