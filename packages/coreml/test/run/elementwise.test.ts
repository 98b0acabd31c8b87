import { expect, test } from "vitest";
import { bool, evaluate, expectOp, f32, float, i32, noise, text } from "./build.ts";

/** A single-precision ulp of values below 2, and what `Math.exp` leaves. */
const SINGLE = 3e-7;

test.each([
  ["add", [1.5, -2, 7], [0.25, 4, -7], [1.75, 2, 0]],
  ["sub", [1.5, -2, 7], [0.25, 4, -7], [1.25, -6, 14]],
  ["mul", [1.5, -2, 7], [0.25, 4, -7], [0.375, -8, -49]],
  ["real_div", [1.5, -2, 7], [0.25, 4, -7], [6, -0.5, -1]],
  ["real_div", [1, -1, 4], [0, 0, 2], [Infinity, -Infinity, 2]],
  ["floor_div", [7, -7, 7.5], [2, 2, -2], [3, -4, -4]],
  ["mod", [7, -7, 7.5], [2, 2, -2], [1, 1, -0.5]],
  ["pow", [2, 9, 2], [10, 0.5, -1], [1024, 3, 0.5]],
  ["maximum", [1, -2, 7], [0, 4, 7], [1, 4, 7]],
  ["maximum", [Number.NaN, 1, 2], [0, 0, 0], [Number.NaN, 1, 2]],
  ["minimum", [1, -2, 7], [0, 4, 7], [0, -2, 7]],
])("%s of floats %j and %j is %j", async (type, x, y, wanted) => {
  await expectOp(type, { x: f32([3], x), y: f32([3], y) }, f32([3], wanted));
});

test.each([
  ["add", [7, -7, 2147483647], [2, 3, 1], [9, -4, -2147483648]],
  ["sub", [7, -7, 0], [2, 3, 5], [5, -10, -5]],
  ["mul", [7, -7, 0], [2, 3, 5], [14, -21, 0]],
  ["floor_div", [7, -7, 6], [2, 2, -4], [3, -4, -2]],
  ["mod", [7, -7, 6], [2, 3, -4], [1, 2, -2]],
  ["maximum", [7, -7, 0], [2, 3, 0], [7, 3, 0]],
])("%s of integers %j and %j is %j", async (type, x, y, wanted) => {
  await expectOp(type, { x: i32([3], x), y: i32([3], y) }, i32([3], wanted));
});

test.each([
  ["equal", [0, 1, 0]],
  ["not_equal", [1, 0, 1]],
  ["less", [1, 0, 0]],
  ["less_equal", [1, 1, 0]],
  ["greater", [0, 0, 1]],
  ["greater_equal", [0, 1, 1]],
])("%s compares floats and integers alike", async (type, wanted) => {
  await expectOp(type, { x: f32([3], [1, 2, 3]), y: float(2) }, bool([3], wanted));
  await expectOp(type, { x: i32([3], [1, 2, 3]), y: i32([], [2]) }, bool([3], wanted));
});

test.each([
  ["logical_and", [0, 0, 0, 1]],
  ["logical_or", [0, 1, 1, 1]],
  ["logical_xor", [0, 1, 1, 0]],
])("%s has the truth table of its name", async (type, wanted) => {
  const given = { x: bool([4], [0, 0, 1, 1]), y: bool([4], [0, 1, 0, 1]) };
  await expectOp(type, given, bool([4], wanted));
});

test("logical_not turns every value around", async () => {
  await expectOp("logical_not", { x: bool([2], [0, 1]) }, bool([2], [1, 0]));
});

test("select takes a where the condition holds, and broadcasts all three", async () => {
  const given = { cond: bool([2, 1], [1, 0]), a: f32([3], [1, 2, 3]), b: float(-1) };
  await expectOp("select", given, f32([2, 3], [1, 2, 3, -1, -1, -1]));
});

/** Abramowitz and Stegun, table 7.1. */
const ERF = [
  0, 0.1124629160182849, 0.520499877813047, 0.8427007929497149, 0.9953222650189527, 0.9999779095030014, 1,
];

test("erf agrees with its table", async () => {
  await expectOp("erf", { x: f32([7], [0, 0.1, 0.5, 1, 2, 3, 9]) }, f32([7], ERF), SINGLE);
  const negative = ERF.map((value) => -value);
  await expectOp("erf", { x: f32([7], [-0, -0.1, -0.5, -1, -2, -3, -9]) }, f32([7], negative), SINGLE);
});

const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

test.each<[string, (x: number) => number]>([
  ["exp", Math.exp],
  ["exp2", (x) => 2 ** x],
  ["square", (x) => x * x],
  ["sin", Math.sin],
  ["cos", Math.cos],
  ["tanh", Math.tanh],
  ["abs", Math.abs],
  ["sign", Math.sign],
  ["relu", (x) => (x > 0 ? x : 0)],
  ["sigmoid", sigmoid],
  ["silu", (x) => x * sigmoid(x)],
  ["softplus", (x) => Math.log(1 + Math.exp(x))],
])("%s agrees with its definition in double precision", async (type, f) => {
  const x = noise(64).map((value) => 8 * value);
  await expectOp(type, { x: f32([8, 8], x) }, f32([8, 8], x.map(f)), SINGLE);
});

test("silu and softplus stay finite far from zero", async () => {
  const x = f32([2], [-1000, 1000]);
  await expectOp("silu", { x }, f32([2], [-0, 1000]));
  await expectOp("softplus", { x }, f32([2], [0, 1000]));
});

test("sqrt of a negative number is NaN", async () => {
  await expectOp("sqrt", { x: f32([3], [4, 0, -1]) }, f32([3], [2, 0, Number.NaN]));
});

test("round goes to the even neighbor from the middle", async () => {
  const x = f32([6], [0.5, 1.5, 2.5, -0.5, -1.5, 2.4]);
  await expectOp("round", { x }, f32([6], [0, 2, 2, -0, -2, 2]));
  await expectOp("floor", { x }, f32([6], [0, 1, 2, -1, -2, 2]));
  await expectOp("ceil", { x }, f32([6], [1, 2, 3, -0, -1, 3]));
});

test("rsqrt, inverse and log add epsilon first", async () => {
  const given = { x: f32([2], [0, 3]), epsilon: float(1) };
  await expectOp("rsqrt", given, f32([2], [1, 0.5]));
  await expectOp("inverse", given, f32([2], [1, 0.25]));
  await expectOp("log", given, f32([2], [0, Math.log(4)]));
});

test("their epsilons have the defaults of MIL", async () => {
  await expectOp("rsqrt", { x: f32([1], [0]) }, f32([1], [1e6]), 1e-6);
  await expectOp("inverse", { x: f32([1], [0]) }, f32([1], [1e4]), 1e-6);
  await expectOp("log", { x: f32([1], [1]) }, f32([1], [0]));
});

test("clip keeps values between alpha and beta", async () => {
  const given = { x: f32([3], [-2, 0.5, 9]), alpha: float(-1), beta: float(6) };
  await expectOp("clip", given, f32([3], [-1, 0.5, 6]));
});

/** x·Φ(x) by the table above: Φ(1) and Φ(−1), from erf(1/√2) = 0.682689492137086. */
const PHI = 0.841344746068543;

test.each([
  ["EXACT", [PHI, PHI - 1, 0], SINGLE],
  ["TANH_APPROXIMATION", [0.841191990607477, 0.841191990607477 - 1, 0], SINGLE],
  ["SIGMOID_APPROXIMATION", [sigmoid(1.702), -sigmoid(-1.702), 0], SINGLE],
])("gelu in mode %s", async (mode, wanted, tolerance) => {
  await expectOp("gelu", { x: f32([3], [1, -1, 0]), mode: text(mode) }, f32([3], wanted), tolerance);
});

test("a gelu of another mode is refused", async () => {
  const run = evaluate("gelu", { x: float(1), mode: text("toString") }, [["FLOAT32", []]]);
  await expect(run).rejects.toMatchObject({ code: "COREML_PROGRAM_INVALID" });
});

test("operands of two element types are refused", async () => {
  const run = evaluate("add", { x: f32([1], [1]), y: i32([1], [1]) }, [["FLOAT32", [1]]]);
  await expect(run).rejects.toMatchObject({ code: "COREML_PROGRAM_INVALID" });
});

test.each([
  ["int32", [1, -1, 0, 300], "INT32", [1, -1, 0, 300]],
  ["int8", [127, 128, -129, 300.7], "INT8", [127, -128, 127, 44]],
  ["uint8", [255, 256, -1, 300], "UINT8", [255, 0, 255, 44]],
  ["int16", [32767, 32768, -1, 0.9], "INT16", [32767, -32768, -1, 0]],
  ["uint16", [65535, 65536, -1, 1.9], "UINT16", [65535, 0, 65535, 1]],
  ["bool", [0, -0.5, 2, -0], "BOOL", [0, 1, 1, 0]],
  ["fp32", [1.5, -2, 0, 1e30], "FLOAT32", [1.5, -2, 0, Math.fround(1e30)]],
] as const)("a cast to %s cuts off what does not fit", async (dtype, x, type, wanted) => {
  const [result] = await evaluate("cast", { x: f32([4], [...x]), dtype: text(dtype) }, [[type, [4]]]);
  expect([...result!.data]).toEqual(wanted);
});

test("a cast of integers and booleans to floats keeps their values", async () => {
  await expectOp("cast", { x: i32([2], [-3, 7]), dtype: text("fp32") }, f32([2], [-3, 7]));
  await expectOp("cast", { x: bool([2], [0, 1]), dtype: text("fp32") }, f32([2], [0, 1]));
});

test("a cast to an unknown type is refused", async () => {
  const run = evaluate("cast", { x: float(1), dtype: text("constructor") }, [["FLOAT32", []]]);
  await expect(run).rejects.toMatchObject({ code: "COREML_PROGRAM_INVALID" });
});
