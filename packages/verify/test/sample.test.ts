import fc from "fast-check";
import { expect, test } from "vitest";
import { argmax } from "../src/logits.ts";
import { createSampler, splitMix32 } from "../src/sample.ts";

test("without a temperature the most likely token is chosen, the first of equals", () => {
  const sample = createSampler();
  expect([
    sample(Float32Array.of(1, 3, 2)),
    sample(Float32Array.of(3, 3)),
    sample(Float32Array.of(-5)),
  ]).toEqual([1, 0, 0]);
});

/** From the same steps in Python's unbounded integers, masked to 32 bits. */
test.each([
  [0, [1684164658, 3653269916, 2939563536, 2141751570]],
  [-5, [1426393522, 69271245, 3725471609]],
])("SplitMix32 from seed %i gives its known numbers", (seed, expected) => {
  const random = splitMix32(seed);
  expect(expected.map(() => random() * 2 ** 32)).toEqual(expected);
});

test("draws follow the softmax", () => {
  const sample = createSampler({ temperature: 2, seed: 1 });
  const logits = Float32Array.of(2 * Math.log(1), 2 * Math.log(2), 2 * Math.log(5));
  const counts = [0, 0, 0];
  const draws = 20_000;
  for (let i = 0; i < draws; i++) counts[sample(logits)]!++;
  // Five standard deviations: sqrt(p (1 - p) / 20000) < 0.0036.
  [1 / 8, 2 / 8, 5 / 8].forEach((share, id) => {
    expect(Math.abs(counts[id]! / draws - share)).toBeLessThan(0.018);
  });
});

test("a small temperature is greedy, a large one uniform", () => {
  const logits = Float32Array.of(1, 1.1, -4);
  const cold = createSampler({ temperature: 1e-300 });
  expect(Array.from({ length: 50 }, () => cold(logits))).toEqual(Array.from({ length: 50 }, () => 1));
  const hot = createSampler({ temperature: Number.POSITIVE_INFINITY });
  expect(new Set(Array.from({ length: 50 }, () => hot(logits))).size).toBe(3);
});

test("any finite logits give an id of the vocabulary, the same for the same seed", () => {
  const anyLogits = fc.float32Array({ minLength: 1, maxLength: 40, noNaN: true, noDefaultInfinity: true });
  fc.assert(
    fc.property(
      anyLogits,
      fc.double({ min: 0, max: 100, noNaN: true }),
      fc.integer(),
      (logits, temperature, seed) => {
        const id = createSampler({ temperature, seed })(logits);
        expect(Number.isInteger(id) && id >= 0 && id < logits.length).toBe(true);
        expect(createSampler({ temperature, seed })(logits)).toBe(id);
        if (temperature === 0) expect(id).toBe(argmax(logits));
      },
    ),
  );
});
