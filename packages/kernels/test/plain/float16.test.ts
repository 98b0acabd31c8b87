import { expect, test } from "vitest";
import { f16Code, f16Value } from "../../src/plain/float16.ts";

test.each([
  [1, 0x3c00],
  [-2, 0xc000],
  [65504, 0x7bff],
  [65519.999, 0x7bff],
  [2 ** -14, 0x0400],
  [2 ** -14 - 2 ** -24, 0x03ff],
  [2 ** -24, 0x0001],
  [2 ** -25, 0x0000],
  [2 ** -25 * 1.0001, 0x0001],
  [1 + 2 ** -11, 0x3c00],
  [1 + 3 * 2 ** -11, 0x3c02],
  [-0, 0x8000],
])("%d has the F16 code %i", (value, code) => {
  expect(f16Code(value)).toBe(code);
});

test("every finite code has a value whose code it is", () => {
  const codes = Array.from({ length: 65536 }, (_, code) => code).filter((code) => (code & 0x7c00) !== 0x7c00);

  expect(codes.map((code) => f16Code(f16Value(code)))).toEqual(codes);
});
