import { truncateSync } from "node:fs";
import { readRows, readWeight } from "@pippin/kernels/node";
import { expect, test } from "vitest";
import { plainWeight } from "./plain-weight.ts";
import { weightFile } from "./weight-file.ts";

test.each(["F64", "F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1"] as const)(
  "a %s weight is read",
  async (dtype) => {
    const file = weightFile(dtype, [6, 96]);

    expect(await readWeight(file.expr)).toEqual(plainWeight(file));
  },
);

test("a weight larger than the reader's window is read whole", async () => {
  const file = weightFile("BF16", [700, 1001]);

  expect(await readWeight(file.expr)).toEqual(plainWeight(file));
});

test("steps are applied in order", async () => {
  const ops = [
    { kind: "addOne" },
    { kind: "scale", factor: 3 },
    { kind: "sliceRows", begin: 5, end: 90 },
  ] as const;
  const file = weightFile("Q8_0", [96], { ops, result: [85] });

  expect(await readWeight(file.expr)).toEqual(plainWeight(file));
});

test("rotary rows of blocks come in halves", async () => {
  const file = weightFile("Q4_0", [64, 96], { ops: [{ kind: "permuteRope", heads: 2 }] });

  expect(await readWeight(file.expr)).toEqual(plainWeight(file));
});

test("a rotary bias of single elements comes in halves", async () => {
  const file = weightFile("F32", [64], { ops: [{ kind: "permuteRope", heads: 4 }] });

  expect(await readWeight(file.expr)).toEqual(plainWeight(file));
});

test("rows come in the order asked for", () => {
  const file = weightFile("BF16", [50, 33]);
  const all = plainWeight(file);

  const rows = readRows(file.expr, [49, 0, 7, 7]);

  expect(rows).toEqual(
    Float32Array.from([49, 0, 7, 7].flatMap((row) => [...all.subarray(33 * row, 33 * row + 33)])),
  );
});

test("a row the weight does not have is refused", () => {
  const file = weightFile("BF16", [50, 33]);

  expect(() => readRows(file.expr, [50])).toThrow(
    expect.objectContaining({ code: "KERNELS_SHAPE_MISMATCH" }),
  );
});

test("a truncated file is reported with what was wanted and found", async () => {
  const { expr } = weightFile("F16", [8, 8]);
  truncateSync(expr.source.file, 100);

  await expect(readWeight(expr)).rejects.toMatchObject({
    code: "KERNELS_SOURCE_TRUNCATED",
    details: { wanted: 165, found: 100 },
  });
});

test("a missing file is reported", async () => {
  const { expr } = weightFile("F16", [8, 8]);
  const gone = { ...expr, source: { ...expr.source, file: `${expr.source.file}.gone` } };

  await expect(readWeight(gone)).rejects.toMatchObject({ code: "KERNELS_SOURCE_UNREADABLE" });
});
