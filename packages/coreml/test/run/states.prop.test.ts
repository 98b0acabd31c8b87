import fc from "fast-check";
import { expect, test } from "vitest";
import type { MilFunction } from "../../src/proto/mil.ts";
import { executableOf, f32, flags, ints, Program } from "./build.ts";

/** States are matrices of this shape; updates are blocks of whole or partial rows. */
const [ROWS, COLUMNS] = [3, 4];
const SIZE = ROWS * COLUMNS;
const STATES = ["a", "b"];

/** One operation; `pick` chooses among the values there are, modulo their number. */
type Action =
  | { readonly kind: "read"; readonly state: number }
  | { readonly kind: "write"; readonly state: number; readonly pick: number }
  | { readonly kind: "update"; readonly x: number; readonly from: number; readonly row: number }
  | { readonly kind: "updatePart"; readonly x: number; readonly from: number; readonly row: number }
  | { readonly kind: "slice"; readonly pick: number; readonly row: number; readonly squeeze: boolean }
  | { readonly kind: "reshape"; readonly pick: number }
  | { readonly kind: "tile"; readonly pick: number }
  | { readonly kind: "double"; readonly pick: number };

const pick = fc.nat(99);
const row = fc.nat(ROWS - 1);
const state = fc.nat(STATES.length - 1);
const action: fc.Arbitrary<Action> = fc.oneof(
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("read" as const), state }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("write" as const), state, pick }) },
  { weight: 4, arbitrary: fc.record({ kind: fc.constant("update" as const), x: pick, from: pick, row }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant("updatePart" as const), x: pick, from: pick, row }) },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant("slice" as const), pick, row, squeeze: fc.boolean() }),
  },
  fc.record({ kind: fc.constant("reshape" as const), pick }),
  fc.record({ kind: fc.constant("tile" as const), pick }),
  fc.record({ kind: fc.constant("double" as const), pick }),
);

/** A chain as decoders have it: read, update with something, write, read again, look at a row. */
const chain = fc.record({ state, from: pick, row }).map(({ state, from, row }): Action[] => [
  { kind: "read", state },
  { kind: "update", x: -1, from, row },
  { kind: "write", state, pick: -1 },
  { kind: "read", state },
  { kind: "slice", pick: -1, row, squeeze: false },
]);

interface Case {
  readonly actions: readonly Action[];
  /** Values that the function returns, besides the last one. */
  readonly results: readonly number[];
}

const cases: fc.Arbitrary<Case> = fc.record({
  actions: fc
    .array(
      fc.oneof(
        action.map((each) => [each]),
        chain,
      ),
      { minLength: 2, maxLength: 10 },
    )
    .map((parts) => parts.flat()),
  results: fc.array(pick, { maxLength: 3 }),
});

interface Value {
  readonly name: string;
  readonly shape: readonly number[];
}

/** Chooses a value of this shape; −1 is the newest. */
function choose(values: readonly Value[], shape: readonly number[], index: number): Value {
  const fitting = values.filter((value) => value.shape.join() === shape.join());
  return index < 0 ? fitting.at(-1)! : fitting[index % fitting.length]!;
}

const MATRIX = [ROWS, COLUMNS];
const LINE = [1, COLUMNS];

/** The same actions as a program and as steps of a naive interpreter, which copies every value. */
function build({ actions, results }: Case): {
  fn: MilFunction;
  names: string[];
  naive: (states: Map<string, number[]>, inputs: readonly number[]) => number[][];
} {
  const program = new Program();
  for (const name of STATES) program.state(name, MATRIX);
  const values: Value[] = [
    { name: program.input("matrix", "FLOAT32", MATRIX), shape: MATRIX },
    { name: program.input("line", "FLOAT32", LINE), shape: LINE },
  ];
  const steps: ((env: Map<string, number[]>, states: Map<string, number[]>) => void)[] = [];
  const add = (
    type: string,
    given: Parameters<Program["op"]>[1],
    shape: readonly number[],
    compute: (env: Map<string, number[]>, states: Map<string, number[]>) => number[],
  ) => {
    const [name] = program.op(type, given, ["FLOAT32", shape]);
    values.push({ name: name!, shape });
    steps.push((env, states) => env.set(name!, compute(env, states)));
  };
  for (const each of actions) {
    switch (each.kind) {
      case "read": {
        const source = STATES[each.state]!;
        add("read_state", { input: source }, MATRIX, (_, states) => [...states.get(source)!]);
        break;
      }
      case "write": {
        const [target, { name }] = [STATES[each.state]!, choose(values, MATRIX, each.pick)];
        program.op("write_state", { input: target, data: name });
        steps.push((env, states) => states.set(target, [...env.get(name)!]));
        break;
      }
      case "update":
      case "updatePart": {
        const whole = each.kind === "update";
        const x = choose(values, MATRIX, each.x).name;
        const source = whole ? choose(values, LINE, each.from).name : x;
        const width = whole ? COLUMNS : COLUMNS - 1;
        // A part is taken from the matrix that is updated, one row below and one column to the left of its place.
        const from = ((each.row + 1) % ROWS) * COLUMNS;
        let update = source;
        if (!whole) {
          const begin = ints((each.row + 1) % ROWS, 0);
          add(
            "slice_by_index",
            { x, begin, end: ints(((each.row + 1) % ROWS) + 1, width) },
            [1, width],
            (env) => env.get(x)!.slice(from, from + width),
          );
          update = values.at(-1)!.name;
        }
        const [begin, end] = [ints(each.row, COLUMNS - width), ints(each.row + 1, COLUMNS)];
        add("slice_update", { x, update, begin, end }, MATRIX, (env) => {
          const copy = [...env.get(x)!];
          copy.splice(each.row * COLUMNS + COLUMNS - width, width, ...env.get(update)!);
          return copy;
        });
        break;
      }
      case "slice": {
        const x = choose(values, MATRIX, each.pick).name;
        const given = { x, begin: ints(each.row, 0), end: ints(each.row + 1, COLUMNS) };
        const part = (env: Map<string, number[]>) =>
          env.get(x)!.slice(each.row * COLUMNS, (each.row + 1) * COLUMNS);
        if (each.squeeze) add("slice_by_index", { ...given, squeeze_mask: flags(1, 0) }, [COLUMNS], part);
        else add("slice_by_index", given, LINE, part);
        break;
      }
      case "reshape": {
        const x = choose(values, MATRIX, each.pick).name;
        add("reshape", { x, shape: ints(SIZE) }, [SIZE], (env) => [...env.get(x)!]);
        const flat = values.at(-1)!.name;
        add("reshape", { x: flat, shape: ints(ROWS, COLUMNS) }, MATRIX, (env) => [...env.get(flat)!]);
        break;
      }
      case "tile": {
        const x = choose(values, MATRIX, each.pick).name;
        add("tile", { x, reps: ints(1, 1) }, MATRIX, (env) => [...env.get(x)!]);
        break;
      }
      case "double": {
        const x = choose(values, MATRIX, each.pick).name;
        add("mul", { x, y: f32([], [2]) }, MATRIX, (env) => env.get(x)!.map((value) => value * 2));
        break;
      }
    }
  }
  const names = [...results.map((index) => values[index % values.length]!.name), values.at(-1)!.name];
  return {
    fn: program.returns(...new Set(names)),
    names,
    naive(states, inputs) {
      const env = new Map([
        ["matrix", inputs.slice(0, SIZE)],
        ["line", inputs.slice(SIZE)],
      ]);
      for (const step of steps) step(env, states);
      return names.map((name) => env.get(name)!);
    },
  };
}

/** Small integers, different in every run, so that any mixture is seen. */
const inputsOf = (run: number) => Array.from({ length: SIZE + COLUMNS }, (_, i) => 100 * (run + 1) + i);

test("random programs on states equal an interpreter that copies every value", async () => {
  const seed = 20261123;
  const samples = fc.sample(cases, { numRuns: 300, seed }).map((each) => ({ each, built: build(each) }));
  const functions = Object.fromEntries(samples.map(({ built }, index) => [`case_${index}`, built.fn]));
  const executable = await executableOf(functions);
  for (const [index, { each, built }] of samples.entries()) {
    const states = executable.newStates();
    const naiveStates = new Map(STATES.map((name) => [name, new Array<number>(SIZE).fill(0)]));
    const kept: { actual: ArrayLike<number>; wanted: readonly number[] }[] = [];
    for (let run = 0; run < 3; run++) {
      const inputs = inputsOf(run);
      const given = new Map([
        ["matrix", { shape: MATRIX, data: Float32Array.from(inputs.slice(0, SIZE)) }],
        ["line", { shape: LINE, data: Float32Array.from(inputs.slice(SIZE)) }],
      ]);
      const outputs = await executable.run(`case_${index}`, given, states);
      const wanted = built.naive(naiveStates, inputs);
      built.names.forEach((name, i) => {
        kept.push({ actual: outputs.get(name)!.data, wanted: wanted[i]! });
      });
    }
    // Looked at after all runs: a later one must not change what an earlier one returned.
    const label = `seed ${seed}, case ${index}: ${JSON.stringify(each)}`;
    for (const { actual, wanted } of kept) expect(Array.from(actual), label).toEqual(wanted);
    for (const name of STATES) expect([...states.get(name)!.data], label).toEqual(naiveStates.get(name));
  }
});
