import { throwIfCancelled } from "@pippin/core";
import { elementCount, f16Value, type WeightExpr } from "@pippin/kernels";
import { type MatrixPool, readRows, readWeight } from "@pippin/kernels/node";
import { coremlError } from "../errors.ts";
import { type Constant, constantOf, viewAs } from "../mil/constants.ts";
import { countOf, type MilType, milTypeOf } from "../mil/types.ts";
import { readBlobRecord } from "../package/blob-file.ts";
import type { CoremlPackage } from "../package/read-package.ts";
import { floatBlobExpr } from "../package/weights.ts";
import type { Block, MilFunction, Operation } from "../proto/mil.ts";
import { ATTENTION } from "./attention.ts";
import { ELEMENTWISE } from "./elementwise.ts";
import type { Kernel, KernelTable, Operands, RuntimeValue } from "./kernel.ts";
import { REDUCTIONS } from "./reductions.ts";
import { SHAPING, writeSlice } from "./shaping.ts";
import { firstOperand, planStates, type StatePlan, usesOf } from "./states.ts";
import { floats, invalid, sizeOf, type Tensor } from "./value.ts";

const KERNELS: KernelTable = { ...ELEMENTWISE, ...SHAPING, ...REDUCTIONS, ...ATTENTION };

/** A table that is only looked up stays on disk from this size on: embeddings. */
const MAX_RESIDENT_ELEMENTS = 4 << 20;

/** One operation, ready to run: where its operands and results lie among the slots of a run. */
export interface Step {
  readonly what: string;
  readonly operands: ReadonlyMap<string, readonly number[]>;
  readonly results: readonly { readonly slot: number; readonly type: MilType; readonly what: string }[];
  readonly run: (operands: Operands, states: ReadonlyMap<string, Tensor>) => Tensor | Tensor[];
  /** Slots that no later step uses. */
  readonly release: readonly number[];
}

export interface CompiledFunction {
  readonly name: string;
  readonly inputs: ReadonlyMap<string, { readonly slot: number; readonly type: MilType }>;
  readonly states: ReadonlyMap<string, MilType>;
  readonly outputs: ReadonlyMap<string, number>;
  /** What every run begins with: constants in their slots. */
  readonly initial: readonly (RuntimeValue | undefined)[];
  readonly steps: readonly Step[];
}

/** Matrices of `linear` operations, kept once for all functions of a package. */
export interface MatrixShelf {
  readonly pool: MatrixPool;
  /** Ids of what is already loaded. */
  readonly loaded: Set<string>;
  readonly signal: AbortSignal | undefined;
  readonly onBytes: (bytes: number) => void;
}

/**
 * Resolves names to slots, loads constants and matrices, and plans what happens in place.
 *
 * @throws PippinError `COREML_OP_UNSUPPORTED`, `COREML_PROGRAM_INVALID`, `COREML_WEIGHTS_INVALID`.
 */
export async function compileFunction(
  opened: CoremlPackage,
  name: string,
  shelf: MatrixShelf,
): Promise<CompiledFunction> {
  const fn = opened.program.functions.get(name);
  if (fn === undefined) throw invalid(`there is no function "${name}"`);
  return new Compiler(opened, fn, shelf).compile(name);
}

class Compiler {
  readonly #opened: CoremlPackage;
  readonly #fn: MilFunction;
  readonly #block: Block;
  readonly #shelf: MatrixShelf;
  readonly #slots = new Map<string, number>();
  readonly #initial: (RuntimeValue | undefined)[] = [];
  readonly #constants = new Map<string, Constant>();
  readonly #users = new Map<string, Set<string>>();
  readonly #plan: StatePlan;

  constructor(opened: CoremlPackage, fn: MilFunction, shelf: MatrixShelf) {
    this.#opened = opened;
    this.#fn = fn;
    this.#shelf = shelf;
    const block = fn.block_specializations.get(fn.opset ?? "");
    if (block === undefined) throw invalid(`the opset ${fn.opset} has no block`);
    this.#block = block;
    this.#plan = planStates(block.operations, block.outputs);
    for (const { type = "", inputs } of block.operations) {
      for (const [parameter, { arguments: bindings }] of inputs) {
        for (const binding of bindings) {
          const users = this.#users.get(binding.name ?? "") ?? new Set<string>();
          this.#users.set(binding.name ?? "", users.add(`${type}.${parameter}`));
        }
      }
    }
  }

  async compile(name: string): Promise<CompiledFunction> {
    const inputs = new Map<string, { slot: number; type: MilType }>();
    const states = new Map<string, MilType>();
    for (const { name: input = "", type } of this.#fn.inputs) {
      const milType = milTypeOf(type, input);
      if (type?.stateType !== undefined) states.set(input, milType);
      else inputs.set(input, { slot: this.#define(input), type: milType });
    }
    const { operations, outputs } = this.#block;
    const uses = usesOf(operations, outputs);
    const steps: Step[] = [];
    for (const [index, operation] of operations.entries()) {
      throwIfCancelled(this.#shelf.signal);
      if (operation.type === "const") await this.#constant(operation);
      else steps.push(await this.#step(operation, this.#lastUsedAt(index, operation, uses)));
    }
    return {
      name,
      inputs,
      states,
      outputs: new Map(outputs.map((output) => [output, this.#slotOf(output, "the function's result")])),
      initial: this.#initial,
      steps,
    };
  }

  /** Operands of the operation that nothing after it uses; constants stay. */
  #lastUsedAt(index: number, { inputs }: Operation, uses: ReadonlyMap<string, readonly number[]>): number[] {
    const names = [...inputs.values()].flatMap(({ arguments: bindings }) =>
      bindings.map((binding) => binding.name ?? ""),
    );
    return names
      .filter(
        (name) => uses.get(name)?.at(-1) === index && !this.#constants.has(name) && this.#slots.has(name),
      )
      .map((name) => this.#slots.get(name)!);
  }

  #define(name: string): number {
    if (this.#slots.has(name)) throw invalid(`${name} is defined twice`);
    const slot = this.#initial.length;
    this.#initial.push(undefined);
    this.#slots.set(name, slot);
    return slot;
  }

  #slotOf(name: string, what: string): number {
    const slot = this.#slots.get(name);
    if (slot === undefined) throw invalid(`${what} uses ${name}, which is not defined before it`);
    return slot;
  }

  async #constant(operation: Operation): Promise<void> {
    const name = operation.outputs[0]?.name ?? "";
    const constant = constantOf(operation.attributes.get("val"), name);
    const slot = this.#define(name);
    this.#constants.set(name, constant);
    if (this.#staysOut(name, constant)) return;
    this.#initial[slot] = await this.#load(constant, name);
  }

  /** Matrices go to the pool when their `linear` is met, large lookup tables stay on disk. */
  #staysOut(name: string, { type, content }: Constant): boolean {
    if (content.kind !== "blob") return false;
    const users = [...(this.#users.get(name) ?? [])];
    const large = countOf(type.shape, name) > MAX_RESIDENT_ELEMENTS;
    return (
      users.length > 0 &&
      users.every((user) => user === "linear.weight" || (user === "gather.x" && (large || users.length > 1)))
    );
  }

  async #load({ type, content }: Constant, name: string): Promise<RuntimeValue> {
    if (content.kind === "strings") return content.values[0] ?? "";
    const shape = type.shape.map((size) => size ?? 0);
    if (content.kind === "numbers") return { shape, data: runtimeData(content.values, type) };
    const expr = await floatBlobExpr(this.#opened, { type, content }, name);
    if (expr !== undefined) return { shape, data: await readWeight(expr) };
    const source = await this.#opened.weights(content.fileName);
    const record = await readBlobRecord(source, content.offset);
    const bytes = await source.read(record.byteOffset, record.byteLength);
    const values = viewAs(record.dtype, bytes.slice().buffer);
    if (record.dtype !== type.dtype || values.length !== countOf(type.shape, name)) {
      throw invalid(`the blob of ${name} is not what the program says`);
    }
    return { shape, data: runtimeData(values, type) };
  }

  async #step(operation: Operation, release: readonly number[]): Promise<Step> {
    const type = operation.type ?? "";
    const what = `${type} ${operation.outputs[0]?.name ?? ""}`.trim();
    const run = await this.#kernel(operation, what);
    const operands = new Map<string, number[]>();
    for (const [parameter, { arguments: bindings }] of operation.inputs) {
      const places = bindings.map((binding) => this.#operandSlot(binding.name, what, parameter));
      operands.set(
        parameter,
        places.filter((place) => place !== undefined),
      );
    }
    const results = operation.outputs.map(({ name = "", type: valueType }) => ({
      slot: this.#define(name),
      type: milTypeOf(valueType, name),
      what,
    }));
    return { what, operands, results, run, release };
  }

  #operandSlot(name: string | undefined, what: string, parameter: string): number | undefined {
    if (name === undefined) throw unsupported(`${what}: a value written in place of a name for ${parameter}`);
    if (this.#fn.inputs.some((input) => input.name === name && input.type?.stateType)) return undefined;
    return this.#slotOf(name, what);
  }

  async #kernel(operation: Operation, what: string): Promise<Step["run"]> {
    const type = operation.type ?? "";
    switch (type) {
      case "linear":
        return this.#linear(operation, what);
      case "gather":
        return this.#gather(operation);
      case "read_state":
      case "write_state":
      case "slice_update":
        return this.#stateKernel(operation, what);
      default: {
        const kernel: Kernel | undefined = Object.hasOwn(KERNELS, type) ? KERNELS[type] : undefined;
        if (kernel === undefined) throw unsupported(what);
        return kernel;
      }
    }
  }

  #stateKernel(operation: Operation, what: string): Step["run"] {
    const state = (operation.type === "slice_update" ? undefined : firstOperand(operation, "input")) ?? "";
    if (operation.type === "read_state") {
      const shared = this.#plan.shared.has(operation);
      return (_, states) => {
        const { shape, data } = stateOf(states, state, what);
        return { shape, data: shared ? data : data.slice() };
      };
    }
    if (operation.type === "write_state") {
      if (this.#plan.done.has(operation)) return () => [];
      return (operands, states) => {
        stateOf(states, state, what).data.set(operands.tensor("data").data);
        return [];
      };
    }
    if (!this.#plan.inPlace.has(operation)) return KERNELS.slice_update!;
    return (operands) => {
      const target = operands.tensor("x");
      writeSlice(target, operands);
      return target;
    };
  }

  async #linear(operation: Operation, what: string): Promise<Step["run"]> {
    const name = firstOperand(operation, "weight") ?? "";
    const constant = this.#constants.get(name);
    if (constant === undefined) throw unsupported(`${what}: a weight that is computed`);
    const [rows, columns] = constant.type.shape.map((size) => size ?? 0) as [number, number];
    const id = await this.#shelve(constant, name);
    const { pool } = this.#shelf;
    return (operands) => {
      const x = operands.tensor("x");
      if (x.shape.at(-1) !== columns)
        throw invalid(`${what}: x is [${x.shape}], the weight [${rows}, ${columns}]`);
      const m = x.data.length / columns;
      const data = pool.multiply(id, floats(x, what), m);
      const bias = operands.optional("bias")?.data;
      if (bias !== undefined) addBias(data, bias);
      return { shape: [...x.shape.slice(0, -1), rows], data };
    };
  }

  /** Puts a matrix into the pool, once. */
  async #shelve(constant: Constant, name: string): Promise<string> {
    const { pool, loaded, signal, onBytes } = this.#shelf;
    const { content, type } = constant;
    const [rows = 0, columns = 0] = type.shape;
    const expr = content.kind === "blob" ? await floatBlobExpr(this.#opened, constant, name) : undefined;
    const id = expr ? `${expr.source.file}@${expr.source.byteOffset}` : `${this.#opened.path} ${name}`;
    if (loaded.has(id)) return id;
    if (expr) await pool.load(id, expr, expr.source.dtype === "F16" ? "F16" : "F32", signal);
    else {
      const value = await this.#load(constant, name);
      if (typeof value === "string") throw invalid(`${name} is text`);
      await pool.loadValues(id, rows ?? 0, columns ?? 0, floats(value, name));
    }
    loaded.add(id);
    onBytes(expr?.source.byteLength ?? 0);
    return id;
  }

  async #gather(operation: Operation): Promise<Step["run"]> {
    const name = firstOperand(operation, "x") ?? "";
    const constant = this.#constants.get(name);
    const slot = this.#slots.get(name);
    if (constant === undefined || slot === undefined || this.#initial[slot] !== undefined)
      return KERNELS.gather!;
    const expr = await floatBlobExpr(this.#opened, constant, name);
    if (expr === undefined) throw unsupported(`gather from ${name}, which is not fp16 or fp32`);
    return (operands) => gatherFromFile(expr, operands);
  }
}

function gatherFromFile(expr: WeightExpr, operands: Operands): Tensor {
  const { shape, data } = operands.tensor("indices");
  if (operands.number("axis", 0) !== 0) throw invalid("gather from a weight along another axis than 0");
  const rows = Array.from(data);
  const size = expr.shape[0]!;
  const stray = rows.find((row) => row < 0 || row >= size);
  if (stray !== undefined) throw invalid(`gather: index ${stray} is outside of 0 … ${size - 1}`);
  return { shape: [...shape, elementCount(expr.shape.slice(1))], data: readRows(expr, rows) };
}

function addBias(data: Float32Array, bias: ArrayLike<number>): void {
  for (let begin = 0; begin < data.length; begin += bias.length) {
    for (let i = 0; i < bias.length; i++) data[begin + i]! += bias[i]!;
  }
}

function stateOf(states: ReadonlyMap<string, Tensor>, name: string, what: string): Tensor {
  const state = states.get(name);
  if (state === undefined) throw invalid(`${what}: there is no state ${name}`);
  return state;
}

/** Constants as kernels take them: fp16 codes become floats, all integers 32 bits. */
function runtimeData(values: ArrayLike<number>, { dtype, shape }: MilType): Tensor["data"] {
  if (values.length !== sizeOf(shape.map((size) => size ?? 0)))
    throw invalid(`packed constants of ${dtype} are not executed`);
  switch (dtype) {
    case "FLOAT16":
      return Float32Array.from(values, f16Value);
    case "FLOAT32":
      return Float32Array.from(values);
    case "BOOL":
      return Uint8Array.from(values);
    default:
      return Int32Array.from(values);
  }
}

function unsupported(what: string) {
  return coremlError("COREML_OP_UNSUPPORTED", {
    message: `this runner does not execute ${what}`,
    hint: "Packages that Pippin converts without quantization run; others can be inspected.",
    details: { operation: what },
  });
}
