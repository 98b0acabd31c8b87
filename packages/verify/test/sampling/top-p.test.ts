import fc from "fast-check";
import { expect, test } from "vitest";
import { keepShare } from "../../src/sampling/top-p.ts";

const kept = (weights: readonly number[], share: number, logits: readonly number[] = weights) => {
  const row = Float32Array.from(weights);
  keepShare(row, Float32Array.from(logits), share);
  return [...row.keys()].filter((id) => row[id]! > 0);
};

/** Weights of 4/8, 2/8, 1/8, 1/8 of the sum: a token stays while those before it have less than the share. */
test.each([
  [0, [2]],
  [0.5, [2]],
  [0.5001, [0, 2]],
  [0.75, [0, 2]],
  [0.76, [0, 1, 2]],
  [0.875, [0, 1, 2]],
  [0.88, [0, 1, 2, 3]],
])("a share of %d keeps the ids %j", (share, expected) => {
  expect(kept([0.5, 0.25, 1, 0.25], share)).toEqual(expected);
});

test("of equal weights the higher logit stays, then the lower id", () => {
  expect(kept([1, 1, 1, 1], 0.5)).toEqual([0, 1]);
  expect(kept([1, 1, 1, 1], 0.5, [1, 2, 2, 3])).toEqual([1, 3]);
});

/** Sorts everything, and sums 2^-149ths in whole numbers, so that nothing is rounded. */
function keptBySorting(weights: Float32Array, share: number): number[] {
  const exact = (value: number) => BigInt(value * 2 ** 149);
  const total = weights.reduce((sum, weight) => sum + exact(weight), 0n);
  // share has 24 significant bits, and is 0 or above 2^-40 here.
  const target = BigInt(share * 2 ** 70) * total;
  let before = 0n;
  const order = [...weights.keys()].sort((a, b) => weights[b]! - weights[a]! || a - b);
  const ids = order.filter((id, i) => {
    const stays = i === 0 || (weights[id]! > 0 && before << 70n < target);
    before += exact(weights[id]!);
    return stays;
  });
  return ids.sort((a, b) => a - b);
}

test("any weights of a few bits give exactly what a full sort gives", () => {
  // 8 significant bits and exponents of 0 to -20: sums are exact in Float64 too, so that equal sums are equal.
  const weight = fc.tuple(fc.nat(255), fc.nat(20)).map(([bits, exponent]) => bits * 2 ** (-8 - exponent));
  const share = fc.nat(255).map((part) => part / 256);
  fc.assert(
    fc.property(fc.array(weight, { minLength: 1, maxLength: 80 }), share, (values, part) => {
      const row = Float32Array.from([1, ...values]);
      expect(kept([...row], part)).toEqual(keptBySorting(row, part));
    }),
    { numRuns: 2000 },
  );
});

test("weights that begin with the same bits are told apart", () => {
  const step = 2 ** -24;
  const weights = [1 - 3 * step, 1 - step, 1 - 4 * step, 1 - 2 * step];
  expect(kept(weights, 0.5)).toEqual([1, 3]);
  expect(kept(weights, 0.75)).toEqual([0, 1, 3]);
  expect(kept(weights, 0.25)).toEqual([1]);
});
