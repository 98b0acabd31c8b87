import { createHash } from "node:crypto";
import { existsSync, readFileSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { CHUNK_BYTES } from "@pippin/core";
import { type Segment, writeSegments } from "@pippin/kernels/node";
import { expect, test } from "vitest";
import { plainCodes, plainWeight } from "./plain-weight.ts";
import { temporaryFolder, type WeightFile, weightFile } from "./weight-file.ts";

function weight(id: string, file: WeightFile, dtype: "F16" | "F32" | "same" = "F16"): Segment {
  return { kind: "weight", id, expr: file.expr, dtype };
}

function output(): string {
  return join(temporaryFolder(), "out.bin");
}

const zeros = (byteLength: number): Segment => ({ kind: "zeros", byteLength });

test("segments lie end to end, cast as asked", async () => {
  const bf16 = weightFile("BF16", [3, 5]);
  const q41 = weightFile("Q4_1", [2, 64]);
  const ids = weightFile("I32", [7], { bytes: new Uint8Array(28).fill(9) });
  const path = output();

  const result = await writeSegments(
    path,
    [
      { kind: "bytes", bytes: Buffer.from("head") },
      weight("a", bf16),
      zeros(3),
      weight("b", q41, "F32"),
      weight("c", ids, "same"),
    ],
    { overflow: "error" },
  );

  const b = new Uint8Array(plainWeight(q41).buffer);
  const expected = Buffer.concat([Buffer.from("head"), plainCodes(bf16), Buffer.alloc(3), b, ids.bytes]);
  expect(readFileSync(path).equals(expected)).toBe(true);
  expect(result.byteLength).toBe(expected.byteLength);
  expect(result.weights).toEqual([
    { id: "a", maxAbs: Math.max(...plainWeight(bf16).map(Math.abs)), saturated: false },
    { id: "b", maxAbs: Math.max(...plainWeight(q41).map(Math.abs)), saturated: false },
  ]);
});

/** Weights of several chunks that begin and end at odd bytes, within rows and blocks. */
function largeSegments(): { segments: Segment[]; expected: Buffer } {
  const parts = [
    weightFile("BF16", [1500, 2049]),
    weightFile("Q8_0", [1024, 2048], { ops: [{ kind: "permuteRope", heads: 8 }] }),
    weightFile("Q4_0", [500, 8192], { ops: [{ kind: "scale", factor: 1.5 }] }),
    weightFile("F32", [3000, 2048], {
      ops: [{ kind: "sliceRows", begin: 1, end: 2001 }],
      result: [2000, 2048],
    }),
    weightFile("F16", [900, 4097], { ops: [{ kind: "addOne" }] }),
  ];
  const segments: Segment[] = parts.flatMap((file, index) => [weight(`w${index}`, file), zeros(index % 2)]);
  const bytes = parts.flatMap((file, index) => [plainCodes(file), Buffer.alloc(index % 2)]);
  return { segments: [zeros(5), ...segments], expected: Buffer.concat([Buffer.alloc(5), ...bytes]) };
}

test("any number of threads writes the same bytes and hashes of chunks", async () => {
  const { segments, expected } = largeSegments();
  const path = output();
  const hashes = Array.from({ length: Math.ceil(expected.length / CHUNK_BYTES) }, (_, chunk) =>
    createHash("sha256")
      .update(expected.subarray(chunk * CHUNK_BYTES, (chunk + 1) * CHUNK_BYTES))
      .digest("hex"),
  );

  for (const threads of [1, 3]) {
    const seen: number[] = [];
    const onBytes = (done: number) => seen.push(done);
    const result = await writeSegments(path, segments, {
      threads,
      chunkHashes: true,
      overflow: "error",
      onBytes,
    });

    expect(readFileSync(path).equals(expected)).toBe(true);
    expect(result.chunkSha256).toEqual(hashes);
    expect(seen).toHaveLength(hashes.length);
    expect(seen.at(-1)).toBe(expected.length);
  }
});

test("a finite overflow saturates and is reported, or throws with id and value", async () => {
  const file = weightFile("F32", [1, 4], {
    bytes: new Uint8Array(new Float32Array([1, -70000, 3, 4]).buffer),
  });
  const path = output();

  const result = await writeSegments(path, [weight("big", file)], { overflow: "saturate" });

  expect(result.weights).toEqual([{ id: "big", maxAbs: 70000, saturated: true }]);
  expect(readFileSync(path).readUInt16LE(2)).toBe(0xfbff);
  await expect(writeSegments(path, [weight("big", file)], { overflow: "error" })).rejects.toMatchObject({
    code: "KERNELS_WEIGHT_OVERFLOW",
    details: { weight: "big", value: 70000 },
  });
});

test.each([Number.NaN, Number.POSITIVE_INFINITY])("a weight with %d is refused by name", async (value) => {
  const file = weightFile("F32", [1, 3], { bytes: new Uint8Array(new Float32Array([1, value, 3]).buffer) });
  const path = output();

  await expect(
    writeSegments(path, [weight("layer.7", file)], { overflow: "saturate" }),
  ).rejects.toMatchObject({
    code: "KERNELS_WEIGHT_NOT_FINITE",
    message: expect.stringContaining("layer.7"),
  });
  expect(existsSync(path)).toBe(false);
});

test("an error in a worker arrives as it was thrown, and the file is removed", async () => {
  const file = weightFile("BF16", [10_000, 2048]);
  truncateSync(file.expr.source.file, 1000);
  const path = output();

  await expect(
    writeSegments(path, [zeros(CHUNK_BYTES), weight("w", file)], { threads: 2, overflow: "error" }),
  ).rejects.toMatchObject({ code: "KERNELS_SOURCE_TRUNCATED", hint: expect.any(String) });
  expect(existsSync(path)).toBe(false);
});

test.each([1, 2])("cancelling stops %i threads and removes the file", async (threads) => {
  const path = output();
  const controller = new AbortController();
  const onBytes = () => controller.abort();

  const writing = writeSegments(path, [zeros(40 * CHUNK_BYTES)], {
    threads,
    overflow: "error",
    signal: controller.signal,
    onBytes,
  });

  await expect(writing).rejects.toMatchObject({ code: "CORE_CANCELLED" });
  expect(existsSync(path)).toBe(false);
});

test("a copy of bytes cannot have steps", async () => {
  const file = weightFile("F32", [4], { ops: [{ kind: "addOne" }] });

  await expect(
    writeSegments(output(), [weight("w", file, "same")], { overflow: "error" }),
  ).rejects.toMatchObject({
    code: "KERNELS_EXPR_INVALID",
  });
});

test("a folder that is not there is reported with the path", async () => {
  const path = join(temporaryFolder(), "missing", "out.bin");

  await expect(writeSegments(path, [zeros(1)], { overflow: "error" })).rejects.toMatchObject({
    code: "KERNELS_OUTPUT_UNWRITABLE",
    details: { path },
  });
});

test("no segments make an empty file", async () => {
  const path = output();

  expect(await writeSegments(path, [], { overflow: "error", chunkHashes: true })).toEqual({
    byteLength: 0,
    chunkSha256: [],
    weights: [],
  });
  expect(readFileSync(path)).toHaveLength(0);
});
