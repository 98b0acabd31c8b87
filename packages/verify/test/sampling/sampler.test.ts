import fc from "fast-check";
import { expect, test } from "vitest";
import { argmax } from "../../src/logits.ts";
import type { SampleOptions } from "../../src/sampling/options.ts";
import { createSampler } from "../../src/sampling/sampler.ts";

const { NaN: NAN, NEGATIVE_INFINITY: NEVER, POSITIVE_INFINITY } = Number;

/** Draws of one sampler from the same logits. */
const draws = (options: SampleOptions, logits: readonly number[], count = 50) => {
  const sampler = createSampler(options);
  return Array.from({ length: count }, () => sampler.next(Float32Array.from(logits)));
};

const idsOf = (options: SampleOptions, logits: Float32Array) =>
  createSampler({ temperature: 1, ...options })
    .probabilities(logits)
    .map(({ id }) => id);

test("without a temperature the most likely token is chosen, the first of equals", () => {
  const rows = [[1, 3, 2], [3, 3], [-5], [-0, 0], [NEVER, -9]];
  expect(rows.map((row) => createSampler().next(Float32Array.from(row)))).toEqual([1, 0, 0, 0, 1]);
});

test("draws follow the softmax", () => {
  const count = 20_000;
  const ids = draws({ temperature: 2, seed: 1 }, [2 * Math.log(1), 2 * Math.log(2), 2 * Math.log(5)], count);
  // Five standard deviations: sqrt(p (1 - p) / 20000) < 0.0036.
  [1 / 8, 2 / 8, 5 / 8].forEach((share, id) => {
    expect(Math.abs(ids.filter((drawn) => drawn === id).length / count - share)).toBeLessThan(0.018);
  });
});

test("a small temperature is greedy, a large one uniform", () => {
  expect(new Set(draws({ temperature: 1e-300 }, [1, 1.1, -4]))).toEqual(new Set([1]));
  expect(new Set(draws({ temperature: 1e-42 }, [1, 1.1, -4]))).toEqual(new Set([1]));
  expect(new Set(draws({ temperature: POSITIVE_INFINITY }, [1, 1.1, -4])).size).toBe(3);
});

/** Weights are 1, 1/2, 1/4 and 1/4: probabilities 4/8, 2/8, 1/8 and 1/8. */
const HALVES = [Math.log(2), Math.log(4), Math.log(1), Math.log(1)];

test.each<[string, SampleOptions, readonly (readonly [number, number])[]]>([
  [
    "a temperature",
    { temperature: 0.5 },
    [
      [0, 4 / 22],
      [1, 16 / 22],
      [2, 1 / 22],
      [3, 1 / 22],
    ],
  ],
  [
    "top-k",
    { topK: 2 },
    [
      [0, 1 / 3],
      [1, 2 / 3],
    ],
  ],
  [
    "top-k with a tie at its end",
    { topK: 3 },
    [
      [0, 2 / 8],
      [1, 4 / 8],
      [2, 1 / 8],
      [3, 1 / 8],
    ],
  ],
  [
    "top-p",
    { topP: 0.74 },
    [
      [0, 1 / 3],
      [1, 2 / 3],
    ],
  ],
  [
    "top-p with a tie at its end",
    { topP: 0.8 },
    [
      [0, 2 / 7],
      [1, 4 / 7],
      [2, 1 / 7],
    ],
  ],
  [
    "min-p",
    { minP: 0.4 },
    [
      [0, 1 / 3],
      [1, 2 / 3],
    ],
  ],
  ["top-p of what top-k left", { topK: 2, topP: 0.6 }, [[1, 1]]],
  [
    "min-p of what top-p left",
    { topP: 0.8, minP: 0.3 },
    [
      [0, 1 / 3],
      [1, 2 / 3],
    ],
  ],
])("%s gives the probabilities of a worked example", (_, options, expected) => {
  const found = createSampler({ temperature: 1, ...options }).probabilities(Float32Array.from(HALVES));
  expect(found.map(({ id }) => id)).toEqual(expected.map(([id]) => id));
  for (const [i, [, probability]] of expected.entries())
    expect(found[i]!.probability).toBeCloseTo(probability, 6);
});

test("a sampler remembers what it chose", () => {
  const sampler = createSampler({ presencePenalty: 2 }, [0]);
  const logits = Float32Array.of(3, 2.5, 2);
  expect([1, 2, 3, 4].map(() => sampler.next(logits))).toEqual([0, 1, 2, 0]);
});

test("a token that was chosen elsewhere counts too", () => {
  const sampler = createSampler({ presencePenalty: 2 });
  sampler.accept(0);
  expect(sampler.next(Float32Array.of(3, 2.5, 2))).toBe(1);
});

test("the prompt counts for the repetition penalty", () => {
  expect(createSampler({ repetitionPenalty: 2 }, [1]).next(Float32Array.of(1, 1.5))).toBe(0);
});

test("asking for probabilities changes nothing", () => {
  const [one, other] = [0, 1].map(() => createSampler({ temperature: 1, seed: 3, frequencyPenalty: 1 }));
  const logits = Float32Array.of(1, 2, 3, 2);
  for (let i = 0; i < 20; i++) {
    one!.probabilities(logits);
    expect(one!.next(logits)).toBe(other!.next(logits));
  }
});

test.each([[[1, NAN]], [[NAN, 1]], [[1, POSITIVE_INFINITY]], [[NEVER, NEVER]], [[]]])(
  "the logits %j are reported",
  (row) => {
    for (const temperature of [0, 1]) {
      expect(() => createSampler({ temperature }).next(Float32Array.from(row))).toThrow(
        expect.objectContaining({ code: "VERIFY_LOGITS_NOT_FINITE" }),
      );
    }
  },
);

test("a logit that a penalty makes infinite is reported", () => {
  const sampler = createSampler({ repetitionPenalty: 1e-40 }, [0]);
  expect(() => sampler.next(Float32Array.of(1, 2))).toThrow(
    expect.objectContaining({ code: "VERIFY_LOGITS_NOT_FINITE" }),
  );
});

test.each<[SampleOptions, string, string]>([
  [{ temperature: -1 }, "temperature is -1", "Give a number of at least 0."],
  [{ temperature: NAN }, "temperature is NaN", "Give a number of at least 0."],
  [{ topK: 1.5 }, "topK is 1.5", "Give a whole number of at least 0."],
  [{ topP: 1.1 }, "topP is 1.1", "Give a number from 0 to 1."],
  [{ minP: -0.1 }, "minP is -0.1", "Give a number from 0 to 1."],
  [{ repetitionPenalty: 0 }, "repetitionPenalty is 0", "Give a number above 0."],
  [{ repetitionPenalty: POSITIVE_INFINITY }, "repetitionPenalty is Infinity", "Give a number above 0."],
  [{ frequencyPenalty: 3 }, "frequencyPenalty is 3", "Give a number from -2 to 2."],
  [{ presencePenalty: NAN }, "presencePenalty is NaN", "Give a number from -2 to 2."],
  [{ seed: 0.5 }, "seed is 0.5", "Give a whole number."],
])("the options %j are refused", (options, message, hint) => {
  expect(() => createSampler(options)).toThrow(
    expect.objectContaining({ code: "VERIFY_SAMPLING_INVALID", message, hint }),
  );
});

const anyLogits = fc.float32Array({ minLength: 1, maxLength: 40, noNaN: true, noDefaultInfinity: true });
const likelyLogits = fc.float32Array({ minLength: 1, maxLength: 60, noNaN: true, min: -20, max: 20 });
const anyTemperature = fc.double({ min: 0.01, max: 100, noNaN: true });
const anyShare = fc.double({ min: 0, max: 1, noNaN: true });

test("any finite logits give an id of the vocabulary, the same for the same seed", () => {
  const temperatures = fc.double({ min: 0, max: 100, noNaN: true });
  fc.assert(
    fc.property(anyLogits, temperatures, anyShare, fc.integer(), (logits, temperature, topP, seed) => {
      const options = { temperature, topP, seed };
      const id = createSampler(options).next(logits);
      expect(Number.isInteger(id) && id >= 0 && id < logits.length).toBe(true);
      expect(createSampler(options).next(logits)).toBe(id);
      if (temperature === 0) expect(id).toBe(argmax(logits));
    }),
  );
});

test("only the most likely token, a share of 0 or the probability of the best are greedy", () => {
  fc.assert(
    fc.property(likelyLogits, anyTemperature, fc.integer(), (logits, temperature, seed) => {
      expect(createSampler({ temperature, seed, topP: 0 }).next(logits)).toBe(argmax(logits));
      const best = logits[argmax(logits)]!;
      expect(logits[createSampler({ temperature, seed, topK: 1 }).next(logits)]).toBe(best);
    }),
  );
});

test("probabilities are above 0 and sum up to 1", () => {
  fc.assert(
    fc.property(
      likelyLogits,
      anyTemperature,
      fc.nat(50),
      anyShare,
      anyShare,
      (logits, temperature, topK, topP, minP) => {
        const found = createSampler({ temperature, topK, topP, minP }).probabilities(logits);
        const total = found.reduce((sum, { probability }) => sum + probability, 0);
        // Each of 60 is rounded to Float32: half an ulp of at most 2^-24 of it.
        expect(Math.abs(total - 1)).toBeLessThan(2 ** -23);
        expect(found.every(({ probability }) => probability > 0)).toBe(true);
      },
    ),
  );
});

test("more is kept for a larger topK and topP and a smaller minP", () => {
  const ordered = (value: fc.Arbitrary<number>) =>
    fc.tuple(value, value).map((pair) => pair.sort((a, b) => a - b));
  fc.assert(
    fc.property(
      likelyLogits,
      ordered(fc.integer({ min: 1, max: 60 })),
      ordered(anyShare),
      (logits, counts, shares) => {
        const within = (few: SampleOptions, many: SampleOptions) =>
          expect(idsOf(many, logits)).toEqual(expect.arrayContaining(idsOf(few, logits)));
        within({ topK: counts[0]! }, { topK: counts[1]! });
        within({ topP: shares[0]! }, { topP: shares[1]! });
        within({ minP: shares[1]! }, { minP: shares[0]! });
      },
    ),
  );
});
