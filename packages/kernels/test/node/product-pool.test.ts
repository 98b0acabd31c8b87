import { createProductPool, type ProductPool } from "@pippin/kernels/node";
import { afterAll, beforeAll, expect, test } from "vitest";
import { plainAddProduct } from "../../src/plain/product.ts";
import { randomFrom } from "./weight-file.ts";

let pool: ProductPool;
beforeAll(() => {
  pool = createProductPool({ threads: 2 });
});
afterAll(() => pool.close());

function randomShared(length: number, seed: number): Float32Array<SharedArrayBuffer> {
  const random = randomFrom(seed);
  const values = pool.allocate(length);
  for (let i = 0; i < length; i++) values[i] = random() - 0.5;
  return values;
}

/** A job in matrices that are wider than it, so that strides and begins count. */
function jobOf(depth: number, rows: number, cols: number) {
  const a = { values: randomShared(depth * (rows + 3) + 5, 1), begin: 5, stride: rows + 3 };
  const b = { values: randomShared(depth * (cols + 1) + 2, 2), begin: 2, stride: cols + 1 };
  const c = { values: randomShared(rows * (cols + 4), 3), begin: 1, stride: cols + 4 };
  return { a, b, c, depth, rows, cols, factor: -0.5 };
}

test.each([
  [1, 1, 1],
  [7, 5, 3],
  [300, 4, 8],
  [64, 130, 257],
  [257, 300, 520],
])("sums of a product of depth %i for [%i, %i] agree with the twin", (depth, rows, cols) => {
  const job = jobOf(depth, rows, cols);
  const wanted = { ...job, c: { ...job.c, values: job.c.values.slice() } };

  pool.addProduct(job);

  plainAddProduct(wanted);
  const worst = job.c.values.reduce(
    (most, value, i) => Math.max(most, Math.abs(value - wanted.c.values[i]!)),
    0,
  );
  // depth products of at most 1/4, summed in F32: half an ulp of the sum so far for each.
  expect(worst).toBeLessThan((depth + 1) * 2 ** -24);
});

test("an upper product leaves no element on or above the diagonal out", () => {
  const n = 600;
  const x = { values: randomShared(40 * n, 4), begin: 0, stride: n };
  const c = { values: pool.allocate(n * n), begin: 0, stride: n };
  const full = { ...c, values: pool.allocate(n * n) };
  const job = { a: x, b: x, depth: 40, rows: n, cols: n, factor: 1 };

  pool.addProduct({ ...job, c, upper: true });

  pool.addProduct({ ...job, c: full });
  for (let i = 0; i < n; i++) {
    expect(c.values.subarray(i * n + i, (i + 1) * n)).toEqual(full.values.subarray(i * n + i, (i + 1) * n));
  }
});

test("a part that reaches beyond its values is refused", () => {
  const job = jobOf(4, 8, 8);
  const cut = { ...job, c: { ...job.c, stride: job.c.stride + 1 } };
  expect(() => pool.addProduct(cut)).toThrow(expect.objectContaining({ code: "KERNELS_SHAPE_MISMATCH" }));
});

test("the result does not depend on the number of threads", async () => {
  const alone = createProductPool({ threads: 1 });
  const job = jobOf(300, 400, 400);
  const other = { ...job, c: { ...job.c, values: job.c.values.slice() } };

  pool.addProduct(job);
  alone.addProduct(other);

  expect(other.c.values).toEqual(job.c.values);
  await alone.close();
});
