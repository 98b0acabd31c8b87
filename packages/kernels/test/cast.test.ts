import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { castToF16, castToF32, fromF16, toF16 } from "../src/cast.ts";
import type { FloatDtype } from "../src/dtype.ts";
import { plainCastToF16 } from "../src/plain/cast.ts";

const fixtures = join(import.meta.dirname, "fixtures");
const cases = readdirSync(fixtures, { withFileTypes: true }).filter((entry) => entry.isDirectory());

describe.each(cases.map(({ name }) => name))("numpy's F16 of %s", (name) => {
  const folder = join(fixtures, name);
  const { dtype }: { dtype: FloatDtype } = JSON.parse(readFileSync(join(folder, "origin.json"), "utf8"));
  const input = new Uint8Array(readFileSync(join(folder, `input.${dtype.toLowerCase()}`)));
  const expected = codesOf(readFileSync(join(folder, "expected.f16")));

  test("is what the kernel gives", () => {
    expect(castToF16(input, dtype).codes).toEqual(expected);
  });

  test("is what the plain twin gives", () => {
    expect(plainCastToF16(input, dtype).codes).toEqual(expected);
  });
});

test("finite values beyond F16 saturate and show in maxAbs", () => {
  const values = new Float32Array([65519, 65520, -1e30, 1]);

  const cast = castToF16(new Uint8Array(values.buffer), "F32");

  expect([...cast.codes]).toEqual([0x7bff, 0x7bff, 0xfbff, 0x3c00]);
  expect(cast.maxAbs).toBe(Math.fround(1e30));
});

test("infinities and NaN keep their meaning and show in maxAbs", () => {
  expect([...toF16(new Float32Array([Infinity, -Infinity, NaN, -0]))]).toEqual([
    0x7c00, 0xfc00, 0x7e00, 0x8000,
  ]);
  expect(castToF16(new Uint8Array(new Float32Array([1, -Infinity]).buffer), "F32").maxAbs).toBe(Infinity);
  expect(castToF16(new Uint8Array(new Float32Array([Infinity, NaN]).buffer), "F32").maxAbs).toBeNaN();
});

test("F64 is rounded once: a value just above a tie of F16 that F32 would move onto the tie goes up", () => {
  const values = new Float64Array([1 + 2 ** -11 + 2 ** -40]);

  expect([...castToF16(new Uint8Array(values.buffer), "F64").codes]).toEqual([0x3c01]);
});

test("all F16 codes survive widening and rounding", () => {
  const codes = Uint16Array.from({ length: 65536 }, (_, code) => code).filter(
    (code) => (code & 0x7fff) <= 0x7c00,
  );

  expect(toF16(fromF16(codes))).toEqual(codes);
});

test("bytes that end within a block are refused", () => {
  expect(() => castToF32(new Uint8Array(35), "Q8_0")).toThrow(
    expect.objectContaining({ code: "KERNELS_SHAPE_MISMATCH" }),
  );
});

function codesOf(bytes: Uint8Array): Uint16Array {
  return new Uint16Array(new Uint8Array(bytes).buffer);
}
