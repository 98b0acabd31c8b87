import { expect, test } from "vitest";
import { evaluate, expectOp, f32, flag, float, i32, int, ints, noise } from "./build.ts";

/** Single-precision rounding of results; sums are in double precision. */
const SINGLE = 1e-6;

/** x[a][b][c] = 6a + 3b + c. */
const x = f32([2, 2, 3], [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]);

test.each([
  ["reduce_sum", [3, 12, 21, 30]],
  ["reduce_mean", [1, 4, 7, 10]],
  ["reduce_max", [2, 5, 8, 11]],
  ["reduce_min", [0, 3, 6, 9]],
  ["reduce_sum_square", [5, 50, 149, 302]],
  ["reduce_l2_norm", [Math.sqrt(5), Math.sqrt(50), Math.sqrt(149), Math.sqrt(302)]],
])("%s over the last axis, kept or not", async (type, wanted) => {
  await expectOp(type, { x, axes: ints(-1), keep_dims: flag(true) }, f32([2, 2, 1], wanted), SINGLE);
  await expectOp(type, { x, axes: ints(2) }, f32([2, 2], wanted), SINGLE);
});

test("other axes, several axes and all axes are reduced too", async () => {
  await expectOp("reduce_sum", { x, axes: ints(0) }, f32([2, 3], [6, 8, 10, 12, 14, 16]));
  await expectOp("reduce_sum", { x, axes: ints(2, 0), keep_dims: flag(true) }, f32([1, 2, 1], [24, 42]));
  await expectOp("reduce_max", { x }, f32([], [11]));
});

test("a NaN is not passed over", async () => {
  const given = { x: f32([3], [1, Number.NaN, 3]), axes: ints(0) };
  await expectOp("reduce_max", given, f32([], [Number.NaN]));
  await expectOp("reduce_min", given, f32([], [Number.NaN]));
});

test("reduce_argmax gives the first of equals", async () => {
  const given = { x: f32([2, 3], [1, 5, 5, 7, 2, 7]), axis: int(-1) };
  await expectOp("reduce_argmax", given, i32([2, 1], [1, 0]));
  await expectOp("reduce_argmax", { ...given, axis: int(0), keep_dims: flag(false) }, i32([3], [1, 0, 1]));
});

test("an axis that is not there is refused", async () => {
  const run = evaluate("reduce_sum", { x, axes: ints(3) }, [["FLOAT32", [2, 2]]]);
  await expect(run).rejects.toMatchObject({ code: "COREML_PROGRAM_INVALID" });
});

function softmaxOf(row: readonly number[]): number[] {
  const exps = row.map(Math.exp);
  const total = exps.reduce((sum, value) => sum + value, 0);
  return exps.map((value) => value / total);
}

test("softmax over the last axis and over an inner one", async () => {
  const values = noise(6).map((value) => 5 * value);
  const rows = [...softmaxOf(values.slice(0, 3)), ...softmaxOf(values.slice(3))];
  await expectOp("softmax", { x: f32([2, 3], values), axis: int(-1) }, f32([2, 3], rows), SINGLE);
  const columns = [0, 1, 2].map((c) => softmaxOf([values[c]!, values[c + 3]!]));
  const wanted = [0, 1].flatMap((r) => columns.map((column) => column[r]!));
  await expectOp("softmax", { x: f32([2, 3], values), axis: int(0) }, f32([2, 3], wanted), SINGLE);
});

test("softmax of large and infinite values stays finite", async () => {
  await expectOp("softmax", { x: f32([3], [1e4, 1e4, -1e4]) }, f32([3], [0.5, 0.5, 0]));
  await expectOp("softmax", { x: f32([2], [3, Number.NEGATIVE_INFINITY]) }, f32([2], [1, 0]));
});

/** The definition in double precision: biased variance, epsilon inside the root. */
function normed(row: readonly number[], epsilon: number): number[] {
  const mean = row.reduce((sum, value) => sum + value, 0) / row.length;
  const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / row.length;
  return row.map((value) => (value - mean) / Math.sqrt(variance + epsilon));
}

test("layer_norm with gamma and beta over the last axis", async () => {
  const values = noise(6);
  const [gamma, beta] = [
    [1, 2, 3],
    [0.5, 0, -0.5],
  ];
  const wanted = [0, 3].flatMap((from) =>
    normed(values.slice(from, from + 3), 1e-3).map((value, i) => value * gamma![i]! + beta![i]!),
  );
  const given = { x: f32([2, 3], values), axes: ints(-1), epsilon: float(1e-3) };
  const scaled = { ...given, gamma: f32([3], gamma!), beta: f32([3], beta!) };
  await expectOp("layer_norm", scaled, f32([2, 3], wanted), SINGLE);
});

test("layer_norm over several axes, over the first one, and with MIL's defaults", async () => {
  const values = noise(6);
  const all = normed(values, 1e-5);
  await expectOp("layer_norm", { x: f32([2, 3], values), axes: ints(0, 1) }, f32([2, 3], all), SINGLE);
  await expectOp("layer_norm", { x: f32([2, 3], values) }, f32([2, 3], all), SINGLE);
  const columns = [0, 1, 2].map((c) => normed([values[c]!, values[c + 3]!], 1e-5));
  const wanted = [0, 1].flatMap((r) => columns.map((column) => column[r]!));
  await expectOp("layer_norm", { x: f32([2, 3], values), axes: ints(0) }, f32([2, 3], wanted), 1e-4);
});
