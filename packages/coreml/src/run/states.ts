import type { Operation } from "../proto/mil.ts";
import type { Liveness } from "./liveness.ts";

/** How the operations on states can be done without copying a cache for each layer. */
export interface StatePlan {
  /** `read_state` whose value may share the state's memory. */
  readonly shared: ReadonlySet<Operation>;
  /** `slice_update` that may write into the state. */
  readonly inPlace: ReadonlySet<Operation>;
  /** `write_state` that has nothing left to do. */
  readonly done: ReadonlySet<Operation>;
}

export const firstOperand = (operation: Operation, name: string): string | undefined =>
  operation.inputs.get(name)?.arguments[0]?.name;

/** A read → slice_update → write on one state, by indices of the operations. */
interface Chain {
  readonly state: string;
  readonly read: number;
  readonly update: number;
  readonly write: number;
}

/**
 * Finds read → slice_update → write chains on one state that can be carried out in place, and reads whose value is
 * last used before the state changes again. All other reads copy, as the operations' definition says.
 */
export function planStates(operations: readonly Operation[], liveness: Liveness): StatePlan {
  const chains = new Map(findChains(operations, liveness).map((chain) => [chain.write, chain]));
  /** Where the memory of each state changes. */
  const changes = new Map<string, number[]>();
  operations.forEach((operation, index) => {
    if (operation.type !== "write_state") return;
    const state = firstOperand(operation, "input") ?? "";
    changes.set(state, [...(changes.get(state) ?? []), chains.get(index)?.update ?? index]);
  });
  const inPlace = new Set([...chains.values()].map(({ update }) => operations[update]!));
  const sharesMemory = (operation: Operation, index: number) => {
    if (operation.type !== "read_state") return false;
    const value = operation.outputs[0]?.name ?? "";
    const next = changes.get(firstOperand(operation, "input") ?? "")?.find((change) => change > index);
    if (next === undefined) return true;
    const last = liveness.lastSeen(value);
    const user = operations[next]!;
    // The update may write over its own `x`, not over what it copies from.
    return last < next || (last === next && inPlace.has(user) && firstOperand(user, "x") === value);
  };
  return {
    shared: new Set(operations.filter(sharesMemory)),
    inPlace,
    done: new Set([...chains.keys()].map((write) => operations[write]!)),
  };
}

/** Chains whose values nothing else uses, and with no other read or write of the state in between. */
function findChains(operations: readonly Operation[], { usesOf }: Liveness): Chain[] {
  const producers = new Map<string, number>();
  const touches = new Map<string, number[]>();
  const chains: Chain[] = [];
  operations.forEach((operation, index) => {
    for (const { name = "" } of operation.outputs) producers.set(name, index);
    if (operation.type !== "read_state" && operation.type !== "write_state") return;
    const state = firstOperand(operation, "input") ?? "";
    touches.set(state, [...(touches.get(state) ?? []), index]);
  });
  const only = (name: string | undefined, index: number) => {
    const uses = usesOf(name ?? "");
    return uses.length === 1 && uses[0] === index;
  };
  operations.forEach((operation, write) => {
    if (operation.type !== "write_state") return;
    const state = firstOperand(operation, "input") ?? "";
    const update = producers.get(firstOperand(operation, "data") ?? "");
    if (update === undefined || operations[update]!.type !== "slice_update") return;
    const read = producers.get(firstOperand(operations[update]!, "x") ?? "");
    if (read === undefined || operations[read]!.type !== "read_state") return;
    if (firstOperand(operations[read]!, "input") !== state) return;
    if (!only(operations[read]!.outputs[0]?.name, update)) return;
    if (!only(operations[update]!.outputs[0]?.name, write)) return;
    if ((touches.get(state) ?? []).some((touch) => touch > read && touch < write)) return;
    chains.push({ state, read, update, write });
  });
  return chains;
}
