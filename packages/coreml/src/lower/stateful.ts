import type { AttentionSpec, DecoderSpec } from "@pippin/decoder";
import type { MilFunction } from "../proto/mil.ts";
import { attend, project } from "./attention.ts";
import type { BlobPool } from "./blob-pool.ts";
import { FunctionBuilder, type Ref } from "./builder.ts";
import type { FeatureNames } from "./feature-names.ts";
import { type Attention, decoderLayers, logitsOf } from "./layers.ts";
import { causalMask } from "./mask.ts";
import { memoized } from "./memoized.ts";
import { Ops } from "./ops.ts";
import { ropeFactors } from "./rope.ts";

export interface StatefulOptions {
  readonly names: FeatureNames;
  readonly opset: string;
  /** Slots of the cache: the context length, a multiple of 32. */
  readonly slots: number;
  /** Tokens of a call; with more than one, unused ones are padding on the right. */
  readonly tokens: number;
  /** Whether `lastToken` says which row of logits is wanted; else the only one is. */
  readonly picksRow: boolean;
}

/** Shape of each cache: `[layer, kvHead, position, headDim]`. */
export function cacheShape(spec: DecoderSpec, slots: number): number[] {
  const { numKeyValueHeads, headDim } = spec.layers[0]!.mixer;
  return [spec.layers.length, numKeyValueHeads, slots, headDim];
}

/**
 * One function of a stateful program: `tokens` new tokens at `position` → logits of one of them.
 *
 * Keys and values go into the cache in place, then attention reads the cache. Slots past the last real token hold
 * padding or old content; the mask hides them, since their position is later than every query's.
 */
export function statefulFunction(spec: DecoderSpec, blobs: BlobPool, options: StatefulOptions): MilFunction {
  const { names, opset, slots, tokens } = options;
  const builder = new FunctionBuilder(opset, blobs);
  const ops = new Ops(builder);
  const ids = builder.input(names.tokens, "INT32", [1, tokens]);
  const position = builder.input(names.position, "INT32", [1]);
  const lastToken = options.picksRow ? builder.input(names.lastToken, "INT32", [1]) : undefined;
  const shape = cacheShape(spec, slots);
  const keyCache = builder.state(names.keyCache, "FLOAT16", shape);
  const valueCache = builder.state(names.valueCache, "FLOAT16", shape);

  const range = (count: number) => ops.ints(Array.from({ length: count }, (_, index) => index));
  const queries = tokens === 1 ? position : ops.add("positions", range(tokens), position);
  const end = ops.add("position_end", position, ops.ints([tokens]));
  const rope = memoized((rotary: AttentionSpec["rope"]) =>
    rotary ? ropeFactors(ops, rotary, slots, queries, opset) : null,
  );
  const mask = memoized(({ window, groups }: { window: number | null; groups: number }) =>
    causalMask(ops, "mask", { queries, keys: range(slots) }, { window, groups }),
  );

  const attention: Attention = (layer, prefix, x, layerSpec) => {
    const { query, key, value } = project(ops, prefix, x, { spec: layerSpec, factors: rope(layerSpec.rope) });
    const cached = (state: Ref, kind: "key" | "value", fresh: Ref) =>
      throughCache(ops, `${prefix}_${kind}`, { state, fresh, layer, position, end });
    const groups = layerSpec.numHeads / layerSpec.numKeyValueHeads;
    const window = layerSpec.window;
    return attend(
      ops,
      prefix,
      { query, key: cached(keyCache, "key", key), value: cached(valueCache, "value", value) },
      { spec: layerSpec, tokens, mask: mask({ window, groups }), fused: true },
    );
  };

  let hidden = decoderLayers(ops, spec, ids, { attention, opset });
  if (lastToken) hidden = ops.gather("last_hidden", hidden, lastToken, 1, opset);
  return builder.finish([logitsOf(ops, spec, hidden, names.logits)]);
}

/** Writes `fresh` `[1, Hkv, S, D]` into the layer's slots and returns all of them, `[1, Hkv, T, D]`. */
function throughCache(
  ops: Ops,
  name: string,
  { state, fresh, layer, position, end }: { state: Ref; fresh: Ref; layer: number; position: Ref; end: Ref },
): Ref {
  const [, heads, slots, headDim] = state.shape as [number, number, number, number];
  const begin = ops.concat(`layers_${layer}_slot_begin`, [ops.ints([layer, 0]), position, ops.ints([0])], 0);
  const stop = ops.concat(
    `layers_${layer}_slot_end`,
    [ops.ints([layer + 1, heads]), end, ops.ints([headDim])],
    0,
  );
  const updated = ops.sliceUpdate(
    `${name}_updated`,
    ops.readState(`${name}_cache`, state),
    fresh,
    begin,
    stop,
  );
  ops.writeState(`${name}_written`, state, updated);
  const whole = ops.readState(`${name}_current`, state);
  const from = ops.ints([layer, 0, 0, 0]);
  const to = ops.ints([layer + 1, heads, slots, headDim]);
  return ops.slice(`${name}_slots`, whole, from, to, [1, heads, slots, headDim]);
}
