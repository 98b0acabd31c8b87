import { expect, test } from "vitest";
import { addBias, gated, rmsNormRows, rotateHeads } from "../../src/node/math.ts";

/** Half a unit in the last place of F32, relative. */
const ROUNDING = 2 ** -24;

function expectClose(actual: Float32Array, expected: readonly number[]): void {
  expect(actual.length).toBe(expected.length);
  expected.forEach((value, index) => {
    expect(Math.abs(actual[index]! - value)).toBeLessThanOrEqual(4 * ROUNDING * Math.max(1, Math.abs(value)));
  });
}

test("each row is normed by its own root mean square", () => {
  const x = Float32Array.of(3, 4, 0, 0);
  const out = rmsNormRows(x, Float32Array.of(1, 2), { kind: "rms", epsilon: 0.5 }, new Float32Array(4));
  expectClose(out, [3 / Math.sqrt(13), 8 / Math.sqrt(13), 0, 0]);
  expect([...x]).toEqual([3, 4, 0, 0]);
});

test("large values do not overflow the mean", () => {
  const out = rmsNormRows(Float32Array.of(1e30, -1e30), Float32Array.of(1, 1), {
    kind: "rms",
    epsilon: 1e-6,
  });
  expectClose(out, [1, -1]);
});

test("a bias is added to each row, or nothing", () => {
  expect([...addBias(Float32Array.of(1, 2, 3, 4), Float32Array.of(10, 20))]).toEqual([11, 22, 13, 24]);
  expect([...addBias(Float32Array.of(1, 2), undefined)]).toEqual([1, 2]);
});

test("gates are activated and multiplied", () => {
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));
  expectClose(gated("silu", Float32Array.of(2, -1, -200), Float32Array.of(3, 4, 5)), [
    6 * sigmoid(2),
    -4 * sigmoid(-1),
    0,
  ]);
  // gelu_tanh(1) = 0.841192 (torch.nn.functional.gelu(1, approximate="tanh"))
  expect(gated("gelu_tanh", Float32Array.of(1), Float32Array.of(1))[0]).toBeCloseTo(0.841192, 6);
});

test("only the rotary part of a head turns, halves paired", () => {
  const rope = { theta: 10000, rotaryDim: 4, scaling: { kind: "none" } } as const;
  const quarter = { cos: Float32Array.of(0, 1), sin: Float32Array.of(1, 0) };
  const x = Float32Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10);
  rotateHeads(x, { rope, headDim: 5, ...quarter });
  expect([...x]).toEqual([-3, 2, 1, 4, 5, -8, 7, 6, 9, 10]);
});
