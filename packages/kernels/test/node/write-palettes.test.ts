import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CHUNK_BYTES } from "@pippin/core";
import { type Segment, writeSegments } from "@pippin/kernels/node";
import { expect, test } from "vitest";
import { errorFigures, noErrors } from "../../src/linear.ts";
import type { PaletteEncoding } from "../../src/palette/encoding.ts";
import { fitTable } from "../../src/palette/fit.ts";
import { fillIndexTable } from "../../src/palette/index-table.ts";
import { createCodeHistogram, type IndexBits } from "../../src/palette.ts";
import { plainMapCodes, plainPackIndices } from "../../src/plain/palette.ts";
import { plainCodes } from "./plain-weight.ts";
import { temporaryFolder, type WeightFile, weightFile } from "./weight-file.ts";

const oneTable = (bits: IndexBits): PaletteEncoding => ({ kind: "palette", bits, granularity: "per_tensor" });
const groupsOf = (groupSize: number, bits: IndexBits): PaletteEncoding => ({
  kind: "palette",
  bits,
  granularity: "per_grouped_channel",
  groupSize,
});

/** Indices, tables and figures of the whole tensor at once. */
function expectedParts(file: WeightFile, { bits, granularity, groupSize = 1 }: PaletteEncoding) {
  const [rows = 0, cols = 0] = file.expr.shape;
  const codes = new Uint16Array(plainCodes(file).buffer);
  const groupLength = granularity === "per_tensor" ? rows * cols : groupSize * cols;
  const indices = new Uint8Array(codes.length);
  const lut: number[] = [];
  const sums = noErrors();
  const histogram = createCodeHistogram();
  const table = new Uint8Array(65536);
  for (let at = 0; at < codes.length; at += groupLength) {
    const group = codes.subarray(at, at + groupLength);
    histogram.clear();
    histogram.add(group);
    const search = granularity === "per_tensor" ? "exact" : "fast";
    const palette = fitTable(histogram.distinct(), bits, { search });
    lut.push(...palette.lut);
    fillIndexTable(palette.lut, table);
    plainMapCodes(group, table, indices.subarray(at, at + groupLength));
    sums.squaredError += palette.squaredError;
    sums.squares += palette.sumOfSquares;
    sums.maxError = Math.max(sums.maxError, palette.maxError);
  }
  return {
    data: plainPackIndices(indices, bits),
    lut: Buffer.from(Uint16Array.from(lut).buffer),
    error: errorFigures(sums, codes.length),
  };
}

/** The tables stand before or behind the indices, with something odd in between. */
function segmentsOf(id: string, file: WeightFile, encoding: PaletteEncoding, tablesFirst = true) {
  const { data, lut, error } = expectedParts(file, encoding);
  const gap: Segment = { kind: "zeros", byteLength: 3 };
  const tables: Segment = { kind: "encodedPart", of: id, part: "lut" };
  const indices: Segment = { kind: "encoded", id, expr: file.expr, encoding };
  return {
    segments: tablesFirst ? [tables, gap, indices] : [indices, gap, tables],
    expected: Buffer.concat(tablesFirst ? [lut, Buffer.alloc(3), data] : [data, Buffer.alloc(3), lut]),
    error,
  };
}

const small: [string, [number, number], PaletteEncoding][] = [
  ["one element", [1, 1], oneTable(4)],
  ["groups that end within a byte, 3 bits", [12, 5], groupsOf(4, 3)],
  ["groups that end within a byte, 1 bit", [15, 3], groupsOf(3, 1)],
  ["groups of one row of one element", [70, 1], groupsOf(1, 6)],
  ["a table a row, 8 bits", [3, 400], groupsOf(1, 8)],
  ["one table, 6 bits", [9, 33], oneTable(6)],
  ["more tables than wait at once", [200, 7], groupsOf(1, 8)],
  ["windows that cut groups", [48, 4099], groupsOf(16, 3)],
  ["groups longer than what is held, 2 bits", [8, 70_001], groupsOf(4, 2)],
];

test.each(small)("%s are encoded as the whole tensor is", async (_, shape, encoding) => {
  const file = weightFile("F32", shape);
  const { segments, expected, error } = segmentsOf("w", file, encoding);
  const path = join(temporaryFolder(), "out.bin");

  const result = await writeSegments(path, segments, { overflow: "error" });

  expect(readFileSync(path).equals(expected)).toBe(true);
  expect(result.weights[0]?.error).toEqual({
    ...error,
    mse: expect.closeTo(error.mse, 12),
    snrDb: Number.isFinite(error.snrDb) ? expect.closeTo(error.snrDb, 9) : error.snrDb,
  });
});

/** Each part behind so many zeros that a chunk ends within it, at a place of its own; enough for several threads. */
function acrossChunks(parts: readonly { segments: Segment[]; expected: Buffer }[]) {
  const segments: Segment[] = [];
  const pieces: Buffer[] = [];
  for (const [index, part] of parts.entries()) {
    const cut = Math.floor((part.expected.length * (index + 2)) / (parts.length + 3));
    const written = pieces.reduce((sum, { length }) => sum + length, 0);
    const padding = (Math.ceil((written + cut) / CHUNK_BYTES) || 1) * CHUNK_BYTES - written - cut;
    segments.push({ kind: "zeros", byteLength: padding }, ...part.segments);
    pieces.push(Buffer.alloc(padding), part.expected);
  }
  return { segments, expected: Buffer.concat(pieces) };
}

test("any number of threads writes the same bytes, hashes and figures, wherever chunks cut", async () => {
  const files: [WeightFile, PaletteEncoding][] = [
    [weightFile("BF16", [160, 1025]), groupsOf(16, 4)],
    [weightFile("Q8_0", [64, 2048], { ops: [{ kind: "permuteRope", heads: 8 }] }), groupsOf(32, 6)],
    [weightFile("F16", [3, 150_001]), oneTable(3)],
    [weightFile("Q4_0", [64, 4096], { ops: [{ kind: "scale", factor: 1.5 }] }), groupsOf(8, 2)],
    [weightFile("F32", [99, 1001]), groupsOf(3, 3)],
    [weightFile("BF16", [101, 2048]), oneTable(4)],
    [weightFile("F32", [64, 6000]), groupsOf(64, 4)],
  ];
  const parts = files.map(([file, encoding], index) =>
    segmentsOf(`w${index}`, file, encoding, index % 2 === 0),
  );
  const { segments, expected } = acrossChunks(parts);
  const hashes = Array.from({ length: Math.ceil(expected.length / CHUNK_BYTES) }, (_, chunk) =>
    createHash("sha256")
      .update(expected.subarray(chunk * CHUNK_BYTES, (chunk + 1) * CHUNK_BYTES))
      .digest("hex"),
  );
  const path = join(temporaryFolder(), "out.bin");

  const results = [];
  for (const threads of [1, 3]) {
    const result = await writeSegments(path, segments, { threads, chunkHashes: true, overflow: "error" });
    expect(readFileSync(path).equals(expected)).toBe(true);
    expect(result.chunkSha256).toEqual(hashes);
    results.push(result);
  }

  expect(results[1]?.weights).toEqual(results[0]?.weights);
  for (const [index, { error }] of parts.entries()) {
    expect(results[0]?.weights[index]?.error?.snrDb).toBeCloseTo(error.snrDb, 9);
    expect(results[0]?.weights[index]?.error?.maxError).toBe(error.maxError);
  }
});

test.each([
  [
    "groups that do not divide the rows",
    [24, 8],
    groupsOf(5, 4),
    "Groups of 1, 2, 3, 4, 6, 8, 12, 24 rows can share one, or all rows (per_tensor).",
  ],
  [
    "groups without a size",
    [7, 8],
    { ...groupsOf(1, 4), groupSize: undefined },
    "Groups of 1, 7 rows can share one, or all rows (per_tensor).",
  ],
  ["an empty matrix", [0, 8], oneTable(4), "Leave empty weights as they are."],
  ["a vector", [16], oneTable(4), "Leave it as it is: small tensors of other ranks are kept in F16."],
] as const)("%s: refused by name", async (_, shape, encoding, hint) => {
  const { expr } = weightFile("F32", shape);
  const segments: Segment[] = [{ kind: "encoded", id: "q_proj", expr, encoding }];

  await expect(
    writeSegments(join(temporaryFolder(), "out.bin"), segments, { overflow: "error" }),
  ).rejects.toMatchObject({
    code: "KERNELS_ENCODING_INVALID",
    message: expect.stringContaining("q_proj"),
    hint,
  });
});

test("tables without a place are reported", async () => {
  const { expr } = weightFile("F32", [4, 32]);
  const segments: Segment[] = [{ kind: "encoded", id: "w", expr, encoding: oneTable(4) }];

  await expect(
    writeSegments(join(temporaryFolder(), "out.bin"), segments, { overflow: "error" }),
  ).rejects.toMatchObject({ code: "KERNELS_EXPR_INVALID", message: expect.stringContaining('"lut"') });
});

test.each([oneTable(4), groupsOf(1, 4)])("NaN is refused by name: %j", async (encoding) => {
  const values = new Float32Array(3 * 400);
  values[2 * 400] = Number.NaN;
  const file = weightFile("F32", [3, 400], { bytes: new Uint8Array(values.buffer) });
  const { segments } = segmentsOf("layer.7", weightFile("F32", [3, 400]), encoding);
  const damaged = segments.map((segment) =>
    segment.kind === "encoded" ? { ...segment, expr: file.expr } : segment,
  );

  await expect(
    writeSegments(join(temporaryFolder(), "out.bin"), damaged, { overflow: "error" }),
  ).rejects.toMatchObject({ code: "KERNELS_WEIGHT_NOT_FINITE", message: expect.stringContaining("layer.7") });
});
