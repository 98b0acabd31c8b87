import { isPippinError } from "@pippin/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { byteLengthOf, type Dtype, elementCount } from "../src/dtype.ts";
import { planExpr } from "../src/expr-plan.ts";
import type {
  AffineSource,
  PackedSource,
  PaletteSource,
  ScaledSource,
  TensorSource,
} from "../src/weight-expr.ts";

function tensor(dtype: Dtype, shape: readonly number[]): TensorSource {
  const byteLength = byteLengthOf(dtype, elementCount(shape));
  return { file: "w", byteOffset: 0, byteLength, dtype, shape };
}

const MLX: AffineSource = {
  ...{ kind: "affine", shape: [4, 64], bits: 4, packing: "rows", groupSize: 32 },
  codes: tensor("U32", [4, 8]),
  scales: tensor("F16", [4, 2]),
  offset: { kind: "biases", biases: tensor("F16", [4, 2]) },
};
const GPTQ: AffineSource = {
  ...{ kind: "affine", shape: [16, 64], bits: 4, packing: "gptq", groupSize: 32 },
  codes: tensor("I32", [8, 16]),
  scales: tensor("F16", [2, 16]),
  offset: { kind: "zeroPoints", zeros: tensor("I32", [2, 2]), added: 1 },
  groupIndex: tensor("I32", [64]),
};
const FP8: ScaledSource = {
  ...{ kind: "scaled", shape: [16, 64], format: "F8_E4M3", block: [8, 32] },
  codes: tensor("F8_E4M3", [16, 64]),
  scales: tensor("F32", [2, 2]),
};

/** uint4 as Core ML stores it: an odd number of codes in one stream, and offsets of the same kind. */
const UINT4: AffineSource = {
  ...{ kind: "affine", shape: [3, 63], bits: 4, packing: "rows", groupSize: 21 },
  codes: tensor("U8", [95]),
  scales: tensor("F16", [3, 3]),
  offset: { kind: "zeroPoints", zeros: tensor("U8", [5]), added: 0 },
};
const INT4: ScaledSource = {
  ...{ kind: "scaled", shape: [3, 63], format: "I4", block: [1, 21] },
  codes: tensor("U8", [95]),
  scales: tensor("F16", [3, 3]),
};
const PALETTE: PaletteSource = {
  ...{ kind: "palette", shape: [6, 15], bits: 3, groupRows: 2 },
  codes: tensor("U8", [34]),
  table: tensor("F16", [3, 8]),
};

const plan = (source: PackedSource) => planExpr({ source, ops: [], shape: source.shape }, "w");

test.each([MLX, GPTQ, FP8, UINT4, INT4, PALETTE])("a source that fits is planned", (source) => {
  expect(plan(source).elements).toBe(elementCount(source.shape));
});

test.each<[string, PackedSource]>([
  ["groups of no columns", { ...MLX, groupSize: 0 }],
  ["groups that do not fill a row", { ...MLX, groupSize: 48 }],
  ["scales for other groups", { ...MLX, scales: tensor("F16", [4, 3]) }],
  ["scales that are integers", { ...MLX, scales: tensor("I32", [4, 2]) }],
  ["biases for other rows", { ...MLX, offset: { kind: "biases", biases: tensor("F16", [2, 4]) } }],
  ["seven bits", { ...MLX, bits: 7 as 8 }],
  ["codes of other bits", { ...MLX, bits: 8 }],
  ["codes that are bytes", { ...MLX, codes: tensor("U8", [4, 8]) }],
  ["zero points in words, of rows", { ...MLX, offset: GPTQ.offset }],
  [
    "zero points for other rows",
    { ...GPTQ, offset: { kind: "zeroPoints", zeros: tensor("I32", [2, 3]), added: 0 } },
  ],
  ["biases of transposed codes", { ...GPTQ, offset: MLX.offset }],
  ["a short index of groups", { ...GPTQ, groupIndex: tensor("I32", [63]) }],
  ["an index of groups in another dtype", { ...GPTQ, groupIndex: tensor("I64", [64]) }],
  ["AWQ with an index", { ...GPTQ, packing: "awq", codes: tensor("I32", [64, 2]) }],
  ["AWQ of eight bits", { ...GPTQ, packing: "awq", bits: 8 }],
  ["a vector", { ...FP8, shape: [1024] }],
  ["no rows", { ...FP8, shape: [0, 64], codes: tensor("F8_E4M3", [0, 64]) }],
  ["blocks of no rows", { ...FP8, block: [0, 32] }],
  ["more blocks than scales", { ...FP8, block: [8, 16] }],
  ["codes of another format", { ...FP8, format: "F8_E5M2" }],
  ["codes of another size", { ...FP8, codes: tensor("F8_E4M3", [16, 65]) }],
  ["scales that are words", { ...FP8, scales: tensor("U32", [2, 2]) }],
  ["a short stream", { ...UINT4, codes: tensor("U8", [94]) }],
  [
    "zero points for other groups",
    { ...UINT4, offset: { kind: "zeroPoints", zeros: tensor("U8", [4]), added: 0 } },
  ],
  ["a stream of other bits", { ...UINT4, bits: 5 }],
  ["rows in no whole groups", { ...UINT4, groupRows: 2 }],
  ["nibbles that are words of a byte", { ...INT4, codes: tensor("I8", [95]) }],
  ["a palette of other bits", { ...PALETTE, bits: 4 }],
  ["a palette for other rows", { ...PALETTE, groupRows: 4 }],
  ["a short table", { ...PALETTE, table: tensor("F16", [3, 7]) }],
])("%s: refused", (_, source) => {
  expect(() => plan(source)).toThrow(expect.objectContaining({ code: "KERNELS_EXPR_INVALID" }));
});

test("whatever numbers a source holds, it is planned with tensors that fit, or refused", () => {
  const number = fc.oneof(
    fc.integer({ min: -2, max: 130 }),
    fc.constantFrom(0.5, NaN, 2 ** 31, 2 ** 53, Infinity),
  );
  const shape = fc.array(number, { maxLength: 3 });
  const dtype = fc.constantFrom<Dtype>("U32", "I32", "F16", "F32", "U8", "F8_E4M3");
  const part = fc.record({ dtype, shape }).map((given) => tensor(given.dtype, given.shape));
  const change = fc.record(
    {
      ...{ shape, codes: part, scales: part, groupIndex: part, bits: number, groupSize: number },
      packing: fc.constantFrom("rows", "gptq", "awq"),
      block: fc.tuple(number, number),
    },
    { requiredKeys: [] },
  );
  fc.assert(
    fc.property(
      fc.constantFrom<PackedSource>(MLX, GPTQ, FP8, UINT4, INT4, PALETTE),
      change,
      (source, changes) => {
        const changed = { ...source, ...changes } as PackedSource;
        try {
          const { elements } = plan(changed);
          const bits = changed.kind === "scaled" ? (changed.format === "I4" ? 4 : 8) : changed.bits;
          expect(changed.codes.byteLength).toBe(Math.ceil((elements * bits) / 8));
        } catch (error) {
          if (!isPippinError(error)) throw error;
          expect(error.code).toBe("KERNELS_EXPR_INVALID");
        }
      },
    ),
    { numRuns: 3000 },
  );
});
