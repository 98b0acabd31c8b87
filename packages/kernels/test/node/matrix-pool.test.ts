import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { createMatrixPool, type MatrixPool } from "@pippin/kernels/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { plainToBf16 } from "../../src/plain/cast.ts";
import { plainMultiply } from "../../src/plain/matrix.ts";
import { plainWeight } from "./plain-weight.ts";
import { randomFrom, weightFile } from "./weight-file.ts";

let pool: MatrixPool;
beforeAll(() => {
  pool = createMatrixPool({ threads: 3 });
});
afterAll(() => pool.close());

function randomValues(count: number, scale = 1): Float32Array<ArrayBuffer> {
  const random = randomFrom(count);
  return Float32Array.from({ length: count }, () => (random() - 0.5) * scale);
}

/**
 * The largest error as a share of Σ|x·w|. Each F32 sum of n products in four or more lanes errs by at most about
 * (n / 4 + 3) · 2^-24 of it, far less when signs are mixed: 2e-6 is 33 roundings.
 */
function worstError(
  weight: { rows: number; cols: number; values: Float32Array },
  x: Float32Array,
  y: Float32Array,
) {
  const m = x.length / weight.cols;
  const exact = plainMultiply(weight, x, m);
  const bound = plainMultiply({ ...weight, values: weight.values.map(Math.abs) }, x.map(Math.abs), m);
  return y.reduce((worst, value, i) => Math.max(worst, Math.abs(value - exact[i]!) / (bound[i]! || 1)), 0);
}

const sizes = [
  [1, 1],
  [5, 3],
  [13, 64],
  [1200, 256],
  [301, 333],
] as const;

test.each(sizes)(
  "products with F32, F16 and BF16 matrices [%i, %i] agree with the twin",
  async (rows, cols) => {
    const f16 = weightFile("F16", [rows, cols]);
    const bf16 = weightFile("BF16", [rows, cols]);
    await pool.load("F16", f16.expr, "F16");
    await pool.load("BF16", bf16.expr, "BF16");
    await pool.load("F32", bf16.expr, "F32");

    for (const m of [1, 2, 7, 70]) {
      const x = randomValues(m * cols);
      expect(
        worstError({ rows, cols, values: plainWeight(f16) }, x, pool.multiply("F16", x, m)),
      ).toBeLessThan(2e-6);
      expect(
        worstError({ rows, cols, values: plainWeight(bf16) }, x, pool.multiply("BF16", x, m)),
      ).toBeLessThan(2e-6);
      expect(
        worstError({ rows, cols, values: plainWeight(bf16) }, x, pool.multiply("F32", x, m)),
      ).toBeLessThan(2e-6);
    }
  },
);

test.each([1e-38, 1e-20, 1e20, 1e34])("F16 weights keep their precision for x around %d", async (scale) => {
  const codes = Uint16Array.from({ length: 64 * 64 }, (_, i) => ((i * 7919) % 0x7c00) | (i & 1 ? 0x8000 : 0));
  const file = weightFile("F16", [64, 64], { bytes: new Uint8Array(codes.buffer) });
  await pool.load("all", file.expr, "F16");
  const x = randomValues(64, scale * 1e-3);

  expect(
    worstError({ rows: 64, cols: 64, values: plainWeight(file) }, x, pool.multiply("all", x, 1)),
  ).toBeLessThan(2e-6);
});

test("keeping F32 weights as BF16 rounds as the plain twin rounds", async () => {
  const file = weightFile("F32", [64, 1]);
  await pool.load("rounded", file.expr, "BF16");

  const kept = pool.multiply("rounded", new Float32Array([1]), 1);

  const bits = Uint32Array.from(plainToBf16(plainWeight(file)), (code) => code << 16);
  expect(kept).toEqual(new Float32Array(bits.buffer));
});

test("subnormal F16 weights count", async () => {
  const file = weightFile("F16", [1, 8], { bytes: new Uint8Array(new Uint16Array(8).fill(1).buffer) });
  await pool.load("tiny", file.expr, "F16");

  expect(pool.multiply("tiny", new Float32Array(8).fill(1), 1)[0]).toBe(8 * 2 ** -24);
});

test("values are kept as given, and out receives the product", async () => {
  await pool.loadValues("values", 2, 3, new Float32Array([1, 2, 3, 4, 5, 6]));
  const out = new Float32Array(4);

  const y = pool.multiply("values", new Float32Array([1, 1, 1, 0, 1, 0]), 2, out);

  expect(y).toBe(out);
  expect([...y]).toEqual([6, 15, 2, 5]);
});

test("steps of an expression are applied while loading", async () => {
  const ops = [{ kind: "permuteRope", heads: 2 }, { kind: "addOne" }] as const;
  const file = weightFile("Q8_0", [1200, 256], { ops });
  await pool.load("steps", file.expr, "F32");
  const x = randomValues(256);

  expect(
    worstError({ rows: 1200, cols: 256, values: plainWeight(file) }, x, pool.multiply("steps", x, 1)),
  ).toBeLessThan(2e-6);
});

test("a matrix can be loaded anew while others are multiplied", async () => {
  await pool.loadValues("a", 1, 1, new Float32Array([2]));
  const again = pool.loadValues("a", 1, 2, new Float32Array([3, 4]));

  expect([...pool.multiply("a", new Float32Array([10]), 1)]).toEqual([20]);
  await again;
  expect([...pool.multiply("a", new Float32Array([10, 1]), 1)]).toEqual([34]);
});

test("wrong sizes and unknown names are refused", async () => {
  await pool.loadValues("w", 1, 2, new Float32Array(2));

  expect(() => pool.multiply("w", new Float32Array(3), 1)).toThrow(
    expect.objectContaining({ code: "KERNELS_SHAPE_MISMATCH" }),
  );
  expect(() => pool.multiply("nobody", new Float32Array(2), 1)).toThrow(
    expect.objectContaining({ code: "KERNELS_MATRIX_UNKNOWN" }),
  );
  await expect(pool.loadValues("w", 2, 2, new Float32Array(3))).rejects.toMatchObject({
    code: "KERNELS_SHAPE_MISMATCH",
  });
});

test("a weight that F16 cannot hold is refused by name", async () => {
  const file = weightFile("F32", [1, 2], { bytes: new Uint8Array(new Float32Array([1e6, 1]).buffer) });

  await expect(pool.load("layer.3", file.expr, "F16")).rejects.toMatchObject({
    code: "KERNELS_WEIGHT_OVERFLOW",
    details: { weight: "layer.3", value: 1e6 },
  });
});

test("a cancelled load leaves the pool usable", async () => {
  const file = weightFile("BF16", [3000, 512]);
  const controller = new AbortController();
  const loading = pool.load("big", file.expr, "BF16", controller.signal);
  controller.abort();

  await expect(loading).rejects.toMatchObject({ code: "CORE_CANCELLED" });
  await pool.load("big", file.expr, "BF16");
  const x = randomValues(512);
  expect(
    worstError({ rows: 3000, cols: 512, values: plainWeight(file) }, x, pool.multiply("big", x, 1)),
  ).toBeLessThan(2e-6);
});

test.each([0, -1, 1.5, Number.NaN, 1000])("%d threads are refused", (threads) => {
  expect(() => createMatrixPool({ threads })).toThrow(
    expect.objectContaining({ code: "KERNELS_THREADS_INVALID" }),
  );
});

test("a closed pool refuses to multiply and to load", async () => {
  const closed = createMatrixPool({ threads: 2 });
  await closed.close();

  expect(() => closed.multiply("w", new Float32Array(1), 1)).toThrow(
    expect.objectContaining({ code: "KERNELS_POOL_CLOSED" }),
  );
  await expect(closed.loadValues("w", 1, 1, new Float32Array(1))).rejects.toMatchObject({
    code: "KERNELS_POOL_CLOSED",
  });
});

test.each([
  ["large enough to share", 4000],
  ["too small to share", 100],
])("an open pool with a matrix %s keeps no process alive", async (_, rows) => {
  const script = `
    import { createMatrixPool } from "@pippin/kernels/node";
    const pool = createMatrixPool({ threads: 3 });
    await pool.loadValues("w", ${rows}, 100, new Float32Array(${rows} * 100).fill(1));
    console.log(pool.multiply("w", new Float32Array(100).fill(1), 1)[${rows - 1}]);`;

  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", script], {
    cwd: import.meta.dirname,
    timeout: 30_000,
  });

  expect(stdout).toBe("100\n");
});
