import type { AttentionSpec, DecoderSpec } from "@pippin/decoder";
import type { Dim } from "../mil/types.ts";
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

export interface StatelessOptions {
  readonly names: FeatureNames;
  readonly opset: string;
  /** The longest sequence. */
  readonly context: number;
  /** `fixed`: always `context` tokens, padded on the right. `ranged`: any number up to it. */
  readonly length: "fixed" | "ranged";
}

/** The whole sequence and a mask of its real tokens → logits of every position. */
export function statelessFunction(
  spec: DecoderSpec,
  blobs: BlobPool,
  options: StatelessOptions,
): MilFunction {
  const { names, opset, context } = options;
  const tokens: Dim = options.length === "fixed" ? context : null;
  const builder = new FunctionBuilder(opset, blobs);
  const ops = new Ops(builder);
  const ids = builder.input(names.tokens, "INT32", [1, tokens]);
  const real = builder.input(names.attentionMask, "INT32", [1, tokens]);

  const positions = positionsOf(ops, ids, context);
  const present = ops.cast("present", real, "bool");
  const rope = memoized((rotary: AttentionSpec["rope"]) =>
    rotary ? ropeFactors(ops, rotary, context, positions, opset) : null,
  );
  const mask = memoized(({ window, groups }: { window: number | null; groups: number }) =>
    causalMask(ops, "mask", { queries: positions, keys: positions, present }, { window, groups }),
  );
  const attention: Attention = (_, prefix, x, layerSpec) => {
    const projected = project(ops, prefix, x, { spec: layerSpec, factors: rope(layerSpec.rope) });
    const key = { window: layerSpec.window, groups: layerSpec.numHeads / layerSpec.numKeyValueHeads };
    return attend(ops, prefix, projected, { spec: layerSpec, tokens, mask: mask(key), fused: false });
  };
  const hidden = decoderLayers(ops, spec, ids, { attention, opset });
  return builder.finish([logitsOf(ops, spec, hidden, names.logits)]);
}

/** 0, 1, 2, … as many as there are tokens, `[S]` int32. */
function positionsOf(ops: Ops, ids: Ref, context: number): Ref {
  const all = ops.ints(Array.from({ length: context }, (_, index) => index));
  if (ids.shape[1] !== null) return all;
  const sizes = ops.shapeOf("input_shape", ids);
  const length = ops.slice("input_length", sizes, ops.ints([1]), ops.ints([2]), [1]);
  return ops.slice("positions", all, ops.ints([0]), length, [null]);
}
