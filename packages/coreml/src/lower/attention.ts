import type { AttentionSpec } from "@pippin/decoder";
import type { Dim } from "../mil/types.ts";
import type { Ref } from "./builder.ts";
import { rmsNorm } from "./norm.ts";
import type { Ops } from "./ops.ts";
import { applyRope, type RopeFactors } from "./rope.ts";

/** Query, key and value of the tokens of a call, each `[1, heads, S, headDim]`, rotated. */
export interface Projected {
  readonly query: Ref;
  readonly key: Ref;
  readonly value: Ref;
}

/** Projects `x` `[1, S, hidden]` and turns it by position. `factors` are those of the layer's rope. */
export function project(
  ops: Ops,
  prefix: string,
  x: Ref,
  { spec, factors }: { readonly spec: AttentionSpec; readonly factors: RopeFactors | null },
): Projected {
  const part = (kind: "q" | "k" | "v", heads: number) => {
    const name = `${prefix}_${kind}`;
    const role = `${prefix.replace(/^layers_(\d+)_/, "layers.$1.")}.${kind}`;
    const bias = spec.qkvBias ? ops.b.weight(`${role}.bias`) : undefined;
    let y = ops.linear(`${name}_proj`, x, ops.b.weight(`${role}.weight`), bias);
    const norm = kind === "v" ? null : spec.qkNorm;
    const normed = (value: Ref) =>
      rmsNorm(ops, `${name}_normed`, value, ops.b.weight(`${role}_norm.weight`), {
        kind: "rms",
        epsilon: norm!.epsilon,
      });
    if (norm?.over === "all") y = normed(y);
    y = splitHeads(ops, name, y, heads, spec.headDim);
    if (norm?.over === "head") y = normed(y);
    return kind !== "v" && spec.rope && factors ? applyRope(ops, name, y, spec.rope, factors) : y;
  };
  return {
    query: part("q", spec.numHeads),
    key: part("k", spec.numKeyValueHeads),
    value: part("v", spec.numKeyValueHeads),
  };
}

/** `[1, S, heads · headDim]` → `[1, heads, S, headDim]`. */
function splitHeads(ops: Ops, name: string, x: Ref, heads: number, headDim: number): Ref {
  const tokens = x.shape[1]!;
  if (tokens === 1) return ops.reshape(`${name}_heads`, x, [1, heads, 1, headDim]);
  const split = ops.reshape(`${name}_split`, x, [1, tokens, heads, headDim]);
  return ops.transpose(`${name}_heads`, split, [0, 2, 1, 3]);
}

/** `[1, heads, S, headDim]` → `[1, S, heads · headDim]`. */
function joinHeads(ops: Ops, name: string, x: Ref, tokens: Dim): Ref {
  const width = (x.shape[1]! as number) * (x.shape[3]! as number);
  const rows = tokens === 1 ? x : ops.transpose(`${name}_rows`, x, [0, 2, 1, 3]);
  return ops.reshape(`${name}_joined`, rows, [1, tokens, width]);
}

export interface AttendOptions {
  readonly spec: AttentionSpec;
  /** Tokens of the call. */
  readonly tokens: Dim;
  /** Additive, `[1, 1, groups · S, T]`: see `groupMask`. */
  readonly mask: Ref;
  /** iOS 18 has attention as one operation; before it is spelled out. */
  readonly fused: boolean;
}

/**
 * Attends queries `[1, Hq, S, D]` to keys and values `[1, Hkv, T, D]`.
 *
 * The query heads that share a key head are folded into the query axis, `[1, Hkv, groups · S, D]`, so that keys
 * and values are never repeated.
 */
export function attend(
  ops: Ops,
  prefix: string,
  { query, key, value }: Projected,
  options: AttendOptions,
): Ref {
  const { spec, tokens, mask } = options;
  const groups = spec.numHeads / spec.numKeyValueHeads;
  const rows = tokens === null ? null : groups * tokens;
  // The fused operation divides by sqrt(headDim) itself.
  const factor = options.fused ? spec.scale * Math.sqrt(spec.headDim) : spec.scale;
  const scaled = isOne(factor) ? query : ops.mul(`${prefix}_q_scaled`, query, ops.half(factor));
  const folded =
    groups === 1
      ? scaled
      : ops.reshape(`${prefix}_q_folded`, scaled, [1, spec.numKeyValueHeads, rows, spec.headDim]);
  const mixed = options.fused
    ? ops.attention(`${prefix}_mixed`, folded, key, value, mask)
    : spelledOut(ops, prefix, { query: folded, key, value }, mask);
  const heads =
    groups === 1 ? mixed : ops.reshape(`${prefix}_unfolded`, mixed, [1, spec.numHeads, tokens, spec.headDim]);
  return joinHeads(ops, prefix, heads, tokens);
}

function spelledOut(ops: Ops, prefix: string, { query, key, value }: Projected, mask: Ref): Ref {
  const scores = ops.matmul(`${prefix}_scores`, query, key, true);
  const weights = ops.softmax(`${prefix}_weights`, ops.add(`${prefix}_masked`, scores, mask));
  return ops.matmul(`${prefix}_mixed`, weights, value, false);
}

function isOne(factor: number): boolean {
  return Math.abs(factor - 1) < 1e-9;
}
