import { setImmediate as nextTurn } from "node:timers/promises";
import { type StageContext, throwIfCancelled } from "@pippin/core";
import { createMatrixPool } from "@pippin/kernels/node";
import type { MilType } from "../mil/types.ts";
import type { CoremlPackage } from "../package/read-package.ts";
import { type CompiledFunction, compileFunction, type MatrixShelf, type Step } from "./compile.ts";
import { type RuntimeValue, SlotOperands } from "./kernel.ts";
import { roundToHalf } from "./round.ts";
import { invalid, sizeOf, type Tensor } from "./value.ts";

/** Longest time that a run keeps the event loop waiting. */
const TURN_MS = 40;

export interface ExecutableOptions {
  /** `fp16` rounds each result to its declared type; `fp32` keeps single precision. */
  readonly precision: "fp16" | "fp32";
  readonly threads?: number | undefined;
}

/** Named memory that lives across runs, zero at first. */
export type States = ReadonlyMap<string, Tensor>;

/** The functions of one package, compiled; its matrices are in memory until `close`. */
export interface Executable {
  readonly functions: ReadonlyMap<string, CompiledFunction>;
  /** Fresh states for all functions; functions share those of equal names. */
  newStates(): States;
  /**
   * Runs a function.
   *
   * @throws PippinError `COREML_PROGRAM_INVALID` when inputs or results are not as declared, `CORE_CANCELLED`.
   */
  run(
    name: string,
    inputs: ReadonlyMap<string, Tensor>,
    states: States,
    signal?: AbortSignal,
  ): Promise<Map<string, Tensor>>;
  close(): Promise<void>;
}

/** Compiles all functions of a package and loads its matrices, with progress in bytes. */
export async function createExecutable(
  opened: CoremlPackage,
  options: ExecutableOptions,
  context: StageContext = {},
): Promise<Executable> {
  const pool = createMatrixPool({ threads: options.threads });
  let done = 0;
  const shelf: MatrixShelf = {
    pool,
    loaded: new Set(),
    signal: context.signal,
    onBytes(bytes) {
      done += bytes;
      context.progress?.({ stage: "load", unit: "bytes", done });
    },
  };
  const functions = new Map<string, CompiledFunction>();
  try {
    for (const name of opened.program.functions.keys())
      functions.set(name, await compileFunction(opened, name, shelf));
  } catch (error) {
    await pool.close();
    throw error;
  }
  return {
    functions,
    newStates: () => newStates(functions),
    async run(name, inputs, states, signal) {
      const fn = functions.get(name);
      if (fn === undefined) throw invalid(`there is no function "${name}"`);
      return execute(fn, { inputs, states, half: options.precision === "fp16", signal });
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

interface Run {
  readonly inputs: ReadonlyMap<string, Tensor>;
  readonly states: States;
  readonly half: boolean;
  readonly signal: AbortSignal | undefined;
}

async function execute(fn: CompiledFunction, run: Run): Promise<Map<string, Tensor>> {
  const slots: (RuntimeValue | undefined)[] = fn.initial.slice();
  for (const [name, { slot, type }] of fn.inputs) {
    const value = run.inputs.get(name);
    if (value === undefined) throw invalid(`the input ${name} was not given`);
    checkShape(value, type, `the input ${name}`);
    slots[slot] = value;
  }
  let turn = performance.now();
  for (const step of fn.steps) {
    runStep(step, slots, run);
    if (performance.now() - turn > TURN_MS) {
      await nextTurn();
      throwIfCancelled(run.signal);
      turn = performance.now();
    }
  }
  return new Map([...fn.outputs].map(([name, slot]) => [name, slots[slot] as Tensor]));
}

function runStep(step: Step, slots: (RuntimeValue | undefined)[], { states, half }: Run): void {
  const value = step.run(new SlotOperands(slots, step.operands, step.what), states);
  const values = Array.isArray(value) ? value : [value];
  if (values.length !== step.results.length)
    throw invalid(`${step.what} has ${values.length} results, not ${step.results.length}`);
  for (let i = 0; i < values.length; i++) {
    const { slot, type } = step.results[i]!;
    const result = values[i]!;
    checkShape(result, type, step.what);
    // Rounding what is rounded changes nothing, so results that share memory with operands are safe.
    if (half && type.dtype === "FLOAT16" && result.data instanceof Float32Array && !isState(result, states))
      roundToHalf(result.data);
    slots[slot] = result;
  }
  for (const slot of step.release) slots[slot] = undefined;
}

/** A whole cache need not be rounded again for each layer: what was written into it already is. */
function isState(result: Tensor, states: States): boolean {
  for (const state of states.values()) if (state.data.buffer === result.data.buffer) return true;
  return false;
}

function checkShape({ shape }: Tensor, declared: MilType, what: string): void {
  const fits =
    shape.length === declared.shape.length &&
    declared.shape.every((size, axis) => size === null || size === shape[axis]);
  if (!fits)
    throw invalid(
      `${what} has shape [${shape}], the program declares [${declared.shape.map((size) => size ?? "?")}]`,
    );
}
