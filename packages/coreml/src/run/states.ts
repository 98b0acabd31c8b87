import type { Operation } from "../proto/mil.ts";

/** Results that share memory with their operand `x`. */
const VIEWS: ReadonlySet<string> = new Set(["reshape", "expand_dims", "squeeze", "slice_by_index"]);

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

/**
 * Finds read → slice_update → write chains on one state that can be carried out in place, and reads whose value is
 * last used before the state changes again. All other reads copy, as the operations' definition says.
 */
export function planStates(operations: readonly Operation[], outputs: readonly string[]): StatePlan {
  const uses = usesOf(operations, outputs);
  const inPlace = new Set<Operation>();
  const done = new Set<Operation>();
  const changes = new Map<string, number[]>();
  const touches = new Map<string, number[]>();
  const push = (map: Map<string, number[]>, key: string, index: number) =>
    map.set(key, [...(map.get(key) ?? []), index]);
  const producers = new Map(
    operations.flatMap((operation) =>
      operation.outputs.map((output) => [output.name ?? "", operation] as const),
    ),
  );
  const indexOf = new Map(operations.map((operation, index) => [operation, index]));

  operations.forEach((operation, index) => {
    if (operation.type === "read_state" || operation.type === "write_state")
      push(touches, firstOperand(operation, "input") ?? "", index);
  });
  operations.forEach((write, index) => {
    if (write.type !== "write_state") return;
    const state = firstOperand(write, "input") ?? "";
    const update = producers.get(firstOperand(write, "data") ?? "");
    const read = update?.type === "slice_update" ? producers.get(firstOperand(update, "x") ?? "") : undefined;
    const updateIndex = update ? indexOf.get(update)! : -1;
    const readIndex = read ? indexOf.get(read)! : -1;
    const chain =
      update !== undefined &&
      read?.type === "read_state" &&
      firstOperand(read, "input") === state &&
      only(uses.get(read.outputs[0]?.name ?? ""), updateIndex) &&
      only(uses.get(update.outputs[0]?.name ?? ""), index) &&
      (touches.get(state) ?? []).every((touch) => touch <= readIndex || touch >= index);
    if (!chain) {
      push(changes, state, index);
      return;
    }
    inPlace.add(update);
    done.add(write);
    push(changes, state, updateIndex);
  });

  const shared = new Set(
    operations.filter((operation, index) => {
      if (operation.type !== "read_state") return false;
      const state = firstOperand(operation, "input") ?? "";
      const next = (changes.get(state) ?? []).find((change) => change > index) ?? Number.POSITIVE_INFINITY;
      const last = lastUse(operation, operations, uses);
      const feedsUpdate = last === next && inPlace.has(operations[next]!);
      return last < next || feedsUpdate;
    }),
  );
  return { shared, inPlace, done };
}

/** Indices of the operations that use each value; a result of the function is used after the last one. */
export function usesOf(operations: readonly Operation[], outputs: readonly string[]): Map<string, number[]> {
  const uses = new Map<string, number[]>();
  operations.forEach((operation, index) => {
    for (const { arguments: bindings } of operation.inputs.values()) {
      for (const { name } of bindings)
        if (name !== undefined) uses.set(name, [...(uses.get(name) ?? []), index]);
    }
  });
  for (const name of outputs) uses.set(name, [...(uses.get(name) ?? []), operations.length]);
  return uses;
}

/** The last operation that sees an operation's value, also through views of it. */
function lastUse(
  operation: Operation,
  operations: readonly Operation[],
  uses: ReadonlyMap<string, readonly number[]>,
): number {
  let last = -1;
  for (const { name = "" } of operation.outputs) {
    for (const index of uses.get(name) ?? []) {
      const user = operations[index];
      last = Math.max(last, index, user && VIEWS.has(user.type ?? "") ? lastUse(user, operations, uses) : -1);
    }
  }
  return last;
}

function only(uses: readonly number[] | undefined, index: number): boolean {
  return uses?.length === 1 && uses[0] === index;
}
