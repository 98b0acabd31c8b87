import { expect, test } from "vitest";
import { quantizeGroups } from "../src/mlc.ts";

function hex(values: Iterable<number>, digits: number): string[] {
  return Array.from(values, (value) => value.toString(16).padStart(digits, "0"));
}

const RAMP = Float32Array.from({ length: 32 }, (_, i) => (i - 16) / 8);

// Words and scales of this file were computed by mlc_llm on a CPU.
test.each([
  ["q4f16_1", ["33221100", "76655444", "aa998877", "eddccbba"], "3492", [1, 4]],
  ["q4f16_0", ["33221100", "76655444", "aa998877", "eddccbba"], "3492", [4, 1]],
  ["q3f16_1", ["12249200", "236db492", "2db6c924", "00000036"], "3955", [1, 4]],
] as const)("a ramp in %s", (mode, words, scale, shape) => {
  const weight = quantizeGroups(RAMP, [1, 32], mode);

  expect(hex(weight.words, 8)).toEqual(words);
  expect(hex(weight.scale, 4)).toEqual([scale]);
  expect(weight.wordsShape).toEqual(shape);
});

test("a ramp in q4f32_1 has an F32 scale", () => {
  const { words, scale } = quantizeGroups(RAMP, [1, 32], "q4f32_1");

  expect(hex(words, 8)).toEqual(["33221100", "76655444", "aa998877", "eddccbba"]);
  expect(scale).toEqual(Float32Array.of(2 / 7));
});

test("ties are rounded to even after the middle code is added", () => {
  const halves = Array.from({ length: 14 }, (_, i) => i - 6.5);
  const quarters = Array.from({ length: 16 }, (_, i) => (i - 8) / 4);
  const values = Float32Array.of(7, -7, ...halves, ...quarters);

  expect(hex(quantizeGroups(values, [1, 32], "q4f16_1").words, 8)).toEqual([
    ...["6442200e", "eccaa886", "76666655", "98888877"],
  ]);
  const q3 = quantizeGroups(values, [1, 32], "q3f16_1");
  expect(hex(q3.words, 8)).toEqual(["1b491206", "124b5b24", "236db6db", "00000024"]);
  expect(hex(q3.scale, 4)).toEqual(["40ab"]);
});

test("a group of zeros has scale and codes 0, and a short row is filled with zero bits", () => {
  const values = Float32Array.from({ length: 2 * 10 }, (_, i) => (i < 10 ? 0 : 7));

  const { words, scale } = quantizeGroups(values, [2, 10], "q4f16_1");

  expect(hex(words, 8)).toEqual([
    ...["00000000", "00000000", "00000000", "00000000"],
    ...["eeeeeeee", "000000ee", "00000000", "00000000"],
  ]);
  expect(hex(scale, 4)).toEqual(["0000", "3c00"]);
});

test("a value beyond F16 is refused, or makes its group's scale infinite as in mlc_llm", () => {
  const values = Float32Array.from({ length: 32 }, (_, i) => (i === 3 ? 1e6 : i / 8));

  expect(() => quantizeGroups(values, [1, 32], "q4f16_1")).toThrow(
    expect.objectContaining({ code: "QUANTIZE_WEIGHT_NOT_FINITE" }),
  );
  const { words, scale } = quantizeGroups(values, [1, 32], "q4f16_1", { overflow: "infinite" });
  expect(hex(words, 8)).toEqual(["77770777", "77777777", "77777777", "77777777"]);
  expect(hex(scale, 4)).toEqual(["7c00"]);
  values[5] = Number.NaN;
  expect(() => quantizeGroups(values, [1, 32], "q4f16_1", { overflow: "infinite" })).toThrow(
    "NaN at element 5",
  );
});

test("the KN layout transposes linear weights, not embeddings", () => {
  const values = Float32Array.from({ length: 2 * 64 }, (_, i) => Math.sin(i));
  const byRows = quantizeGroups(values, [2, 64], "q4f16_1");
  const linear = quantizeGroups(values, [2, 64], "q4f16_0");

  expect(linear.wordsShape).toEqual([8, 2]);
  expect(linear.scaleShape).toEqual([2, 2]);
  expect(linear.words[2 * 3 + 1]).toBe(byRows.words[8 + 3]);
  expect(linear.scale[1]).toBe(byRows.scale[2]);
  expect(quantizeGroups(values, [2, 64], "q4f16_0", { role: "embedding" })).toEqual(byRows);
});

test("a value that F16 cannot hold is refused by name, with a mode that can", () => {
  expect(() => quantizeGroups(Float32Array.of(1e6), [1, 1], "q4f16_1", { name: "lm_head" })).toThrow(
    expect.objectContaining({
      code: "QUANTIZE_WEIGHT_NOT_FINITE",
      message: expect.stringContaining("lm_head"),
      hint: expect.stringContaining("q4f32_1"),
    }),
  );
});
