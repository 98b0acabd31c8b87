import { f16Value } from "@pippin/kernels";
import { expect, onTestFinished } from "vitest";
import { encodeFloat16 } from "../../src/lower/float16.ts";
import { type Shape, stateType, tensorType } from "../../src/mil/types.ts";
import type { CoremlPackage } from "../../src/package/read-package.ts";
import type { Binding, DataTypeName, MilFunction, Operation, Value } from "../../src/proto/mil.ts";
import { createExecutable, type Executable, type ExecutableOptions } from "../../src/run/executable.ts";
import type { Tensor } from "../../src/run/value.ts";

const OPSET = "CoreML8";

/** A value written down in a test: its MIL type and its elements, or text. */
export interface Literal {
  readonly dtype: DataTypeName;
  readonly shape: readonly number[];
  readonly values: readonly number[] | string;
  /** Written into the operation itself instead of a constant with a name. */
  readonly inPlace?: boolean;
}

const literal =
  (dtype: DataTypeName) =>
  (shape: readonly number[], values: readonly number[]): Literal => ({ dtype, shape, values });

export const f32: (shape: readonly number[], values: readonly number[]) => Literal = literal("FLOAT32");
export const f16: (shape: readonly number[], values: readonly number[]) => Literal = literal("FLOAT16");
export const i32: (shape: readonly number[], values: readonly number[]) => Literal = literal("INT32");
export const bool: (shape: readonly number[], values: readonly number[]) => Literal = literal("BOOL");
/** An int32 vector: axes, shapes, places. */
export const ints = (...values: number[]): Literal => i32([values.length], values);
export const int = (value: number): Literal => i32([], [value]);
export const float = (value: number): Literal => f32([], [value]);
export const flag = (value: boolean): Literal => bool([], [Number(value)]);
export const flags = (...values: number[]): Literal => bool([values.length], values);
export const text = (value: string): Literal => ({ dtype: "STRING", shape: [], values: value });

/** `count` numbers of no pattern in (−1, 1), the same everywhere. */
export function noise(count: number, seed = 1): number[] {
  let state = seed;
  return Array.from({ length: count }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return Math.fround(state / 2 ** 31);
  });
}

function milValue({ dtype, shape, values }: Literal): Value {
  const type = tensorType(dtype, shape);
  if (typeof values === "string")
    return { type, immediateValue: { tensor: { strings: { values: [values] } } } };
  if (dtype === "BOOL")
    return { type, immediateValue: { tensor: { bools: { values: values.map(Boolean) } } } };
  if (dtype === "FLOAT32") return { type, immediateValue: { tensor: { floats: { values } } } };
  if (dtype === "FLOAT16")
    return { type, immediateValue: { tensor: { bytes: { values: encodeFloat16(values) } } } };
  if (dtype !== "INT32")
    return { type, immediateValue: { tensor: { bytes: { values: packed(dtype, values) } } } };
  return { type, immediateValue: { tensor: { ints: { values } } } };
}

/** Integers of less than 32 bits as Core ML writes them: one stream of bits, the lowest first. */
function packed(dtype: DataTypeName, values: readonly number[]): Uint8Array {
  const bits = Number(/\d+$/.exec(dtype)?.[0]);
  const bytes = new Uint8Array(Math.ceil((values.length * bits) / 8));
  values.forEach((value, index) => {
    for (let bit = 0; bit < bits; bit++) {
      const at = index * bits + bit;
      bytes[at >> 3]! |= ((value >> bit) & 1) << (at & 7);
    }
  });
  return bytes;
}

/** Operands by parameter: names of values, lists of names for tuples, or constants written in place. */
export type Given = Readonly<Record<string, string | Literal | readonly (string | Literal)[]>>;
export type Declared = readonly [dtype: DataTypeName, shape: Shape];

/** One function, written down operation by operation. */
export class Program {
  readonly #fn: MilFunction;
  readonly #operations: Operation[] = [];
  readonly #outputs: string[] = [];
  #count = 0;

  constructor() {
    const block = { inputs: [], outputs: this.#outputs, operations: this.#operations };
    this.#fn = { inputs: [], opset: OPSET, block_specializations: new Map([[OPSET, block]]) };
  }

  input(name: string, ...[dtype, shape]: Declared): string {
    this.#fn.inputs.push({ name, type: tensorType(dtype, shape) });
    return name;
  }

  state(name: string, shape: Shape): string {
    this.#fn.inputs.push({ name, type: stateType("FLOAT16", shape) });
    return name;
  }

  constant(value: Literal): string {
    const name = `constant_${this.#count++}`;
    this.#operations.push({
      type: "const",
      inputs: new Map(),
      outputs: [{ name, type: tensorType(value.dtype, value.shape) }],
      blocks: [],
      attributes: new Map([["val", milValue(value)]]),
    });
    return name;
  }

  op(type: string, given: Given, ...declared: readonly Declared[]): string[] {
    const bindingOf = (operand: string | Literal): Binding => {
      if (typeof operand === "string") return { name: operand };
      return operand.inPlace ? { value: milValue(operand) } : { name: this.constant(operand) };
    };
    const inputs = new Map(
      Object.entries(given).map(([parameter, operand]) => {
        const operands = Array.isArray(operand) ? operand : [operand as string | Literal];
        return [parameter, { arguments: operands.map(bindingOf) }] as const;
      }),
    );
    const outputs = declared.map(([dtype, shape]) => ({
      name: `${type}_${this.#count++}`,
      type: tensorType(dtype, shape),
    }));
    this.#operations.push({ type, inputs, outputs, blocks: [], attributes: new Map() });
    return outputs.map(({ name }) => name);
  }

  returns(...names: string[]): MilFunction {
    this.#outputs.push(...names);
    return this.#fn;
  }
}

/** A package that exists only in memory: programs without a weight file. */
export function packageOf(functions: Readonly<Record<string, MilFunction>>): CoremlPackage {
  const noWeights = () => {
    throw new Error("this package has no weight file");
  };
  const program = { version: 1, functions: new Map(Object.entries(functions)) };
  return {
    path: "test.mlpackage",
    model: { specificationVersion: 9, mlProgram: program },
    program,
    manifest: undefined,
    weights: noWeights,
    weightPath: noWeights,
    close: async () => undefined,
  };
}

/** Compiles functions for one thread; closed when the test is over. */
export async function executableOf(
  functions: Readonly<Record<string, MilFunction>>,
  options: ExecutableOptions = { precision: "fp32" },
): Promise<Executable> {
  const executable = await createExecutable(packageOf(functions), { threads: 1, ...options });
  onTestFinished(() => executable.close());
  return executable;
}

export function tensorOf({ dtype, shape, values }: Literal): Tensor {
  if (typeof values === "string") throw new TypeError("text is no tensor");
  if (dtype === "BOOL") return { shape, data: Uint8Array.from(values) };
  if (dtype === "FLOAT16") return { shape, data: Float32Array.from(encodeFloat16Codes(values), f16Value) };
  return { shape, data: dtype === "FLOAT32" ? Float32Array.from(values) : Int32Array.from(values) };
}

function encodeFloat16Codes(values: readonly number[]): Uint16Array {
  return new Uint16Array(encodeFloat16(values).slice().buffer);
}

/** Runs one operation on constants and gives its results, declared with these types. */
export async function evaluate(
  type: string,
  given: Given,
  declared: readonly Declared[],
  options?: ExecutableOptions,
): Promise<Tensor[]> {
  const program = new Program();
  const names = program.op(type, given, ...declared);
  const executable = await executableOf({ main: program.returns(...names) }, options);
  const outputs = await executable.run("main", new Map(), new Map());
  return names.map((name) => outputs.get(name)!);
}

/** Expects one result of this type and shape; floats within `tolerance` of each value, relative above 1. */
export async function expectOp(type: string, given: Given, expected: Literal, tolerance = 0): Promise<void> {
  const [result] = await evaluate(type, given, [[expected.dtype, expected.shape]]);
  expectClose(result!, expected, tolerance);
}

export function expectClose({ shape, data }: Tensor, expected: Literal, tolerance = 0): void {
  const wanted = tensorOf(expected);
  expect([...shape]).toEqual([...wanted.shape]);
  if (tolerance === 0) expect([...data]).toEqual([...wanted.data]);
  else expect(worst(data, wanted.data)).toBeLessThanOrEqual(tolerance);
}

/** The largest difference, relative to values above 1. */
export function worst(actual: ArrayLike<number>, wanted: ArrayLike<number>): number {
  if (actual.length !== wanted.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < actual.length; i++) {
    const difference = Math.abs(actual[i]! - wanted[i]!) / Math.max(1, Math.abs(wanted[i]!));
    largest = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(largest, difference);
  }
  return largest;
}
