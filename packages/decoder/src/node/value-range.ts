import { type StageContext, throwIfCancelled } from "@pippin/core";
import type { Decoder } from "../read-decoder.ts";
import { createLayerEngine, type LayerEngineOptions } from "./layer-engine.ts";

/** Largest magnitudes that a model computed with, in F32. */
export interface ValueRange {
  /** Of the residual stream: the embedding, and after each layer. */
  readonly residual: number;
  /** Of what attention and the gated product hand to their output matrices. */
  readonly inner: number;
}

/**
 * Runs texts through the original weights, layer by layer, and looks for the largest values: what `rescalingFor` asks.
 *
 * Memory: one layer's weights, and the residual streams of all windows, `[tokens, hiddenSize]` F32 each.
 *
 * @param windows - token ids, each window from an empty context.
 * @throws PippinError `CORE_CANCELLED`, and those of reading weights.
 */
export async function measureValueRange(
  decoder: Decoder,
  windows: readonly (readonly number[])[],
  options: Pick<LayerEngineOptions, "threads"> = {},
  context: StageContext = {},
): Promise<ValueRange> {
  const { layers } = decoder.spec;
  const contextLength = Math.max(...windows.map(({ length }) => length));
  const engine = createLayerEngine(decoder, { ...options, contextLength });
  const hidden = windows.map((tokens) => engine.embed(tokens));
  let residual = Math.max(...hidden.map(largestOf));
  let inner = 0;
  for (let index = 0; index < layers.length; index++) {
    throwIfCancelled(context.signal);
    const layer = await engine.load(index, undefined, context);
    try {
      for (const stream of hidden) {
        layer.run(stream, (role, inputs) => {
          if (/(attention\.o|mlp\.down)\.weight$/.test(role)) inner = Math.max(inner, largestOf(inputs));
        });
        residual = Math.max(residual, largestOf(stream));
      }
    } finally {
      await layer.close();
    }
    context.progress?.({ stage: "range", unit: "steps", done: index + 1, total: layers.length });
  }
  return { residual, inner };
}

function largestOf(values: Float32Array): number {
  let largest = 0;
  for (let i = 0; i < values.length; i++) largest = Math.max(largest, Math.abs(values[i]!));
  return largest;
}
