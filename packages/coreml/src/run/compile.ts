import { throwIfCancelled } from "@pippin/core";
import { type Constant, constantFrom, constantOf, isConstant } from "../mil/constants.ts";
import { countOf, type MilType, milTypeOf } from "../mil/types.ts";
import type { CoremlPackage } from "../package/read-package.ts";
import { weightExpr } from "../package/weights.ts";
import type { Binding, Block, MilFunction, Operation } from "../proto/mil.ts";
import { ATTENTION } from "./attention.ts";
import { BINARY } from "./binary.ts";
import { cast } from "./cast.ts";
import { ELEMENTWISE } from "./elementwise.ts";
import type { Place } from "./frame.ts";
import { gatherFromFile } from "./gather.ts";
import type { Kernel, KernelTable } from "./kernel.ts";
import { linear, type MatrixShelf } from "./linear.ts";
import { type Liveness, livenessOf } from "./liveness.ts";
import { REDUCTIONS } from "./reductions.ts";
import type { ResidentConstants } from "./resident.ts";
import { SHAPING } from "./shaping.ts";
import { SLICES } from "./slices.ts";
import { stateKernel } from "./state-kernels.ts";
import { firstOperand, planStates, type StatePlan } from "./states.ts";
import { invalid, type RuntimeValue, unsupported } from "./value.ts";

const KERNELS: KernelTable = {
  ...ELEMENTWISE,
  ...BINARY,
  ...SHAPING,
  ...SLICES,
  ...REDUCTIONS,
  ...ATTENTION,
  cast,
};

/** Operations that only move values: what was rounded stays so. */
const MOVES: ReadonlySet<string> = new Set([
  ...["reshape", "expand_dims", "squeeze", "transpose", "concat", "stack", "split", "tile", "identity"],
  ...["slice_by_index", "slice_by_size", "slice_update", "read_state", "gather"],
]);

/** A table that is only looked up stays on disk from this size on: embeddings. */
const MAX_RESIDENT_ELEMENTS = 4 << 20;

/** A result of a step. */
export interface StepResult {
  readonly name: string;
  readonly slot: number;
  readonly type: MilType;
  /** Whether fp16 execution has to round it. */
  readonly computed: boolean;
}

/** One operation, ready to run: where its operands and results lie among the slots of a run. */
export interface Step extends Place {
  readonly results: readonly StepResult[];
  readonly run: Kernel;
  /** Slots whose value no later step uses. */
  readonly release: readonly number[];
  /** Those of them whose memory is free for later results. */
  readonly reuse: readonly number[];
}

export interface FunctionOutput {
  readonly slot: number;
  /** Whether the value has memory of its own; constants, inputs, states and views of them have not. */
  readonly owned: boolean;
}

export interface CompiledFunction {
  readonly name: string;
  readonly inputs: ReadonlyMap<string, { readonly slot: number; readonly type: MilType }>;
  readonly states: ReadonlyMap<string, MilType>;
  readonly outputs: ReadonlyMap<string, FunctionOutput>;
  /** What every run begins with: constants in their slots. */
  readonly initial: readonly (RuntimeValue | undefined)[];
  readonly steps: readonly Step[];
}

/** What the functions of a package share. */
export interface CompileContext {
  readonly opened: CoremlPackage;
  readonly shelf: MatrixShelf;
  readonly resident: ResidentConstants;
  readonly signal: AbortSignal | undefined;
}

/**
 * Resolves names to slots, loads constants and matrices, and plans what happens in place.
 *
 * @throws PippinError `COREML_OP_UNSUPPORTED`, `COREML_PROGRAM_INVALID`, `COREML_WEIGHTS_INVALID`.
 */
export async function compileFunction(
  name: string,
  fn: MilFunction,
  context: CompileContext,
): Promise<CompiledFunction> {
  return new Compiler(fn, context).compile(name);
}

class Compiler {
  readonly #fn: MilFunction;
  readonly #context: CompileContext;
  readonly #block: Block;
  readonly #liveness: Liveness;
  readonly #plan: StatePlan;
  readonly #stateNames: ReadonlySet<string>;
  readonly #slots = new Map<string, number>();
  readonly #initial: (RuntimeValue | undefined)[] = [];
  readonly #constants = new Map<string, Constant>();

  constructor(fn: MilFunction, context: CompileContext) {
    this.#fn = fn;
    this.#context = context;
    const block = fn.block_specializations.get(fn.opset ?? "");
    if (block === undefined) throw invalid(`the opset ${fn.opset} has no block`);
    this.#block = block;
    this.#liveness = livenessOf(block.operations, block.outputs);
    this.#plan = planStates(block.operations, this.#liveness);
    this.#stateNames = new Set(fn.inputs.filter(({ type }) => type?.stateType).map(({ name = "" }) => name));
  }

  async compile(name: string): Promise<CompiledFunction> {
    const inputs = new Map<string, { slot: number; type: MilType }>();
    const states = new Map<string, MilType>();
    for (const { name: input = "", type } of this.#fn.inputs) {
      const milType = milTypeOf(type, input);
      if (this.#stateNames.has(input)) states.set(input, milType);
      else inputs.set(input, { slot: this.#define(input), type: milType });
    }
    const { operations, outputs } = this.#block;
    const unused = this.#unusedAfter();
    const steps: Step[] = [];
    for (const [index, operation] of operations.entries()) {
      throwIfCancelled(this.#context.signal);
      if (isConstant(operation.type)) await this.#constant(operation);
      else steps.push(await this.#step(operation, unused.get(index) ?? []));
    }
    return {
      name,
      inputs,
      states,
      outputs: new Map(
        outputs.map((output) => [
          output,
          {
            slot: this.#slotOf(output, "the function's result"),
            owned: this.#liveness.ownsMemory(output),
          },
        ]),
      ),
      initial: this.#initial,
      steps,
    };
  }

  /** Computed values by the operation after which nobody uses them. */
  #unusedAfter(): Map<number, string[]> {
    const { operations } = this.#block;
    const unused = new Map<number, string[]>();
    operations.forEach((operation, index) => {
      if (isConstant(operation.type)) return;
      for (const { name = "" } of operation.outputs) {
        const last = Math.max(index, this.#liveness.lastSeen(name));
        unused.set(last, [...(unused.get(last) ?? []), name]);
      }
    });
    return unused;
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
    const constant = constantFrom(operation);
    const slot = this.#define(name);
    this.#constants.set(name, constant);
    if (this.#staysOut(name, constant)) return;
    this.#initial[slot] = await this.#context.resident.load(constant, name);
  }

  /** Matrices go to the pool when their `linear` is met, large lookup tables stay on disk. */
  #staysOut(name: string, { type, content }: Constant): boolean {
    if (content.kind !== "blob" && content.kind !== "compressed") return false;
    const users = this.#liveness.usesOf(name).map((index) => this.#block.operations[index]);
    const large = countOf(type.shape, name) > MAX_RESIDENT_ELEMENTS;
    const multiplied = users.some((user) => user?.type === "linear");
    const staysOut = (user: Operation | undefined) =>
      (user?.type === "linear" && onlyAs(user, name, "weight")) ||
      (user?.type === "gather" && onlyAs(user, name, "x") && (large || multiplied));
    return users.length > 0 && users.every(staysOut);
  }

  async #step(operation: Operation, unused: readonly string[]): Promise<Step> {
    const type = operation.type ?? "";
    const what = `${type} ${operation.outputs[0]?.name ?? ""}`.trim();
    // An operation that is not executed is named before its operands are loaded.
    const run = await this.#kernel(operation, what);
    const operands = new Map<string, readonly number[]>();
    for (const [parameter, { arguments: bindings }] of operation.inputs) {
      const places: number[] = [];
      for (const binding of bindings) {
        if (this.#stateNames.has(binding.name ?? "")) continue;
        places.push(await this.#operandSlot(binding, `${what}: ${parameter}`));
      }
      if (places.length > 0) operands.set(parameter, places);
    }
    const results = operation.outputs.map(({ name = "", type: valueType }) => ({
      name,
      slot: this.#define(name),
      type: milTypeOf(valueType, name),
      computed: !MOVES.has(type),
    }));
    const slotsOf = (names: readonly string[]) => names.map((name) => this.#slots.get(name)!);
    const release = slotsOf(unused.filter((name) => !this.#liveness.ownsMemory(name)));
    const reuse = slotsOf(unused.filter((name) => this.#liveness.ownsMemory(name)));
    return { what, operands, results, run, release, reuse };
  }

  /** Where a binding's value will lie; one that is written in place of a name gets a slot of its own. */
  async #operandSlot({ name, value }: Binding, what: string): Promise<number> {
    if (name !== undefined) return this.#slotOf(name, what);
    const slot = this.#initial.length;
    this.#initial.push(await this.#context.resident.load(constantOf(value, what), what));
    return slot;
  }

  async #kernel(operation: Operation, what: string): Promise<Kernel> {
    const type = operation.type ?? "";
    switch (type) {
      case "linear":
        return this.#linear(operation, what);
      case "gather":
        return this.#gather(operation);
      case "read_state":
      case "write_state":
      case "slice_update":
        return stateKernel(operation, this.#plan);
      default: {
        const kernel = Object.hasOwn(KERNELS, type) ? KERNELS[type] : undefined;
        if (kernel === undefined) throw unsupported(what);
        return kernel;
      }
    }
  }

  async #linear(operation: Operation, what: string): Promise<Kernel> {
    const name = firstOperand(operation, "weight") ?? "";
    const constant = this.#constants.get(name);
    if (constant === undefined) throw unsupported(`${what}: a weight that is computed`);
    const { shelf, resident, signal } = this.#context;
    const product = await shelf.product({ constant, name, resident }, signal);
    const biasSlot = this.#slots.get(firstOperand(operation, "bias") ?? "");
    const bias = biasSlot === undefined ? undefined : this.#initial[biasSlot];
    return linear(product, typeof bias === "string" ? undefined : bias);
  }

  async #gather(operation: Operation): Promise<Kernel> {
    const name = firstOperand(operation, "x") ?? "";
    const constant = this.#constants.get(name);
    if (constant === undefined || this.#initial[this.#slots.get(name)!] !== undefined) return KERNELS.gather!;
    const expr = await weightExpr(this.#context.opened, constant, name);
    if (expr === undefined) throw unsupported(`gather from ${name}, which is not fp16 or fp32`);
    return gatherFromFile(expr, constant.type.dtype === "FLOAT16");
  }
}

/** Whether an operation uses a value as this parameter and as no other. */
function onlyAs(operation: Operation, name: string, parameter: string): boolean {
  for (const [key, { arguments: bindings }] of operation.inputs)
    if (key !== parameter && bindings.some((binding) => binding.name === name)) return false;
  return true;
}
