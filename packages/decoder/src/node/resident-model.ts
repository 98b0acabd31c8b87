import type { StageContext } from "@pippin/core";
import type { Decoder } from "../read-decoder.ts";
import type { WeightRole } from "../roles.ts";
import type { ObserveInput } from "./layer-engine.ts";
import { emptyCache, LayerPass, ropeCache, vectorOf } from "./layer-pass.ts";
import { type LoadOptions, loadCheckpoint } from "./load.ts";
import { rmsNormRows } from "./math.ts";

/** y `[m, rows]` = x `[m, columns]` · Wᵀ with a weight of somebody's own; `undefined` where the model's is meant. */
export type ReplaceProduct = (role: WeightRole, x: Float32Array, m: number) => Float32Array | undefined;

export interface LayerOptions {
  readonly replace?: ReplaceProduct | undefined;
  readonly observe?: ObserveInput | undefined;
}

/** A decoder in memory whose layers run one by one, with weights exchanged on the way. */
export interface ResidentModel {
  /** What the first layer gets: `[tokens, hiddenSize]`. */
  embed(tokens: readonly number[]): Promise<Float32Array>;
  /**
   * `hidden` `[tokens, hiddenSize]`, windows one after the other that each begin with an empty context, is replaced by the
   * layer's output.
   *
   * @param windows - tokens of each.
   */
  layer(index: number, hidden: Float32Array, windows: readonly number[], options?: LayerOptions): void;
  /** `[tokens, vocabSize]` of what the last layer gave. */
  logits(hidden: Float32Array, replace?: ReplaceProduct): Float32Array;
  close(): Promise<void>;
}

/**
 * Loads all weights of a decoder, as `createReferenceRunner` does.
 *
 * @param options.contextLength - the most tokens of a window.
 */
export async function loadResidentModel(
  { spec, weights }: Decoder,
  options: LoadOptions & { readonly contextLength: number },
  context: StageContext = {},
): Promise<ResidentModel> {
  const loaded = await loadCheckpoint(spec, weights, options, context);
  const { pool, vectors } = loaded;
  const ropes = ropeCache(options.contextLength);
  const product =
    ({ replace, observe }: LayerOptions) =>
    (role: WeightRole, x: Float32Array, m: number) => {
      observe?.(role, x);
      return replace?.(role, x, m) ?? pool.multiply(role, x, m);
    };
  return {
    embed: async (tokens) => (await loaded.embed(tokens)).map((value) => value * spec.embedding.scale),
    layer(index, hidden, windows, given = {}) {
      const parts = windows.map((tokens) => ({ cache: emptyCache(spec.layers[index]!, tokens), tokens }));
      new LayerPass(spec, { vectors, multiply: product(given) }, ropes).run(index, hidden, parts);
    },
    logits(hidden, replace) {
      const weight = vectorOf({ vectors }, "final_norm.weight");
      const normed = rmsNormRows(hidden, weight, spec.finalNorm, new Float32Array(hidden.length));
      const head = spec.head.tied ? "embedding.weight" : "head.weight";
      const logits = product({ replace })(head, normed, hidden.length / spec.hiddenSize);
      return spec.head.scale === 1 ? logits : logits.map((value) => value * spec.head.scale);
    },
    close: () => pool.close(),
  };
}
