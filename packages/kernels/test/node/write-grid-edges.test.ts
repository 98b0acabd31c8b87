import { readFileSync } from "node:fs";
import { ownGrid } from "@pippin/kernels";
import { expect, test } from "vitest";
import type { GridEncoding } from "../../src/grid.ts";
import { plainCode } from "../../src/plain/packed.ts";
import type { WeightExpr } from "../../src/weight-expr.ts";
import { weightOf, written } from "./grid-file.ts";
import { affineFile, scaledFile } from "./packed-file.ts";

test("subnormal and negative scales are kept to the bit", async () => {
  const { expr, values } = weightOf("Q4_0", [6, 160], [[2 ** -24], [-(2 ** -20)], [-0.01], [2 ** -15]]);

  const result = await written(expr, ownGrid(expr) as GridEncoding);

  expect(result.values).toEqual(values.map((value) => value + 0));
  expect(result.report.weights[0]!.error).toMatchObject({ maxError: 0, zeroGroups: 0 });
});

test("blocks of one value keep it, and are counted", async () => {
  const { expr, values } = weightOf(
    "Q4_1",
    [4, 96],
    [
      [0, 0.0123],
      [0, -0.5],
      [0, 0],
      [0.01, -0.1],
    ],
  );

  const result = await written(expr, ownGrid(expr) as GridEncoding);

  values.forEach((value, i) => {
    if (Math.floor(i / 32) % 4 < 3) expect(result.values[i]).toBe(value + 0);
  });
  expect(result.report.weights[0]!.error).toMatchObject({ zeroGroups: 9 });
});

test("offsets that F16 cannot hold cost no more than the group's span, and show as an error", async () => {
  // 65536 and 4096 steps: the first becomes one constant, the second gets an offset to two steps.
  const { expr, values } = weightOf(
    "Q4_1",
    [2, 64],
    [
      [2 ** -14, 4],
      [2 ** -12, 1 + 2 ** -10],
    ],
  );

  const result = await written(expr, ownGrid(expr) as GridEncoding);

  values.forEach((value, i) => {
    const bound = Math.floor(i / 32) % 2 === 0 ? 15 * 2 ** -14 : 2 * 2 ** -12;
    expect(Math.abs(result.values[i]! - value)).toBeLessThanOrEqual(bound);
  });
  const { error } = result.report.weights[0]!;
  expect(error!.zeroGroups).toBe(2);
  const worst = values.reduce((most, value, i) => Math.max(most, Math.abs(value - result.values[i]!)), 0);
  expect(error!.maxError).toBeCloseTo(worst, 7);
  expect(worst).toBeGreaterThan(2 ** -11);
});

test("values beyond F16 are refused by name", async () => {
  const { expr } = weightOf("Q8_0", [2, 64], [[60000]]);
  await expect(written(expr, ownGrid(expr) as GridEncoding)).rejects.toMatchObject({
    code: "KERNELS_WEIGHT_OVERFLOW",
    message: expect.stringContaining("weight w "),
  });
});

test.each([4, 5, 6, 8] as const)("%i-bit rows with biases keep their integers", async (bits) => {
  const { source, values } = affineFile({
    ...{ rows: 24, columns: 96, bits, groupSize: 32, packing: "rows", offset: "biases", scaleDtype: "F16" },
  });
  const expr: WeightExpr = { source, ops: [], shape: source.shape };
  const codes = new Uint8Array(readFileSync(source.codes.file)).subarray(source.codes.byteOffset);

  const result = await written(expr, ownGrid(expr) as GridEncoding);

  // Biases of this file are up to 0.1 and some scales below 1e-5, where a group is one constant.
  const kept = result.codes.filter((code, i) => code === plainCode(codes, i, bits)).length;
  const constants = result.report.weights[0]!.error!.zeroGroups * 32;
  expect(kept).toBeGreaterThanOrEqual(values.length - constants);
  expect(result.report.weights[0]!.error!.snrDb).toBeGreaterThan(50);
});

test("scales that are exponents are kept", async () => {
  const { source, values } = scaledFile({
    ...{ rows: 8, columns: 64, format: "I8", block: [1, 32], scaleDtype: "U8" },
  });
  const expr: WeightExpr = { source, ops: [], shape: source.shape };
  const result = await written(expr, ownGrid(expr) as GridEncoding);

  expect(result.values).toEqual(values.map((value) => value + 0));
});
