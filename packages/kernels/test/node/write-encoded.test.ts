import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CHUNK_BYTES } from "@pippin/core";
import { type Segment, writeSegments } from "@pippin/kernels/node";
import { expect, test } from "vitest";
import {
  errorFigures,
  hasOffset,
  type LinearEncoding,
  linearGroupSize,
  linearRange,
} from "../../src/linear.ts";
import { packNibbles, quantizeLinearGroups } from "../../src/quantize-linear.ts";
import { plainCodes } from "./plain-weight.ts";
import { temporaryFolder, type WeightFile, weightFile } from "./weight-file.ts";

const zeros = (byteLength: number): Segment => ({ kind: "zeros", byteLength });

const perChannel = (dtype: LinearEncoding["dtype"], mode: LinearEncoding["mode"]): LinearEncoding => ({
  kind: "linear",
  dtype,
  mode,
  granularity: "per_channel",
});
const inBlocks = (
  dtype: LinearEncoding["dtype"],
  mode: LinearEncoding["mode"],
  blockSize: number,
): LinearEncoding => ({ kind: "linear", dtype, mode, granularity: "per_block", blockSize });

/** Data, scales and offsets of the whole tensor at once. */
function expectedParts(file: WeightFile, encoding: LinearEncoding) {
  const [rows = 0, cols = 0] = file.expr.shape;
  const range = linearRange(encoding);
  const codes = new Uint16Array(plainCodes(file).buffer);
  const whole = quantizeLinearGroups(codes, linearGroupSize(encoding, rows, cols), range);
  const pack = (bytes: Uint8Array) => (range.bits === 4 ? packNibbles(bytes) : bytes);
  return {
    data: pack(whole.bytes),
    scale: new Uint8Array(whole.scale.buffer),
    offset: hasOffset(range) ? pack(whole.offset) : new Uint8Array(0),
    error: errorFigures(whole.sums, codes.length),
  };
}

/** Scales stand before the integers, offsets behind them, and something odd in between. */
function segmentsOf(id: string, file: WeightFile, encoding: LinearEncoding) {
  const { data, scale, offset, error } = expectedParts(file, encoding);
  const segments: Segment[] = [
    { kind: "encodedPart", of: id, part: "scale" },
    zeros(3),
    { kind: "encoded", id, expr: file.expr, encoding },
  ];
  if (offset.length > 0) segments.push({ kind: "encodedPart", of: id, part: "offset" });
  return { segments, expected: Buffer.concat([scale, Buffer.alloc(3), data, offset]), error };
}

const small: [string, [number, number], LinearEncoding][] = [
  ["rows shorter than a vector", [5, 3], perChannel("int8", "symmetric")],
  ["odd rows of nibbles", [7, 13], perChannel("int4", "symmetric")],
  ["odd rows with 4-bit offsets", [7, 13], perChannel("uint4", "asymmetric")],
  ["one element", [1, 1], perChannel("int4", "asymmetric")],
  ["one scale", [9, 33], { kind: "linear", dtype: "int8", mode: "symmetric", granularity: "per_tensor" }],
  [
    "one scale and offset",
    [9, 33],
    { kind: "linear", dtype: "uint4", mode: "symmetric", granularity: "per_tensor" },
  ],
  ["blocks of 4", [3, 20], inBlocks("int4", "symmetric", 4)],
  ["blocks of 16", [3, 48], inBlocks("uint8", "asymmetric", 16)],
  ["no rows", [0, 32], inBlocks("uint4", "asymmetric", 32)],
];

test.each(small)("%s are encoded as the whole tensor is", async (_, shape, encoding) => {
  const file = weightFile("F32", shape);
  const { segments, expected, error } = segmentsOf("w", file, encoding);
  const path = join(temporaryFolder(), "out.bin");

  const result = await writeSegments(path, segments, { overflow: "error" });

  expect(readFileSync(path)).toEqual(expected);
  const [report] = result.weights;
  expect({ ...report?.error, mse: 0, snrDb: 0, maxError: 0 }).toEqual({
    ...error,
    mse: 0,
    snrDb: 0,
    maxError: 0,
  });
  expect(report?.error?.mse).toBeCloseTo(error.mse, 6);
});

/** Each part behind so many zeros that a chunk ends within it, at a place of its own; enough for several threads. */
function acrossChunks(parts: readonly { segments: Segment[]; expected: Buffer }[]) {
  const segments: Segment[] = [];
  const pieces: Buffer[] = [];
  for (const [index, part] of parts.entries()) {
    const cut = Math.floor((part.expected.length * (index + 2)) / (parts.length + 3));
    const written = pieces.reduce((sum, { length }) => sum + length, 0);
    const padding = (Math.ceil((written + cut) / CHUNK_BYTES) || 1) * CHUNK_BYTES - written - cut;
    segments.push(zeros(padding), ...part.segments);
    pieces.push(Buffer.alloc(padding), part.expected);
  }
  return { segments, expected: Buffer.concat(pieces) };
}

test("any number of threads writes the same bytes, hashes and figures, wherever chunks cut", async () => {
  const files: [WeightFile, LinearEncoding][] = [
    [weightFile("BF16", [150, 2049]), perChannel("int8", "symmetric")],
    [
      weightFile("Q8_0", [64, 2048], { ops: [{ kind: "permuteRope", heads: 8 }] }),
      inBlocks("int4", "symmetric", 32),
    ],
    [weightFile("F16", [3, 150_001]), perChannel("int4", "asymmetric")],
    [
      weightFile("Q4_0", [64, 8192], { ops: [{ kind: "scale", factor: 1.5 }] }),
      inBlocks("uint4", "asymmetric", 64),
    ],
    [
      weightFile("BF16", [101, 2048]),
      { kind: "linear", dtype: "int8", mode: "asymmetric", granularity: "per_tensor" },
    ],
    [weightFile("BF16", [299, 1000]), perChannel("int8", "asymmetric")],
    [weightFile("F32", [50, 4096]), inBlocks("int8", "symmetric", 4096)],
  ];
  const parts = files.map(([file, encoding], index) => segmentsOf(`w${index}`, file, encoding));
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
    expect(results[0]?.weights[index]?.error?.snrDb).toBeCloseTo(error.snrDb, 4);
    expect(results[0]?.weights[index]?.error?.saturated).toBe(error.saturated);
  }
});

test("a block size that does not divide the rows is refused, with those that do", async () => {
  const file = weightFile("F32", [4, 48]);
  const { expr } = file;
  const encoding = inBlocks("int4", "symmetric", 32);

  await expect(
    writeSegments(join(temporaryFolder(), "out.bin"), [{ kind: "encoded", id: "q_proj", expr, encoding }], {
      overflow: "error",
    }),
  ).rejects.toMatchObject({
    code: "KERNELS_ENCODING_INVALID",
    message: expect.stringContaining("q_proj"),
    hint: "Blocks of 16 do, or one scale a channel.",
  });
});

test("scales without a place are reported", async () => {
  const { expr } = weightFile("F32", [4, 32]);
  const segment: Segment = { kind: "encoded", id: "w", expr, encoding: perChannel("int8", "symmetric") };

  await expect(
    writeSegments(join(temporaryFolder(), "out.bin"), [segment], { overflow: "error" }),
  ).rejects.toMatchObject({ code: "KERNELS_EXPR_INVALID", message: expect.stringContaining('"scale"') });
});

test.each([1, 40_000])("NaN in row 2 of %i columns is refused by name", async (cols) => {
  const values = new Float32Array(3 * cols);
  values[2 * cols] = Number.NaN;
  const file = weightFile("F32", [3, cols], { bytes: new Uint8Array(values.buffer) });
  const segments: Segment[] = [
    { kind: "encoded", id: "layer.7", expr: file.expr, encoding: perChannel("int8", "symmetric") },
    { kind: "encodedPart", of: "layer.7", part: "scale" },
  ];

  await expect(
    writeSegments(join(temporaryFolder(), "out.bin"), segments, { overflow: "error" }),
  ).rejects.toMatchObject({ code: "KERNELS_WEIGHT_NOT_FINITE", message: expect.stringContaining("layer.7") });
});
