import { readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readRows, readWeight, type Segment, writeSegments } from "@pippin/kernels/node";
import { expect, test } from "vitest";
import { plainCastToF16 } from "../../src/plain/cast.ts";
import type { PackedSource, WeightOp } from "../../src/weight-expr.ts";
import { type AffineCase, affineFile, type PackedFile, type ScaledCase, scaledFile } from "./packed-file.ts";
import { temporaryFolder } from "./weight-file.ts";

function expr(source: PackedSource, ops: readonly WeightOp[] = [], shape = source.shape) {
  return { source, ops, shape };
}

test.each<[string, AffineCase]>([
  ...([2, 3, 4, 5, 6, 8] as const).map((bits): [string, AffineCase] => [
    `MLX ${bits} bits`,
    { rows: 5, columns: 192, bits, groupSize: 64, packing: "rows", offset: "biases", scaleDtype: "BF16" },
  ]),
  [
    "MLX F32",
    { rows: 3, columns: 64, bits: 4, groupSize: 32, packing: "rows", offset: "biases", scaleDtype: "F32" },
  ],
  [
    "symmetric rows",
    { rows: 3, columns: 256, bits: 4, groupSize: 128, packing: "rows", offset: "zeroPoint" },
  ],
  ...([2, 3, 4, 8] as const).map((bits): [string, AffineCase] => [
    `GPTQ ${bits} bits`,
    { rows: 96, columns: 160, bits, groupSize: 32, packing: "gptq", offset: "zeroPoints", added: 1 },
  ]),
  [
    "GPTQ v2",
    { rows: 40, columns: 64, bits: 4, groupSize: 64, packing: "gptq", offset: "zeroPoints", added: 0 },
  ],
  [
    "GPTQ in act order",
    { rows: 72, columns: 96, bits: 4, groupSize: 32, packing: "gptq", offset: "zeroPoints", actOrder: true },
  ],
  [
    "GPTQ with a short last group",
    { rows: 8, columns: 80, bits: 4, groupSize: 32, packing: "gptq", offset: "zeroPoints" },
  ],
  ["AWQ", { rows: 72, columns: 96, bits: 4, groupSize: 32, packing: "awq", offset: "zeroPoints" }],
  [
    "AWQ of several stripes",
    { rows: 136, columns: 16384, bits: 4, groupSize: 128, packing: "awq", offset: "zeroPoints" },
  ],
  [
    "GPTQ of several stripes",
    { rows: 160, columns: 8192, bits: 8, groupSize: 256, packing: "gptq", offset: "zeroPoints" },
  ],
])("%s is read", async (_, given) => {
  const { source, values } = affineFile(given);

  expectSame(await readWeight(expr(source)), values);
});

test.each<[string, ScaledCase]>([
  [
    "blocks of 128 × 128, cut at the edges",
    { rows: 300, columns: 200, format: "F8_E4M3", block: [128, 128], scaleDtype: "F32" },
  ],
  [
    "blocks with BF16 scales",
    { rows: 256, columns: 1024, format: "F8_E4M3", block: [128, 128], scaleDtype: "BF16" },
  ],
  ["a scale for each row", { rows: 7, columns: 99, format: "F8_E4M3", block: [1, 99], scaleDtype: "F32" }],
  ["one scale", { rows: 9, columns: 33, format: "F8_E5M2", block: [9, 33], scaleDtype: "F32" }],
  [
    "blocks with E8M0 scales",
    { rows: 130, columns: 256, format: "F8_E4M3", block: [128, 128], scaleDtype: "F8_E8M0" },
  ],
  ["MXFP4", { rows: 70, columns: 2048, format: "F4_E2M1", block: [1, 32], scaleDtype: "U8" }],
  ["signed integers", { rows: 11, columns: 64, format: "I8", block: [1, 64], scaleDtype: "BF16" }],
])("%s: scaled values are read", async (_, given) => {
  const { source, values } = scaledFile(given);

  expectSame(await readWeight(expr(source)), values);
});

test("rows, slices and steps work on packed sources", async () => {
  const { source, values } = affineFile({
    ...{ rows: 64, columns: 72, bits: 3, groupSize: 24, packing: "rows", offset: "biases" },
    columns: 96,
  });
  const row = (index: number) => values.subarray(96 * index, 96 * index + 96);

  const twice = [
    { kind: "sliceRows", begin: 3, end: 10 },
    { kind: "scale", factor: 2 },
  ] as const;
  expectSame(
    await readWeight(expr(source, twice, [7, 96])),
    values.slice(3 * 96, 10 * 96).map((v) => v * 2),
  );
  expectSame(readRows(expr(source), [63, 0, 5]), Float32Array.from([...row(63), ...row(0), ...row(5)]));
  const halves = await readWeight(expr(source, [{ kind: "permuteRope", heads: 4 }]));
  expectSame(halves.subarray(96, 2 * 96), row(2));
});

test("packed weights stream into a file by several threads, from any byte on", async () => {
  const files: PackedFile[] = [
    affineFile({ rows: 250, columns: 2048, bits: 4, groupSize: 64, packing: "rows", offset: "biases" }),
    affineFile({ rows: 304, columns: 1536, bits: 4, groupSize: 128, packing: "gptq", offset: "zeroPoints" }),
    affineFile({ rows: 312, columns: 1536, bits: 4, groupSize: 128, packing: "awq", offset: "zeroPoints" }),
    scaledFile({ rows: 250, columns: 2000, format: "F8_E4M3", block: [128, 128], scaleDtype: "F32" }),
  ];
  const written = files.map(
    ({ values }) => plainCastToF16(new Uint8Array(values.buffer), "F32").codes.buffer,
  );
  // Often enough for workers to start, and so that weights begin and end anywhere in tiles and chunks.
  const order = Array.from({ length: 40 }, (_, index) => index % files.length);
  const segments = order.flatMap((file, index): Segment[] => [
    { kind: "zeros", byteLength: index % 2 },
    { kind: "weight", id: `w${index}`, expr: expr(files[file]!.source), dtype: "F16" },
  ]);
  const expected = order.flatMap((file, index) => [Buffer.alloc(index % 2), Buffer.from(written[file]!)]);
  const path = join(temporaryFolder(), "out.bin");

  await writeSegments(path, segments, { threads: 2, overflow: "error" });

  expect(readFileSync(path).equals(Buffer.concat(expected))).toBe(true);
});

test("a NaN among the codes is found", async () => {
  const { source } = scaledFile({ rows: 8, columns: 8, format: "F8_E4M3", block: [8, 8], scaleDtype: "F32" });
  const bytes = readFileSync(source.codes.file);
  bytes[source.codes.byteOffset + 5] = 0x7f;
  writeFileSync(source.codes.file, bytes);
  const segment: Segment = { kind: "weight", id: "w", expr: expr(source), dtype: "F16" };

  const written = writeSegments(join(temporaryFolder(), "out"), [segment], { overflow: "error" });

  await expect(written).rejects.toMatchObject({ code: "KERNELS_WEIGHT_NOT_FINITE" });
});

test.each([-1, 3, 0x7fffffff])("the index %d of a group that is not there is refused", async (wrong) => {
  const { source } = affineFile({
    ...{ rows: 8, columns: 96, bits: 4, groupSize: 32, packing: "gptq", offset: "zeroPoints" },
    actOrder: true,
  });
  const bytes = readFileSync(source.codes.file);
  bytes.writeInt32LE(wrong, source.groupIndex!.byteOffset + 4 * 95);
  writeFileSync(source.codes.file, bytes);

  await expect(readWeight(expr(source))).rejects.toMatchObject({
    code: "KERNELS_EXPR_INVALID",
    message: expect.stringContaining(`an index of groups holds ${wrong}, there are 3 groups`),
  });
});

test("a file that ends within the scales is reported", async () => {
  const { source } = scaledFile({
    rows: 8,
    columns: 64,
    format: "F4_E2M1",
    block: [1, 32],
    scaleDtype: "U8",
  });
  truncateSync(source.scales.file, source.scales.byteOffset + 3);

  await expect(readWeight(expr(source))).rejects.toMatchObject({ code: "KERNELS_SOURCE_TRUNCATED" });
});

test("a weight of several tensors cannot be copied as bytes", async () => {
  const { source } = scaledFile({
    rows: 8,
    columns: 64,
    format: "F4_E2M1",
    block: [1, 32],
    scaleDtype: "U8",
  });
  const segment: Segment = { kind: "weight", id: "w", expr: expr(source), dtype: "same" };

  const written = writeSegments(join(temporaryFolder(), "out"), [segment], { overflow: "error" });

  await expect(written).rejects.toMatchObject({ code: "KERNELS_EXPR_INVALID" });
});

/** toEqual on long arrays is slow; it tells −0 from 0, as this does. */
function expectSame(found: Float32Array, expected: Float32Array): void {
  const wrong = expected.findIndex((value, index) => !Object.is(value, found[index]));
  expect([found.length, wrong, found[wrong]]).toEqual([expected.length, -1, undefined]);
}
