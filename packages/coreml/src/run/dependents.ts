import type { Operation } from "../proto/mil.ts";

/** Names of all values that are computed from the named ones; `shape` of a value does not depend on its content. */
export function dependentsOf(operations: readonly Operation[], sources: readonly string[]): Set<string> {
  const known = new Set(sources);
  for (const { type, inputs, outputs } of operations) {
    if (type === "shape") continue;
    const depends = [...inputs.values()].some(({ arguments: bindings }) =>
      bindings.some(({ name }) => name !== undefined && known.has(name)),
    );
    if (depends) for (const { name = "" } of outputs) known.add(name);
  }
  return known;
}
