import type { Dim } from "../mil/types.ts";
import type { Ref } from "./builder.ts";
import type { Ops } from "./ops.ts";

/**
 * What is taken from the score of a key that must not be seen: finite, so that no row becomes NaN in fp16, and large, since
 * unused slots of a cache score 0 and scores of real tokens can be far below (large key biases).
 */
const HIDDEN = 4e4;

export interface MaskInput {
  /** Index of each query, `[S]` int32. */
  readonly queries: Ref;
  /** Index of each key, `[T]` int32. */
  readonly keys: Ref;
  /** `[1, T]` bool, true for keys that hold a real token; absent when all earlier keys do. */
  readonly present?: Ref;
}

/**
 * The additive causal mask `[1, 1, groups · S, T]`: 0 where `0 <= q − k < window`, else −40,000.
 *
 * It is repeated for each of the `groups` query heads that attention folds into the query axis; with one token a
 * single row serves all of them.
 */
export function causalMask(
  ops: Ops,
  name: string,
  input: MaskInput,
  { window, groups }: { readonly window: number | null; readonly groups: number },
): Ref {
  const tokens: Dim = input.queries.shape[0]!;
  const queries = ops.expandDims(`${name}_queries`, input.queries, [1]);
  const keys = ops.expandDims(`${name}_keys`, input.keys, [0]);
  let seen = ops.compare("less_equal", `${name}_earlier`, keys, queries);
  if (window !== null) {
    const oldest = ops.sub(`${name}_oldest`, queries, ops.scalar("INT32", window));
    const near = ops.compare("greater", `${name}_near`, keys, oldest);
    seen = ops.compare("logical_and", `${name}_in_window`, seen, near);
  }
  if (input.present) seen = ops.compare("logical_and", `${name}_present`, seen, input.present);
  // (seen − 1) · 40,000: a select between two scalars has a scalar's type for coremltools.
  const unseen = ops.sub(`${name}_unseen`, ops.cast(`${name}_seen`, seen, "fp16"), ops.half(1));
  const flat = ops.mul(`${name}_additive`, unseen, ops.half(HIDDEN));
  // A range of one token and one of many are the same program, so a free length is always repeated.
  const repeated = tokens === 1 || groups === 1 ? flat : ops.tile(`${name}_grouped`, flat, [groups, 1]);
  return ops.expandDims(name, repeated, [0, 1]);
}
