import fc from "fast-check";
import { expect, test } from "vitest";
import { chooseWithin, type WeightChoices } from "../../src/search/choose.ts";

const choice = fc.record({
  encoding: fc.constant("x"),
  bytes: fc.integer({ min: 1, max: 400 }),
  loss: fc.double({ min: 0, max: 1, noNaN: true }),
});
const weights = fc.array(
  fc.array(choice, { minLength: 1, maxLength: 4 }).map((choices): WeightChoices => ({ role: "w", choices })),
  { minLength: 1, maxLength: 5 },
);

/** The least loss of all mixes that fit. */
function best(given: readonly WeightChoices[], budget: number): number {
  const [first, ...rest] = given;
  if (first === undefined) return budget >= 0 ? 0 : Number.POSITIVE_INFINITY;
  return Math.min(...first.choices.map(({ bytes, loss }) => loss + best(rest, budget - bytes)));
}

const total = (given: readonly WeightChoices[], places: readonly number[], what: "bytes" | "loss") =>
  given.reduce((sum, { choices }, i) => sum + choices[places[i]!]![what], 0);

test("no mix that fits loses less", () => {
  fc.assert(
    fc.property(weights, fc.integer({ min: 1, max: 2000 }), (given, budget) => {
      const least = total(given, given.map(smallest), "bytes");
      if (budget < least) {
        expect(() => chooseWithin(given, budget)).toThrow(
          expect.objectContaining({ code: "TUNE_BUDGET_TOO_SMALL", details: { budget, least } }),
        );
        return;
      }
      const places = chooseWithin(given, budget);
      expect(total(given, places, "bytes")).toBeLessThanOrEqual(budget);
      expect(total(given, places, "loss")).toBeCloseTo(best(given, budget), 10);
    }),
  );
});

function smallest({ choices }: WeightChoices): number {
  return choices.reduce((place, { bytes }, i) => (bytes < choices[place]!.bytes ? i : place), 0);
}

test("a budget for everything takes what loses nothing", () => {
  const choices = [
    { encoding: "int4", bytes: 50, loss: 1 },
    { encoding: "grid", bytes: 60, loss: 0 },
    { encoding: "fp16", bytes: 200, loss: 0 },
  ];
  const given = Array.from({ length: 300 }, (_, i) => ({ role: `layers.${i}`, choices }));

  expect(new Set(chooseWithin(given, 1e9))).toEqual(new Set([1]));
  expect(chooseWithin(given, 300 * 60 - 1).filter((place) => place === 0)).toHaveLength(1);
});
