import { expect, test } from "vitest";
import type { Shape } from "../../src/mil/types.ts";
import { createExecutable } from "../../src/run/executable.ts";
import { roundToHalf, roundWithKernels } from "../../src/run/round.ts";
import {
  evaluate,
  executableOf,
  expectClose,
  f16,
  f32,
  flag,
  float,
  type Given,
  i32,
  int,
  ints,
  noise,
  Program,
  packageOf,
  text,
} from "./build.ts";

const floats = (...values: number[]) => ({ shape: [values.length], data: Float32Array.from(values) });

test("linear multiplies by the transposed weight and adds the bias", async () => {
  const given = { x: f32([1, 2, 2], [1, 2, 3, 4]), weight: f32([3, 2], [1, 0, 0, 1, 1, 1]) };
  const [plain] = await evaluate("linear", given, [["FLOAT32", [1, 2, 3]]]);
  expectClose(plain!, f32([1, 2, 3], [1, 2, 3, 3, 4, 7]), 1e-6);
  const zeros = { ...given, bias: f32([3], [0, 0, 0]) };
  const [unmoved] = await evaluate("linear", zeros, [["FLOAT32", [1, 2, 3]]]);
  expectClose(unmoved!, f32([1, 2, 3], [1, 2, 3, 3, 4, 7]), 1e-6);
  const biased = { ...given, bias: f32([3], [10, 20, 30]) };
  const [moved] = await evaluate("linear", biased, [["FLOAT32", [1, 2, 3]]]);
  expectClose(moved!, f32([1, 2, 3], [11, 22, 33, 13, 24, 37]), 1e-6);
});

test.each([
  ["an x of another width", { x: f32([1, 3], noise(3)), weight: f32([2, 2], noise(4)) }],
  ["a bias of another size", { x: f32([1, 2], noise(2)), weight: f32([2, 2], noise(4)), bias: float(1) }],
  ["a weight of three axes", { x: f32([1, 2], noise(2)), weight: f32([2, 2, 1], noise(4)) }],
])("linear with %s is refused", async (_, given) => {
  const run = evaluate("linear", given, [["FLOAT32", [1, 2]]]);
  await expect(run).rejects.toMatchObject({ code: "COREML_PROGRAM_INVALID" });
});

test.each([
  ["conv", "conv conv_"],
  ["constexpr_sparse_to_dense", "constexpr_sparse_to_dense constexpr_"],
  ["toString", "toString toString_"],
])("the operation %s is not executed, and named when the package is opened", async (type, named) => {
  const program = new Program();
  const [result] = program.op(type, { x: float(1) }, ["FLOAT32", []]);
  const opened = packageOf({ main: program.returns(result!) });
  await expect(createExecutable(opened, { precision: "fp32", threads: 1 })).rejects.toMatchObject({
    code: "COREML_OP_UNSUPPORTED",
    message: expect.stringContaining(`does not execute ${named}`),
  });
});

test("a weight that is computed is not executed", async () => {
  const program = new Program();
  const [weight] = program.op("mul", { x: f32([1, 1], [1]), y: float(1) }, ["FLOAT32", [1, 1]]);
  const [y] = program.op("linear", { x: f32([1, 1], [1]), weight: weight! }, ["FLOAT32", [1, 1]]);
  await expect(executableOf({ main: program.returns(y!) })).rejects.toMatchObject({
    code: "COREML_OP_UNSUPPORTED",
    message: expect.stringContaining("a weight that is computed"),
  });
});

test("a value that is used before it is defined is named", async () => {
  const program = new Program();
  const [y] = program.op("add", { x: "later", y: float(1) }, ["FLOAT32", []]);
  await expect(executableOf({ main: program.returns(y!) })).rejects.toMatchObject({
    code: "COREML_PROGRAM_INVALID",
    message: expect.stringContaining("uses later, which is not defined before it"),
  });
});

test("a value written in place of a name is taken as a constant", async () => {
  const program = new Program();
  program.input("x", "FLOAT32", [2]);
  const [y] = program.op("add", { x: "x", y: { ...float(3), inPlace: true } }, ["FLOAT32", [2]]);
  const executable = await executableOf({ main: program.returns(y!) });
  const outputs = await executable.run("main", new Map([["x", floats(1, 2)]]), new Map());
  expect([...outputs.get(y!)!.data]).toEqual([4, 5]);
});

test("a result of another shape than declared is refused with both", async () => {
  const run = evaluate("add", { x: f32([2], [1, 2]), y: float(1) }, [["FLOAT32", [3]]]);
  await expect(run).rejects.toMatchObject({
    code: "COREML_PROGRAM_INVALID",
    message: expect.stringMatching(/add add_\d+ has shape \[2\], the program declares \[3\]/),
  });
});

/** y = x·2 for vectors of any length. */
function doubling() {
  const program = new Program();
  program.input("x", "FLOAT32", [null]);
  const [y] = program.op("mul", { x: "x", y: float(2) }, ["FLOAT32", [null]]);
  return { fn: program.returns(y!), name: y! };
}

test("a dimension that is unknown takes any size, also in turn", async () => {
  const { fn, name } = doubling();
  const executable = await executableOf({ main: fn });
  for (const values of [[1, 2, 3], [4], [], [5, 6]]) {
    const outputs = await executable.run("main", new Map([["x", floats(...values)]]), new Map());
    expect([...outputs.get(name)!.data]).toEqual(values.map((value) => value * 2));
  }
});

test("a length that is only known at run time goes through shape, concat and reshape", async () => {
  const program = new Program();
  program.input("x", "FLOAT32", [1, null]);
  const [shape] = program.op("shape", { x: "x" }, ["INT32", [2]]);
  const length = { x: shape!, indices: int(1), axis: int(0) };
  const [count] = program.op("gather", length, ["INT32", []]);
  const [wanted] = program.op("concat", { values: [count!, int(1)], axis: int(0) }, ["INT32", [2]]);
  const [column] = program.op("reshape", { x: "x", shape: wanted! }, ["FLOAT32", [null, 1]]);
  const executable = await executableOf({ main: program.returns(column!) });
  const x = { shape: [1, 3], data: Float32Array.of(7, 8, 9) };
  const outputs = await executable.run("main", new Map([["x", x]]), new Map());
  expectClose(outputs.get(column!)!, f32([3, 1], [7, 8, 9]));
});

test.each([
  ["is missing", new Map()],
  ["has another rank", new Map([["x", { shape: [1, 2], data: Float32Array.of(1, 2) }]])],
  ["has another type", new Map([["x", { shape: [2], data: Int32Array.of(1, 2) }]])],
  ["has fewer values than its shape says", new Map([["x", { shape: [3], data: Float32Array.of(1, 2) }]])],
])("an input that %s is refused", async (_, inputs) => {
  const executable = await executableOf({ main: doubling().fn });
  await expect(executable.run("main", inputs, new Map())).rejects.toMatchObject({
    code: "COREML_PROGRAM_INVALID",
    message: expect.stringContaining("the input x"),
  });
});

test("a function that is not there is refused", async () => {
  const executable = await executableOf({ main: doubling().fn });
  await expect(executable.run("other", new Map(), new Map())).rejects.toMatchObject({
    code: "COREML_PROGRAM_INVALID",
  });
});

test("what a run returned is not changed by later runs, nor are inputs and constants by the caller", async () => {
  const program = new Program();
  program.input("x", "FLOAT32", [2]);
  const constant = program.constant(f32([2], [5, 6]));
  const [flat] = program.op("reshape", { x: "x", shape: ints(2) }, ["FLOAT32", [2]]);
  const [sum] = program.op("add", { x: flat!, y: constant }, ["FLOAT32", [2]]);
  const [twice] = program.op("add", { x: sum!, y: sum! }, ["FLOAT32", [2]]);
  const [view] = program.op("expand_dims", { x: twice!, axes: ints(0) }, ["FLOAT32", [1, 2]]);
  const names = [constant, flat!, view!];
  const executable = await executableOf({ main: program.returns(...names) });
  const run = async (x: number[]) => {
    const outputs = await executable.run("main", new Map([["x", floats(...x)]]), new Map());
    return names.map((name) => outputs.get(name)!.data);
  };
  const first = await run([1, 2]);
  for (const data of await run([3, 4])) data.fill(-1);
  expect(first.map((data) => [...data])).toEqual([
    [5, 6],
    [1, 2],
    [12, 16],
  ]);
  expect((await run([0, 0])).map((data) => [...data])).toEqual([
    [5, 6],
    [0, 0],
    [10, 12],
  ]);
});

/** fp16 has 11 bits: 2049 lies between two values, 65519 rounds down, 65520 up to infinity, 2^-25 to zero. */
const ROUNDED: readonly (readonly [number, number])[] = [
  [2049, 2048],
  [2051, 2052],
  [1 / 3, 0.333251953125],
  [65519, 65504],
  [65520, Number.POSITIVE_INFINITY],
  [-1e9, Number.NEGATIVE_INFINITY],
  [2 ** -24, 2 ** -24],
  [2 ** -25, 0],
  [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY],
  [Number.NaN, Number.NaN],
];

test.each([
  ["the platform's arrays", roundToHalf],
  ["the kernels, as Node 22 needs it", roundWithKernels],
])("rounding to fp16 with %s goes to the even neighbor and beyond the range to infinity", (_, round) => {
  const values = Float32Array.from(ROUNDED, ([value]) => value);
  round(values);
  expect([...values]).toEqual(ROUNDED.map(([, rounded]) => rounded));
});

test("fp16 execution rounds what is declared fp16, each result once; fp32 execution rounds nothing", async () => {
  const given = { x: f16([2], [300, 1]), y: f16([2], [300, 2 ** -12]) };
  const half = await evaluate("mul", given, [["FLOAT16", [2]]], { precision: "fp16" });
  const single = await evaluate("mul", given, [["FLOAT16", [2]]], { precision: "fp32" });
  const sum = await evaluate("add", given, [["FLOAT16", [2]]], { precision: "fp16" });
  const wide = await evaluate("mul", { x: f32([1], [300]), y: f32([1], [300]) }, [["FLOAT32", [1]]], {
    precision: "fp16",
  });
  expect([...half[0]!.data]).toEqual([Number.POSITIVE_INFINITY, 2 ** -12]);
  expect([...single[0]!.data]).toEqual([90000, 2 ** -12]);
  expect([...sum[0]!.data]).toEqual([600, 1]);
  expect([...wide[0]!.data]).toEqual([90000]);
});

test("fp16 execution rounds inputs and leaves the caller's array as it was", async () => {
  const program = new Program();
  program.input("x", "FLOAT16", [1]);
  const [y] = program.op("identity", { x: "x" }, ["FLOAT16", [1]]);
  const executable = await executableOf({ main: program.returns(y!) }, { precision: "fp16" });
  const x = floats(2049);
  const outputs = await executable.run("main", new Map([["x", x]]), new Map());
  expect([outputs.get(y!)!.data[0], x.data[0]]).toEqual([2048, 2049]);
});

const cancelled = { code: "CORE_CANCELLED" };

test("a run that was cancelled before does not begin", async () => {
  const executable = await executableOf({ main: doubling().fn });
  const run = executable.run("main", new Map([["x", floats(1)]]), new Map(), { signal: AbortSignal.abort() });
  await expect(run).rejects.toMatchObject(cancelled);
});

test.each([
  ["between operations", { size: 400, count: 40 }],
  ["within a long one", { size: 1200, count: 1 }],
])("a run is cancelled %s", async (_, { size, count }) => {
  const program = new Program();
  program.input("x", "FLOAT32", [size, size]);
  let x = "x";
  for (let i = 0; i < count; i++) [x = ""] = program.op("matmul", { x, y: "x" }, ["FLOAT32", [size, size]]);
  const executable = await executableOf({ main: program.returns(x) });
  const inputs = new Map([["x", { shape: [size, size], data: new Float32Array(size * size) }]]);
  const controller = new AbortController();
  // Comes when the event loop first turns: a run that kept it waiting to its end would succeed.
  setImmediate(() => controller.abort());
  await expect(executable.run("main", inputs, new Map(), controller)).rejects.toMatchObject(cancelled);
});

test("integers pass through gather, arithmetic and slices as integers", async () => {
  const program = new Program();
  const [sum] = program.op("add", { x: i32([3], [16777217, 2, 3]), y: int(1) }, ["INT32", [3]]);
  const part = { x: sum!, begin: ints(0), end: ints(1) };
  const [first] = program.op("slice_by_index", part, ["INT32", [1]]);
  const executable = await executableOf({ main: program.returns(first!) });
  const outputs = await executable.run("main", new Map(), new Map());
  expect(outputs.get(first!)!.data).toEqual(Int32Array.of(16777218));
});

test.each<[string, Given, Shape]>([
  ["slice_by_index", { begin: ints(0), end: ints(4) }, [4]],
  ["slice_by_size", { begin: ints(0), size: ints(4) }, [4]],
  ["reshape", { shape: ints(2, 2) }, [2, 2]],
  ["expand_dims", { axes: ints(0) }, [1, 4]],
  ["squeeze", {}, [4]],
  ["transpose", { perm: ints(0) }, [4]],
  ["tile", { reps: ints(1) }, [4]],
  ["identity", {}, [4]],
  ["concat", { axis: int(0), interleave: flag(false) }, [4]],
  ["cast", { dtype: text("fp32") }, [4]],
  ["add", { y: float(0) }, [4]],
])("what %s gives does not change when its operand's memory is used again", async (type, given, shape) => {
  const program = new Program();
  const x = program.input("x", "FLOAT32", [4]);
  const [a = ""] = program.op("add", { x, y: float(1) }, ["FLOAT32", [4]]);
  const operands = type === "concat" ? { values: [a], ...given } : { x: a, ...given };
  const [moved = ""] = program.op(type, operands, ["FLOAT32", shape]);
  // Would take the memory of `a` if nobody were thought to use it any more.
  const [c = ""] = program.op("mul", { x, y: float(100) }, ["FLOAT32", [4]]);
  const [flat = ""] = program.op("reshape", { x: moved, shape: ints(4) }, ["FLOAT32", [4]]);
  const [sum = ""] = program.op("add", { x: flat, y: c }, ["FLOAT32", [4]]);
  const executable = await executableOf({ main: program.returns(sum) });
  const outputs = await executable.run("main", new Map([["x", floats(1, 2, 3, 4)]]), new Map());
  expect([...outputs.get(sum)!.data]).toEqual([102, 203, 304, 405]);
});
