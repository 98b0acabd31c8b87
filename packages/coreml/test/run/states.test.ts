import { expect, test } from "vitest";
import { livenessOf } from "../../src/run/liveness.ts";
import { planStates } from "../../src/run/states.ts";
import { executableOf, f32, ints, Program } from "./build.ts";

const SHAPE = [2, 2];
const READ = ["FLOAT16", SHAPE] as const;

/** read → slice_update → write → read, as each layer of a decoder has it. */
function chain(program: Program): { before: string; after: string } {
  const [before] = program.op("read_state", { input: "cache" }, READ);
  const update = program.input("update", "FLOAT16", [1, 2]);
  const places = { begin: ints(1, 0), end: ints(2, 2) };
  const [updated] = program.op("slice_update", { x: before!, update, ...places }, READ);
  program.op("write_state", { input: "cache", data: updated! });
  const [after] = program.op("read_state", { input: "cache" }, READ);
  return { before: before!, after: after! };
}

function planOf(outputs: (names: { before: string; after: string }) => string[]) {
  const program = new Program();
  program.state("cache", SHAPE);
  const fn = program.returns(...outputs(chain(program)));
  const { operations } = fn.block_specializations.get(fn.opset!)!;
  const plan = planStates(operations, livenessOf(operations, outputs({ before: "", after: "" })));
  return { fn, plan };
}

test("a chain that nothing else looks at is carried out in place, and its reads copy nothing", () => {
  const { plan } = planOf(({ after }) => [after]);
  expect([plan.shared.size, plan.inPlace.size, plan.done.size]).toEqual([2, 1, 1]);
});

test("the old value is kept for those who want it after the update", async () => {
  const { fn } = planOf(({ before, after }) => [before, after]);
  const executable = await executableOf({ main: fn });
  const states = executable.newStates();
  const run = async (...values: number[]) => {
    const update = { shape: [1, 2], data: Float32Array.from(values) };
    const outputs = await executable.run("main", new Map([["update", update]]), states);
    return [...outputs.values()];
  };
  const first = await run(1, 2);
  const second = await run(3, 4);
  expect(first.map(({ data }) => [...data])).toEqual([
    [0, 0, 0, 0],
    [0, 0, 1, 2],
  ]);
  expect(second.map(({ data }) => [...data])).toEqual([
    [0, 0, 1, 2],
    [0, 0, 3, 4],
  ]);
});

test("functions share the states of a name, executables and sessions do not", async () => {
  const writer = new Program();
  writer.state("cache", SHAPE);
  writer.op("write_state", { input: "cache", data: f32(SHAPE, [1, 2, 3, 4]) });
  const reader = new Program();
  reader.state("cache", SHAPE);
  const [value] = reader.op("read_state", { input: "cache" }, READ);
  const executable = await executableOf({ write: writer.returns(), read: reader.returns(value!) });
  const [one, other] = [executable.newStates(), executable.newStates()];
  await executable.run("write", new Map(), one);
  const read = async (states: typeof one) => [
    ...(await executable.run("read", new Map(), states)).get(value!)!.data,
  ];
  expect(await read(one)).toEqual([1, 2, 3, 4]);
  expect(await read(other)).toEqual([0, 0, 0, 0]);
});

/** Runs a function twice, the second time on [[1, 2], [3, 4], [5, 6]], and gives its last results. */
async function afterPreset(build: (program: Program, read: () => string) => string[]): Promise<number[][]> {
  const shape = [3, 2];
  const preset = new Program();
  preset.state("cache", shape);
  preset.op("write_state", { input: "cache", data: f32(shape, [1, 2, 3, 4, 5, 6]) });
  const program = new Program();
  program.state("cache", shape);
  const read = () => program.op("read_state", { input: "cache" }, ["FLOAT16", shape])[0]!;
  const names = build(program, read);
  const executable = await executableOf({ preset: preset.returns(), main: program.returns(...names) });
  const states = executable.newStates();
  await executable.run("preset", new Map(), states);
  const outputs = await executable.run("main", new Map(), states);
  return names.map((name) => [...outputs.get(name)!.data]);
}

test("an update with overlapping rows of another read of the state copies first", async () => {
  const results = await afterPreset((program, read) => {
    const [source, x] = [read(), read()];
    const top = { x: source, begin: ints(0, 0), end: ints(2, 2) };
    const [rows] = program.op("slice_by_index", top, ["FLOAT16", [2, 2]]);
    const lower = { x, update: rows!, begin: ints(1, 0), end: ints(3, 2) };
    const [updated] = program.op("slice_update", lower, ["FLOAT16", [3, 2]]);
    program.op("write_state", { input: "cache", data: updated! });
    return [read()];
  });
  expect(results).toEqual([[1, 2, 1, 2, 3, 4]]);
});

test("a read between an update and its write sees the old value", async () => {
  const results = await afterPreset((program, read) => {
    const update = { update: f32([1, 2], [-1, -2]), begin: ints(0, 0), end: ints(1, 2) };
    const [updated] = program.op("slice_update", { x: read(), ...update }, ["FLOAT16", [3, 2]]);
    const [between] = program.op("identity", { x: read() }, ["FLOAT16", [3, 2]]);
    program.op("write_state", { input: "cache", data: updated! });
    return [between!, read()];
  });
  expect(results).toEqual([
    [1, 2, 3, 4, 5, 6],
    [-1, -2, 3, 4, 5, 6],
  ]);
});

test("two reads with a write between are two values", async () => {
  const results = await afterPreset((program, read) => {
    const before = read();
    program.op("write_state", { input: "cache", data: f32([3, 2], [0, 0, 0, 0, 0, 0]) });
    return [before, read()];
  });
  expect(results).toEqual([
    [1, 2, 3, 4, 5, 6],
    [0, 0, 0, 0, 0, 0],
  ]);
});
