import { expect, test } from "vitest";
import type { DataTypeName } from "../../src/proto/mil.ts";
import { executableOf, f16, type Given, i32, type Literal, Program } from "./build.ts";

const ROWS = 4;
const COLUMNS = 16;

const part = (dtype: DataTypeName, shape: readonly number[], values: readonly number[]): Literal => ({
  ...{ dtype, shape, values },
  inPlace: true,
});
const half = (shape: readonly number[], values: readonly number[]) => part("FLOAT16", shape, values);
const each = (valueAt: (row: number, column: number) => number) =>
  Array.from({ length: ROWS * COLUMNS }, (_, at) => valueAt(Math.floor(at / COLUMNS), at % COLUMNS));

/** The compressed matrix as `linear` and as `gather` see it: products with the unit vectors, and its rows. */
async function denseOf(type: string, given: Given): Promise<{ multiplied: number[]; gathered: number[] }> {
  const program = new Program();
  const [weight = ""] = program.op(type, given, ["FLOAT16", [ROWS, COLUMNS]]);
  const unit = Array.from({ length: COLUMNS ** 2 }, (_, at) => Number(at % (COLUMNS + 1) === 0));
  const [product = ""] = program.op("linear", { x: f16([COLUMNS, COLUMNS], unit), weight }, [
    "FLOAT16",
    [COLUMNS, ROWS],
  ]);
  const rows = i32([ROWS], [0, 1, 2, 3]);
  const operands = { x: weight, indices: rows, axis: i32([], [0]), batch_dims: i32([], [0]) };
  const [lookup = ""] = program.op("gather", operands, ["FLOAT16", [ROWS, COLUMNS]]);
  const executable = await executableOf({ main: program.returns(product, lookup) });
  const outputs = await executable.run("main", new Map(), new Map());
  const columns = outputs.get(product)!.data;
  return {
    multiplied: each((row, column) => columns[column * ROWS + row]!),
    gathered: [...outputs.get(lookup)!.data],
  };
}

const CODES = each((row, column) => ((row * 5 + column * 3) % 15) - 7);
const SCALES = [0.5, 0.1, 2, 0.25, 1, 3, 0.01, 7];
/** 0.1 and 0.01 are not what they seem in half precision. */
const scale = (index: number) => Math.f16round(SCALES[index]!);

test.each(["INT4", "INT8"] as const)("blocks of %s times their scales", async (dtype) => {
  const given = { data: part(dtype, [ROWS, COLUMNS], CODES), scale: half([ROWS, 2], SCALES) };
  const { multiplied, gathered } = await denseOf("constexpr_blockwise_shift_scale", given);
  const wanted = each((row, column) => {
    return Math.f16round(CODES[row * COLUMNS + column]! * scale(row * 2 + Math.floor(column / 8)));
  });
  expect([multiplied, gathered]).toEqual([wanted, wanted]);
});

test.each([
  ["integers of the same type", part("UINT4", [2, 1], [3, 12]), [3, 12]],
  ["floats", half([2, 1], [2.5, 7.25]), [2.5, 7.25]],
] as const)("uint4 with offsets that are %s", async (_, offset, offsets) => {
  const codes = CODES.map((code) => code + 7);
  const given = { data: part("UINT4", [ROWS, COLUMNS], codes), scale: half([2, 1], [0.1, 3]), offset };
  const { multiplied, gathered } = await denseOf("constexpr_blockwise_shift_scale", given);
  const wanted = each((row, column) => {
    const group = Math.floor(row / 2);
    return Math.f16round(
      (codes[row * COLUMNS + column]! - offsets[group]!) * Math.f16round([0.1, 3][group]!),
    );
  });
  expect([multiplied, gathered]).toEqual([wanted, wanted]);
});

test("a table for each two rows", async () => {
  const indices = CODES.map((code) => (code + 7) % 8);
  const table = Array.from({ length: 16 }, (_, index) => (index - 8) / 3);
  const given = {
    indices: part("UINT3", [ROWS, COLUMNS], indices),
    lut: half([2, 1, 8, 1], table),
  };
  const { multiplied, gathered } = await denseOf("constexpr_lut_to_dense", given);
  const wanted = each((row, column) => {
    return Math.f16round(table[Math.floor(row / 2) * 8 + indices[row * COLUMNS + column]!]!);
  });
  expect([multiplied, gathered]).toEqual([wanted, wanted]);
});

test("int8 with a scale for each row, as iOS 16 has it", async () => {
  const given = {
    quantized_data: part("INT8", [ROWS, COLUMNS], CODES),
    scale: half([ROWS], SCALES.slice(0, ROWS)),
    zero_point: part("INT8", [ROWS], [0, 0, 0, 0]),
    axis: { ...i32([], [0]), inPlace: true },
  };
  const { multiplied, gathered } = await denseOf("constexpr_affine_dequantize", given);
  const wanted = each((row, column) => Math.f16round(CODES[row * COLUMNS + column]! * scale(row)));
  expect([multiplied, gathered]).toEqual([wanted, wanted]);
});

test.each<[string, string, Given]>([
  [
    "scales in no whole blocks",
    "constexpr_blockwise_shift_scale",
    { data: part("INT8", [ROWS, COLUMNS], CODES), scale: half([3, 1], [1, 2, 3]) },
  ],
  ["no scale", "constexpr_blockwise_shift_scale", { data: part("INT8", [ROWS, COLUMNS], CODES) }],
  [
    "a table of vectors",
    "constexpr_lut_to_dense",
    {
      indices: part(
        "UINT1",
        [ROWS, COLUMNS],
        CODES.map((code) => code & 1),
      ),
      lut: half([1, 1, 2, 2], [1, 2, 3, 4]),
    },
  ],
])("a compressed weight with %s is named", async (_, type, given) => {
  await expect(denseOf(type, given)).rejects.toMatchObject({
    code: "COREML_OP_UNSUPPORTED",
    message: expect.stringContaining(`${type} ${type}_`),
  });
});
