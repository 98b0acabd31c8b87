import type { MilFunction } from "../proto/mil.ts";
import { dependentsOf } from "./dependents.ts";

/** Where the values of a function belong, for those who look into a run. */
export interface Activations {
  /** The layer whose residual stream a value holds. */
  readonly outputs: ReadonlyMap<string, number>;
  /** The layer that computes each value which follows from the tokens; the number of layers for norm and head. */
  readonly layers: ReadonlyMap<string, number>;
}

/**
 * Assigns values to layers by the order of operations: a layer ends with its output.
 *
 * Masks and rotary tables are no activations, and neither is a score to which a mask was added: its size says nothing
 * of the model. The score before that is one.
 */
export function activationsOf(
  fn: MilFunction,
  { tokens, layerOutputs }: { readonly tokens: string; readonly layerOutputs: readonly string[] },
): Activations {
  const outputs = new Map(layerOutputs.map((name, layer) => [name, layer]));
  const layers = new Map<string, number>();
  const operations = fn.block_specializations.get(fn.opset ?? "")?.operations ?? [];
  const activations = dependentsOf(operations, [tokens]);
  const constants = new Set<string | undefined>();
  let layer = 0;
  for (const { type, inputs, outputs: results } of operations) {
    if (type === "const") constants.add(results[0]?.name);
    const operands = [...inputs.values()].flatMap(({ arguments: bindings }) => bindings);
    const masked =
      type === "add" &&
      operands.some(({ name }) => name !== undefined && !activations.has(name) && !constants.has(name));
    for (const { name = "" } of results) {
      if (activations.has(name) && !masked) layers.set(name, layer);
      if (outputs.has(name)) layer = outputs.get(name)! + 1;
    }
  }
  return { outputs, layers };
}
