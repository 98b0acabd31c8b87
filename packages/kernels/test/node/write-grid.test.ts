import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { ownGrid } from "@pippin/kernels";
import { type Segment, writeSegments } from "@pippin/kernels/node";
import { expect, test } from "vitest";
import { DTYPES, type Dtype, type FloatDtype } from "../../src/dtype.ts";
import type { GridEncoding } from "../../src/grid.ts";
import { plainCastToF32 } from "../../src/plain/cast.ts";
import { f16Value } from "../../src/plain/float16.ts";
import type { WeightExpr, WeightOp } from "../../src/weight-expr.ts";
import { affineFile, scaledFile } from "./packed-file.ts";
import { randomFrom, temporaryFolder } from "./weight-file.ts";

/** Where blocks hold their F16 numbers. */
const HALVES: Partial<Record<Dtype, readonly number[]>> = {
  ...{ Q4_0: [0], Q4_1: [0, 2], Q5_0: [0], Q5_1: [0, 2], Q8_0: [0] },
  ...{ Q2_K: [80, 82], Q3_K: [108], Q4_K: [0, 2], Q5_K: [0, 2], Q6_K: [208] },
};

/** Random blocks whose scales are small numbers of both signs, some of them zeros. */
function blocks(dtype: FloatDtype, elements: number, seed: number): Uint8Array<ArrayBuffer> {
  const random = randomFrom(seed);
  const { blockBytes, blockElements } = DTYPES[dtype];
  const bytes = Uint8Array.from({ length: (elements / blockElements) * blockBytes }, () => random() * 256);
  const view = new DataView(bytes.buffer);
  for (let at = 0; at < bytes.length; at += blockBytes) {
    for (const place of HALVES[dtype] ?? []) {
      const zero = random() < 0.05;
      // 0.002 … 0.03; minima of Q4_1 and Q5_1 are negative as a rule.
      const code = 0x1800 + Math.floor(random() * 0x1000);
      const negative = place === 2 && dtype.endsWith("_1") ? random() < 0.9 : random() < 0.1;
      view.setUint16(at + place, zero ? 0 : code | (negative ? 0x8000 : 0), true);
    }
  }
  return bytes;
}

interface Written {
  readonly values: Float32Array;
  readonly scales: Float32Array;
  readonly codes: Int16Array;
  readonly report: Awaited<ReturnType<typeof writeSegments>>;
}

/** Writes a weight on its own grid and decodes the file by the definition of the operation. */
async function written(expr: WeightExpr, encoding: GridEncoding): Promise<Written> {
  const path = join(temporaryFolder(), "out.bin");
  const segments: Segment[] = [
    { kind: "zeros", byteLength: 3 },
    { kind: "encodedPart", of: "w", part: "scale" },
    { kind: "encoded", id: "w", expr, encoding },
  ];
  if (encoding.offset !== "none") segments.push({ kind: "encodedPart", of: "w", part: "offset" });
  const report = await writeSegments(path, segments, { overflow: "error" });
  const bytes = new Uint8Array(readFileSync(path)).slice(3);
  const view = new DataView(bytes.buffer);
  const [rows = 0, columns = 0] = expr.shape;
  const elements = rows * columns;
  const groups = elements / encoding.groupSize;
  const bits = encoding.dtype.endsWith("4") ? 4 : 8;
  const codeAt = (begin: number, index: number, signed: boolean) => {
    const code =
      bits === 8 ? bytes[begin + index]! : (bytes[begin + (index >> 1)]! >> (4 * (index & 1))) & 15;
    return signed && code >= 2 ** (bits - 1) ? code - 2 ** bits : code;
  };
  const codesAt = 2 * groups;
  const offsetsAt = codesAt + (elements * bits) / 8;
  const offsets = { none: 0, float: 2 * groups, integer: Math.ceil((groups * bits) / 8) }[encoding.offset];
  expect(bytes.length).toBe(offsetsAt + offsets);
  const scales = Float32Array.from({ length: groups }, (_, i) => f16Value(view.getUint16(2 * i, true)));
  const codes = Int16Array.from({ length: elements }, (_, i) =>
    codeAt(codesAt, i, encoding.dtype.startsWith("int")),
  );
  const offsetOf = (group: number) => {
    if (encoding.offset === "integer") return codeAt(offsetsAt, group, false);
    return encoding.offset === "none" ? 0 : f16Value(view.getUint16(offsetsAt + 2 * group, true));
  };
  const values = Float32Array.from(codes, (code, i) => {
    const group = Math.floor(i / encoding.groupSize);
    return scales[group]! * (code - offsetOf(group)) + 0; // no −0
  });
  return { values, scales, codes, report };
}

function weight(dtype: FloatDtype, shape: [number, number], ops: WeightOp[] = []) {
  const bytes = blocks(dtype, shape[0] * shape[1], 3);
  const file = join(temporaryFolder(), "model.bin");
  writeFileSync(file, bytes);
  const source = { file, byteOffset: 0, byteLength: bytes.length, dtype, shape };
  return { expr: { source, ops, shape } satisfies WeightExpr, values: plainCastToF32(bytes, dtype) };
}

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
