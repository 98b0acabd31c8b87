import { readFileSync } from "node:fs";
import { join } from "node:path";
import { ownGrid } from "@pippin/kernels";
import { type Segment, writeSegments } from "@pippin/kernels/node";
import { expect, test } from "vitest";
import type { GridEncoding } from "../../src/grid.ts";
import type { WeightExpr, WeightOp } from "../../src/weight-expr.ts";
import { weight, written } from "./grid-file.ts";
import { affineFile, scaledFile } from "./packed-file.ts";
import { temporaryFolder } from "./weight-file.ts";

test.each([
  ["Q4_0", { dtype: "int4", groupSize: 32, offset: "none" }],
  ["Q5_0", { dtype: "int8", groupSize: 32, offset: "none" }],
  ["Q8_0", { dtype: "int8", groupSize: 32, offset: "none" }],
] as const)("%s is kept to the bit", async (dtype, grid) => {
  const { expr, values } = weight(dtype, [37, 96]);
  const encoding = ownGrid(expr) as GridEncoding;
  expect(encoding).toEqual({ kind: "grid", ...grid });

  const result = await written(expr, encoding);

  expect(result.values).toEqual(values.map((value) => value + 0));
  expect(result.report.weights[0]!.error).toMatchObject({ mse: 0, maxError: 0 });
});

test.each([
  ["Q4_1", "uint4", 32],
  ["Q5_1", "uint8", 32],
  ["Q2_K", "uint4", 16],
  ["Q4_K", "uint4", 32],
  ["Q5_K", "uint8", 32],
] as const)("%s is kept to the rounding of scales and offsets", async (dtype, stored, groupSize) => {
  const { expr, values } = weight(dtype, [19, 512]);
  const encoding = ownGrid(expr) as GridEncoding;
  expect(encoding).toEqual({ kind: "grid", dtype: stored, groupSize, offset: "float" });

  const result = await written(expr, encoding);

  let worst = 0;
  for (let group = 0; group < values.length / groupSize; group++) {
    const own = values.subarray(group * groupSize, (group + 1) * groupSize);
    const most = own.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
    own.forEach((value, i) => {
      const error = Math.abs(value - result.values[group * groupSize + i]!);
      worst = Math.max(worst, error);
      // Half a place of F16 each: the scale's, the offset's; both are at most twice the group's largest value.
      expect(error).toBeLessThanOrEqual(2 * most * 2 ** -10 + 1e-7);
    });
  }
  const { error } = result.report.weights[0]!;
  expect(error!.maxError).toBeCloseTo(worst, 6);
  expect(error!.snrDb).toBeGreaterThan(60);
});

test.each([
  ["Q3_K", "int4"],
  ["Q6_K", "int8"],
] as const)("%s is kept to the rounding of scales", async (dtype, stored) => {
  const { expr, values } = weight(dtype, [7, 256]);
  const encoding = ownGrid(expr) as GridEncoding;
  expect(encoding).toEqual({ kind: "grid", dtype: stored, groupSize: 16, offset: "none" });

  const result = await written(expr, encoding);

  result.values.forEach((value, i) => {
    expect(Math.abs(value - values[i]!)).toBeLessThanOrEqual(Math.abs(values[i]!) * 2 ** -11 + 1e-7);
  });
});

test("rows that move take their scales along", async () => {
  const shape: [number, number] = [24, 64];
  const ops: WeightOp[] = [
    { kind: "sliceRows", begin: 4, end: 20 },
    { kind: "permuteRope", heads: 2 },
    { kind: "scale", factor: 2 },
  ];
  const { expr, values } = weight("Q4_1", shape, ops);
  const encoding = ownGrid(expr) as GridEncoding;

  const result = await written({ ...expr, shape: [16, 64] }, encoding);

  for (let row = 0; row < 16; row++) {
    const inHead = row % 8;
    const sourceRow = 4 + row - inHead + (inHead < 4 ? 2 * inHead : 2 * (inHead - 4) + 1);
    for (let column = 0; column < 64; column++) {
      const wanted = 2 * values[sourceRow * 64 + column]!;
      expect(Math.abs(result.values[row * 64 + column]! - wanted)).toBeLessThan(2e-3);
    }
  }
});

test.each([
  ["gptq", 4, 0, "integer"],
  ["gptq", 4, 1, "float"],
  ["gptq", 8, 0, "integer"],
  ["gptq", 2, 0, "float"],
  ["awq", 4, 0, "integer"],
] as const)(
  "%s of %i bits, added %i, keeps its integers with %s offsets",
  async (packing, bits, added, offset) => {
    const given = {
      rows: 32,
      columns: 128,
      bits,
      groupSize: 32,
      packing,
      offset: "zeroPoints",
      added,
    } as const;
    const { source, values } = affineFile({ ...given, scaleDtype: "F16" });
    const expr: WeightExpr = { source, ops: [], shape: source.shape };
    const encoding = ownGrid(expr) as GridEncoding;
    expect(encoding.offset).toBe(offset);

    const result = await written(expr, encoding);

    expect(result.values).toEqual(values.map((value) => value + 0));
  },
);

test.each(["biases", "zeroPoint"] as const)("rows of bits with %s keep their integers", async (offset) => {
  const { source, values } = affineFile({
    ...{ rows: 24, columns: 96, bits: 4, groupSize: 32, packing: "rows", offset, scaleDtype: "F16" },
  });
  const expr: WeightExpr = { source, ops: [], shape: source.shape };
  const result = await written(expr, ownGrid(expr) as GridEncoding);

  result.values.forEach((value, i) => {
    expect(Math.abs(value - values[i]!)).toBeLessThan(offset === "biases" ? 1e-3 : 1e-9);
  });
});

test("signed bytes in blocks of rows and columns keep them", async () => {
  const { source, values } = scaledFile({
    rows: 12,
    columns: 64,
    format: "I8",
    block: [4, 32],
    scaleDtype: "F16",
  });
  const expr: WeightExpr = { source, ops: [], shape: source.shape };
  const result = await written(expr, ownGrid(expr) as GridEncoding);

  expect(result.values).toEqual(values.map((value) => value + 0));
});

test("the bytes do not depend on the threads, nor on where chunks end", async () => {
  const { expr } = weight("Q4_1", [9000, 4096]);
  const encoding = ownGrid(expr) as GridEncoding;
  const segments: Segment[] = [
    { kind: "encoded", id: "w", expr, encoding },
    { kind: "encodedPart", of: "w", part: "offset" },
    { kind: "zeros", byteLength: 5 },
    { kind: "encodedPart", of: "w", part: "scale" },
  ];
  const paths = [1, 3].map((threads) => ({ threads, path: join(temporaryFolder(), `${threads}.bin`) }));
  for (const { threads, path } of paths) await writeSegments(path, segments, { overflow: "error", threads });
  const [one, three] = paths.map(({ path }) => readFileSync(path));
  expect(one!.equals(three!)).toBe(true);
});

test("a weight of another grid is refused by name", async () => {
  const { expr } = weight("Q8_0", [4, 64]);
  const encoding: GridEncoding = { kind: "grid", dtype: "int4", groupSize: 32, offset: "none" };
  await expect(written(expr, encoding)).rejects.toMatchObject({
    code: "KERNELS_ENCODING_INVALID",
    message: expect.stringContaining("weight w "),
  });
});

test("floats, uneven levels, and columns in another order have no grid", () => {
  const noGrid = (expr: WeightExpr) => expect(ownGrid(expr)).toBeUndefined();
  noGrid(weight("F16", [4, 64]).expr);
  noGrid(weight("IQ4_NL", [4, 64]).expr);
  noGrid(weight("Q8_0", [4, 64], [{ kind: "addOne" }]).expr);
  const ordered = {
    rows: 32,
    columns: 128,
    bits: 4,
    groupSize: 32,
    packing: "gptq",
    offset: "zeroPoints",
  } as const;
  const { source } = affineFile({ ...ordered, actOrder: true });
  noGrid({ source, ops: [], shape: source.shape });
});
