import { createCodeHistogram } from "@pippin/kernels";
import { expect, test } from "vitest";
import { PaletteEncoding } from "../../src/palette/encoding.ts";
import { fitPalette } from "../../src/palette/fit.ts";
import { depalettize, palettize } from "../../src/palette/palettize.ts";

const TENSOR = { kind: "palette", bits: 4, granularity: "per_tensor" } as const;
const GROUPS = { kind: "palette", bits: 4, granularity: "per_grouped_channel", groupSize: 16 } as const;
const name = "layers.0.mlp.up";

test.each([
  ["NaN", 0x7e00],
  ["an infinity", 0xfc00],
])("%s is reported with the tensor and its place", (_, code) => {
  const codes = new Uint16Array(64 * 2);
  codes[100] = code;

  expect(() => palettize(codes, [64, 2], GROUPS, { name })).toThrow(
    expect.objectContaining({
      code: "QUANTIZE_PALETTE_NOT_FINITE",
      message: expect.stringMatching(/^layers\.0\.mlp\.up has .* element 100,/),
    }),
  );
});

test.each([
  [24, 'Use one of these group sizes: 1, 2, 3, 4, 6, 8, 12, 24; or granularity "per_tensor".'],
  [67, 'Use one of these group sizes: 1; or granularity "per_tensor".'],
])("a group size that does not divide %i rows comes with those that do", (rows, hint) => {
  expect(() => palettize(new Uint16Array(rows), [rows, 1], GROUPS, { name })).toThrow(
    expect.objectContaining({ code: "QUANTIZE_PALETTE_GROUP_SIZE", hint }),
  );
});

test.each([
  ["a tensor without elements", "QUANTIZE_PALETTE_EMPTY", () => palettize(new Uint16Array(), [0, 8], TENSOR)],
  ["an empty histogram", "QUANTIZE_PALETTE_EMPTY", () => fitPalette(createCodeHistogram(), 4)],
  ["codes of another shape", "QUANTIZE_PALETTE_SHAPE", () => palettize(new Uint16Array(7), [2, 4], TENSOR)],
  [
    "indices of another shape",
    "QUANTIZE_PALETTE_SHAPE",
    () => depalettize({ indices: new Uint8Array(3), lut: new Uint16Array(16) }, [2, 4], TENSOR),
  ],
  [
    "tables of another number of groups",
    "QUANTIZE_PALETTE_SHAPE",
    () => depalettize({ indices: new Uint8Array(16), lut: new Uint16Array(16) }, [32, 1], GROUPS),
  ],
])("%s is an error", (_, code, act) => {
  expect(act).toThrow(expect.objectContaining({ code }));
});

test("the schema knows the bits of Core ML and defaults to groups of 32 rows", () => {
  expect(PaletteEncoding.parse({ kind: "palette", bits: 6, granularity: "per_grouped_channel" })).toEqual({
    kind: "palette",
    bits: 6,
    granularity: "per_grouped_channel",
    groupSize: 32,
  });
  expect(PaletteEncoding.safeParse({ kind: "palette", bits: 5, granularity: "per_tensor" }).success).toBe(
    false,
  );
  expect(PaletteEncoding.safeParse({ ...GROUPS, groupSize: 0 }).success).toBe(false);
});
