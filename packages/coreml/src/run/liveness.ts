import { isConstant } from "../mil/constants.ts";
import type { Operation } from "../proto/mil.ts";

/** Operations whose result may share memory with their operand `x`. */
export const VIEWS: ReadonlySet<string> = new Set([
  "reshape",
  "expand_dims",
  "squeeze",
  "slice_by_index",
  "slice_by_size",
  "tile",
  "identity",
]);

/** Operations whose result lies in a state's memory, or may. */
const STATEFUL: ReadonlySet<string> = new Set(["read_state", "slice_update"]);

/** Who uses each value of a block, and from when on its memory is free. */
export interface Liveness {
  /** Indices of the operations that use a value; the function's results are used after the last operation. */
  usesOf(name: string): readonly number[];
  /** The last operation that sees a value, also through views of it; −1 when none does. */
  lastSeen(name: string): number;
  /** Whether a value has memory of its own, which nothing outside of the run can see. */
  ownsMemory(name: string): boolean;
}

export function livenessOf(operations: readonly Operation[], outputs: readonly string[]): Liveness {
  const uses = new Map<string, number[]>();
  const use = (name: string, index: number) => {
    const indices = uses.get(name);
    if (indices) indices.push(index);
    else uses.set(name, [index]);
  };
  const producers = new Map<string, Operation>();
  operations.forEach((operation, index) => {
    for (const { arguments: bindings } of operation.inputs.values()) {
      for (const { name } of bindings) if (name !== undefined) use(name, index);
    }
    for (const { name = "" } of operation.outputs) producers.set(name, operation);
  });
  for (const name of outputs) use(name, operations.length);

  const usesOf = (name: string) => uses.get(name) ?? [];
  const lastSeen = (name: string): number => {
    let last = -1;
    for (const index of usesOf(name)) {
      last = Math.max(last, index);
      const user = operations[index];
      if (user === undefined || !VIEWS.has(user.type ?? "")) continue;
      for (const output of user.outputs) last = Math.max(last, lastSeen(output.name ?? ""));
    }
    return last;
  };
  const ownsMemory = (name: string): boolean => {
    const type = producers.get(name)?.type;
    return type !== undefined && !isConstant(type) && !VIEWS.has(type) && !STATEFUL.has(type);
  };
  return { usesOf, lastSeen, ownsMemory };
}
