import { toF16 } from "@pippin/kernels";
import { expect, test } from "vitest";
import type { LinearEncoding } from "../src/encoding.ts";
import { dequantizeLinear, quantizeLinear } from "../src/linear.ts";

type Grain = Pick<LinearEncoding, "granularity" | "blockSize">;
const BLOCKS_OF_4: Grain = { granularity: "per_block", blockSize: 4 };

function encoding(
  dtype: LinearEncoding["dtype"],
  mode: LinearEncoding["mode"],
  grain: Grain,
): LinearEncoding {
  return { kind: "linear", dtype, mode, ...grain };
}

function hex(bytes: Uint8Array | Uint16Array | undefined): string | undefined {
  return bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}

const WEIGHT = toF16(
  Float32Array.of(...[1, -0.5, 0.25, 0.1, 7, -3.5, 0.5, 1.5], ...[-2, 2, 0, 0.6, 0.07, -0.01, 0.02, 0.035]),
);

// Expected bytes were computed by coremltools 9.0 (`linear_quantize_weights` on an fp16 model); scales little-endian.
test.each([
  ["int4", "symmetric", BLOCKS_OF_4, "c712c7207920f742", "9230003c92341f21", undefined],
  [
    "int8",
    "symmetric",
    { granularity: "per_channel" },
    "12f705027fc0091b817f002604ff0102",
    "0e2b0824",
    undefined,
  ],
  ["int8", "symmetric", { granularity: "per_tensor" }, "12f705027fc0091bdc24000b01000001", "0e2b", undefined],
  ["uint4", "asymmetric", BLOCKS_OF_4, "0f670f76f0a80f96", "662e9a394434761d", "5528"],
  ["uint4", "symmetric", BLOCKS_OF_4, "3e893e97e0976eb9", "9230003c92341f21", "7777"],
] as const)("%s %s matches coremltools", (dtype, mode, grain, data, scale, offset) => {
  const weight = quantizeLinear(WEIGHT, [2, 8], encoding(dtype, mode, grain));

  expect(hex(weight.data)).toBe(data);
  expect(hex(weight.scale)).toBe(scale);
  expect(hex(weight.offset)).toBe(offset);
});

test("a tie goes to the even integer", () => {
  // Scale 7 / 7 = 1: 0.5 → 0, 1.5 → 2, 2.5 → 2, and the same below zero.
  const codes = toF16(Float32Array.of(7, 0.5, 1.5, 2.5, -7, -0.5, -1.5, -2.5));

  expect(hex(quantizeLinear(codes, [2, 4], encoding("int4", "symmetric", BLOCKS_OF_4)).data)).toBe(
    "072209ee",
  );
});

test("the quotient is rounded to F16 before it is rounded to an integer", () => {
  // 0.2852 / F16(0.4434 / 7) is 4.5022, which F16 holds as 4.5: four, where F32 would give five.
  const codes = toF16(Float32Array.of(0.2852, 0.4434));

  const { data } = quantizeLinear(
    codes,
    [1, 2],
    encoding("int4", "symmetric", { granularity: "per_channel" }),
  );

  expect(hex(data)).toBe("74");
});

test("a group of zeros has scale 0 and data 0", () => {
  const weight = quantizeLinear(new Uint16Array(4), [1, 4], encoding("int8", "symmetric", BLOCKS_OF_4));

  expect(hex(weight.data)).toBe("00000000");
  expect(hex(weight.scale)).toBe("0000");
  expect(weight.error).toMatchObject({ zeroGroups: 1, mse: 0, snrDb: Number.POSITIVE_INFINITY });
});

test("beyond ±32752 the scale stays finite and is reported", () => {
  const codes = toF16(Float32Array.of(60000, -30000));

  const weight = quantizeLinear(codes, [1, 2], encoding("int8", "symmetric", { granularity: "per_channel" }));

  // 60000 / 127 = 472.44 → 472.5 in F16; −30000 / 472.5 = −63.492, in F16 −63.5, which goes to −64.
  expect(hex(weight.data)).toBe("7fc0");
  expect(hex(weight.scale)).toBe(hex(toF16(Float32Array.of(472.5))));
  expect(weight.error.wideScales).toBe(1);
});

test.each(["int4", "int8"] as const)("the largest F16 comes back finite from %s", (dtype) => {
  const coding = encoding(dtype, "symmetric", { granularity: "per_channel" });
  const codes = Uint16Array.of(0x7bff, 0xfbff);

  const [most, least] = dequantizeLinear(quantizeLinear(codes, [1, 2], coding), [1, 2], coding);

  // 7 · 9352 and 127 · 515.5 are 65464 and 65468.5; F16 has 65472 there.
  expect([most, least]).toEqual([0x7bfe, 0xfbfe]);
});

test("errors are those of the integers", () => {
  // Scale 1; 0.25 is lost at one element of four, and nothing else.
  const codes = toF16(Float32Array.of(7, -3, 2.25, 0));

  const { error } = quantizeLinear(codes, [1, 4], encoding("int4", "symmetric", BLOCKS_OF_4));

  expect(error.mse).toBeCloseTo(0.0625 / 4, 6);
  expect(error.maxError).toBeCloseTo(0.25, 6);
  expect(error.snrDb).toBeCloseTo(10 * Math.log10((49 + 9 + 5.0625) / 0.0625), 4);
});

test.each([
  ["int4", "symmetric"],
  ["uint8", "asymmetric"],
  ["uint4", "asymmetric"],
] as const)("%s %s: what comes back has the same integers", (dtype, mode) => {
  const values = Float32Array.from({ length: 7 * 33 }, (_, i) => Math.sin(i * i));
  const codes = toF16(values);
  const coding = encoding(dtype, mode, { granularity: "per_block", blockSize: 11 });
  const weight = quantizeLinear(codes, [7, 33], coding);

  const back = dequantizeLinear(weight, [7, 33], coding);

  const again = quantizeLinear(back, [7, 33], coding);
  expect(again.data).toEqual(weight.data);
});

const PER_CHANNEL = encoding("int8", "symmetric", { granularity: "per_channel" });

test.each([
  ["NaN", Uint16Array.of(0, 0x7e00), [1, 2], PER_CHANNEL, "QUANTIZE_WEIGHT_NOT_FINITE"],
  ["an infinity", Uint16Array.of(0, 0xfc00), [1, 2], PER_CHANNEL, "QUANTIZE_WEIGHT_NOT_FINITE"],
  ["nothing", new Uint16Array(0), [0, 4], PER_CHANNEL, "QUANTIZE_SHAPE_INVALID"],
  ["another shape", new Uint16Array(4), [3, 2], PER_CHANNEL, "QUANTIZE_SHAPE_INVALID"],
  [
    "too short rows",
    new Uint16Array(4),
    [2, 2],
    encoding("int4", "symmetric", BLOCKS_OF_4),
    "KERNELS_ENCODING_INVALID",
  ],
] as const)("%s is refused by the weight's name", (_, codes, shape, coding, code) => {
  expect(() => quantizeLinear(codes, shape, coding, { name: "layers.3.mlp" })).toThrow(
    expect.objectContaining({
      code,
      message: expect.stringContaining("layers.3.mlp"),
      hint: expect.any(String),
    }),
  );
});
