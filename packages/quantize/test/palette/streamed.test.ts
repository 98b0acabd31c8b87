import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeSegments } from "@pippin/kernels/node";
import { expect, onTestFinished, test } from "vitest";
import { PaletteEncoding } from "../../src/palette/encoding.ts";
import { palettize } from "../../src/palette/palettize.ts";
import { randomCodes } from "./random-weights.ts";

test.each([
  { kind: "palette", bits: 4, granularity: "per_grouped_channel", groupSize: 16 },
  { kind: "palette", bits: 6, granularity: "per_grouped_channel", groupSize: 8 },
  { kind: "palette", bits: 3, granularity: "per_tensor" },
])("a file that is written in pieces has the bytes of `palettize`: %j", async (json) => {
  const encoding = PaletteEncoding.parse(json);
  const [rows, cols] = [48, 1003];
  const codes = randomCodes("heavyTails", rows * cols);
  const folder = mkdtempSync(join(tmpdir(), "pippin-quantize-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [file, out] = [join(folder, "codes.bin"), join(folder, "out.bin")];
  writeFileSync(file, codes);
  const source = {
    file,
    byteOffset: 0,
    byteLength: codes.byteLength,
    dtype: "F16",
    shape: [rows, cols],
  } as const;

  const { weights } = await writeSegments(
    out,
    [
      { kind: "encoded", id: "w", expr: { source, ops: [], shape: [rows, cols] }, encoding },
      { kind: "encodedPart", of: "w", part: "lut" },
    ],
    { overflow: "error" },
  );

  const { indices, lut, squaredError } = palettize(codes, [rows, cols], encoding);
  expect(readFileSync(out).equals(Buffer.concat([indices, new Uint8Array(lut.buffer)]))).toBe(true);
  expect(weights[0]?.error?.mse).toBeCloseTo(squaredError / codes.length, 12);
});
