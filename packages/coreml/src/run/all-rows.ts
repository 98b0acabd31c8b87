import type { ManifestFunction } from "@pippin/core";
import { milTypeOf, tensorType } from "../mil/types.ts";
import type { Block, MilFunction, NamedValueType } from "../proto/mil.ts";
import { dependentsOf } from "./dependents.ts";

/** Axis of the tokens in hidden states and logits, `[1, tokens, …]`; indices, as other tools compute with, are `[tokens]`. */
const TOKENS_AXIS = 1;

/**
 * The same function for any number of rows of logits: `lastToken` takes a list of indices.
 *
 * Only declared shapes change. The operations that follow the choice of the row, norm and head, treat rows one by one,
 * so that each row is computed as if it were the only one.
 */
export function withAllRows(fn: MilFunction, { inputs }: ManifestFunction): MilFunction | undefined {
  const lastToken = inputs.find(({ role }) => role === "lastToken")?.name;
  if (lastToken === undefined) return undefined;
  const blocks = new Map<string, Block>();
  for (const [opset, block] of fn.block_specializations) {
    const dependents = dependentsOf(block.operations, [lastToken]);
    const operations = block.operations.map((operation) => ({
      ...operation,
      outputs: operation.outputs.map((output) =>
        dependents.has(output.name ?? "") ? withFreeAxis(output, TOKENS_AXIS) : output,
      ),
    }));
    blocks.set(opset, { ...block, operations });
  }
  const declared = fn.inputs.map((input) => (input.name === lastToken ? withFreeAxis(input, 0) : input));
  return { ...fn, inputs: declared, block_specializations: blocks };
}

function withFreeAxis(value: NamedValueType, axis: number): NamedValueType {
  const { dtype, shape } = milTypeOf(value.type, value.name ?? "");
  const free = Math.min(axis, shape.length - 1);
  return {
    ...value,
    type: tensorType(
      dtype,
      shape.map((size, at) => (at === free ? null : size)),
    ),
  };
}
