import { type StageContext, throwIfCancelled } from "@pippin/core";
import { createMatrixPool } from "@pippin/kernels/node";
import type { MilType } from "../mil/types.ts";
import type { CoremlPackage } from "../package/read-package.ts";
import type { MilFunction } from "../proto/mil.ts";
import { type CompileContext, type CompiledFunction, compileFunction, type Step } from "./compile.ts";
import { Frame, type States } from "./frame.ts";
import { MatrixShelf } from "./linear.ts";
import { ResidentConstants } from "./resident.ts";
import { roundToHalf } from "./round.ts";
import { invalid, kindOf, kindOfData, sizeOf, type Tensor } from "./value.ts";

export type { States } from "./frame.ts";

/** Longest time that runs keep the event loop waiting between two operations. */
const TURN_MS = 40;

/** When the event loop last turned; shared by short runs that follow each other at once, as those of decoding. */
interface Pace {
  turnedAtMs: number;
}

export interface ExecutableOptions {
  /** `fp16` rounds each result to its declared type; `fp32` keeps single precision. */
  readonly precision: "fp16" | "fp32";
  readonly threads?: number | undefined;
}

export interface RunOptions {
  readonly signal?: AbortSignal | undefined;
  /** Sees what each operation computed, as rounded, but for those that only move values; arrays may be written over later. */
  readonly observe?: ((name: string, type: MilType, value: Tensor) => void) | undefined;
}

/** The functions of one package, compiled; its matrices are in memory until `close`. */
export interface Executable {
  readonly functions: ReadonlyMap<string, CompiledFunction>;
  /** What they were compiled from. */
  readonly programs: ReadonlyMap<string, MilFunction>;
  /** Compiles one more function over the same matrices and states; `name` must be free. */
  add(name: string, fn: MilFunction): Promise<void>;
  /** Fresh states for all functions; functions share those of equal names. */
  newStates(): States;
  /**
   * Runs a function. The results are the caller's: later runs do not change them.
   *
   * @throws PippinError `COREML_PROGRAM_INVALID` when inputs or results are not as declared, `CORE_CANCELLED`.
   */
  run(
    name: string,
    inputs: ReadonlyMap<string, Tensor>,
    states: States,
    options?: RunOptions,
  ): Promise<Map<string, Tensor>>;
  close(): Promise<void>;
}

/**
 * Compiles all functions of a package and loads its matrices, with progress in bytes.
 *
 * Memory: matrices as the package holds them, smaller constants and the states in single precision; the table of an
 * embedding stays on disk.
 */
export async function createExecutable(
  opened: CoremlPackage,
  options: ExecutableOptions,
  context: StageContext = {},
): Promise<Executable> {
  const pool = createMatrixPool({ threads: options.threads });
  let done = 0;
  const onBytes = (bytes: number) => {
    done += bytes;
    context.progress?.({ stage: "load", unit: "bytes", done });
  };
  const shared: CompileContext = {
    opened,
    shelf: new MatrixShelf(opened, pool, onBytes),
    resident: new ResidentConstants(opened),
    signal: context.signal,
  };
  const functions = new Map<string, CompiledFunction>();
  const programs = new Map<string, MilFunction>();
  const add = async (name: string, fn: MilFunction) => {
    functions.set(name, await compileFunction(name, fn, shared));
    programs.set(name, fn);
  };
  const pace: Pace = { turnedAtMs: performance.now() };
  try {
    for (const [name, fn] of opened.program.functions) await add(name, fn);
  } catch (error) {
    await pool.close();
    throw error;
  }
  return {
    functions,
    programs,
    add,
    newStates: () => newStates(functions),
    async run(name, inputs, states, { signal, observe } = {}) {
      const fn = functions.get(name);
      if (fn === undefined) throw invalid(`there is no function "${name}"`);
      return execute(fn, { inputs, states, half: options.precision === "fp16", signal, observe, pace });
    },
    close: () => pool.close(),
  };
}

function newStates(functions: ReadonlyMap<string, CompiledFunction>): States {
  const states = new Map<string, Tensor>();
  for (const fn of functions.values()) {
    for (const [name, { shape }] of fn.states) {
      const sizes = shape.map((size) => size ?? 0);
      if (!states.has(name)) states.set(name, { shape: sizes, data: new Float32Array(sizeOf(sizes)) });
    }
  }
  return states;
}

interface Run extends RunOptions {
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly states: States;
  readonly half: boolean;
  readonly pace: Pace;
}

async function execute(fn: CompiledFunction, run: Run): Promise<Map<string, Tensor>> {
  throwIfCancelled(run.signal);
  const frame = new Frame(fn.initial, { states: run.states, signal: run.signal });
  for (const [name, { slot, type }] of fn.inputs) frame.slots[slot] = inputOf(run, name, type);
  for (const step of fn.steps) {
    frame.enter(step);
    const value = step.run(frame);
    finish(step, frame, { value: value instanceof Promise ? await value : value, run });
    if (performance.now() - run.pace.turnedAtMs > TURN_MS) {
      await frame.turn();
      run.pace.turnedAtMs = performance.now();
    }
  }
  const outputs = new Map<string, Tensor>();
  for (const [name, { slot, owned }] of fn.outputs) {
    const { shape, data } = frame.slots[slot] as Tensor;
    outputs.set(name, { shape, data: owned ? data : data.slice() });
  }
  return outputs;
}

function inputOf({ inputs, half }: Run, name: string, type: MilType): Tensor {
  const value = inputs.get(name);
  if (value === undefined) throw invalid(`the input ${name} was not given`);
  const { shape, data } = value;
  checkShape(value, type, `the input ${name}`);
  if (kindOfData(data) !== kindOf(type.dtype) || data.length !== sizeOf(shape))
    throw invalid(
      `the input ${name} has ${data.length} values of another type than ${type.dtype} [${shape}]`,
    );
  if (!half || type.dtype !== "FLOAT16") return { shape, data };
  const rounded = Float32Array.from(data);
  roundToHalf(rounded);
  return { shape, data: rounded };
}

/** Checks and stores what a step computed, and frees what nobody uses after it. */
function finish(
  step: Step,
  frame: Frame,
  { value, run: { half, observe } }: { value: Tensor | Tensor[]; run: Run },
): void {
  const { results, what } = step;
  const count = Array.isArray(value) ? value.length : 1;
  if (count !== results.length) throw invalid(`${what} has ${count} results, not ${results.length}`);
  for (let i = 0; i < count; i++) {
    const { name, slot, type, computed } = results[i]!;
    const result = Array.isArray(value) ? value[i]! : value;
    checkShape(result, type, what);
    if (half && computed && type.dtype === "FLOAT16" && result.data instanceof Float32Array)
      roundToHalf(result.data);
    if (computed) observe?.(name, type, result);
    frame.slots[slot] = result;
  }
  for (const slot of step.release) frame.slots[slot] = undefined;
  for (const slot of step.reuse) frame.giveBack(slot);
}

function checkShape({ shape }: Tensor, { shape: declared }: MilType, what: string): void {
  let fits = shape.length === declared.length;
  for (let axis = 0; fits && axis < shape.length; axis++)
    fits = declared[axis] === null || declared[axis] === shape[axis];
  if (fits) return;
  const wanted = declared.map((size) => size ?? "?");
  throw invalid(`${what} has shape [${shape}], the program declares [${wanted}]`);
}
