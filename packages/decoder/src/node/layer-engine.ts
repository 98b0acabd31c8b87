import { type StageContext, throwIfCancelled } from "@pippin/core";
import type { WeightExpr } from "@pippin/kernels";
import { createMatrixPool, type MatrixPool, readRows, readWeight } from "@pippin/kernels/node";
import type { Decoder } from "../read-decoder.ts";
import type { WeightRole } from "../roles.ts";
import { emptyCache, LayerPass, type RopesOf, ropeCache } from "./layer-pass.ts";
import { keptAs } from "./load.ts";

export interface LayerEngineOptions {
  readonly threads?: number | undefined;
  /** Most tokens of a window. */
  readonly contextLength: number;
}

/** Sees the input of each matrix product, `[tokens, columns]` F32; copy what has to outlive the call. */
export type ObserveInput = (role: WeightRole, inputs: Float32Array) => void;

/** One layer with its weights in memory. */
export interface LoadedLayer {
  /** `hidden` `[tokens, hiddenSize]`, a window from its beginning on, is replaced by the layer's output. */
  run(hidden: Float32Array, observe?: ObserveInput): void;
  /** Frees the weights. */
  close(): Promise<void>;
}

/** The forward pass of a decoder layer by layer: a model that does not fit into memory, whose weights change on the way. */
export interface LayerEngine {
  /** What the first layer gets: `[tokens, hiddenSize]`. */
  embed(tokens: readonly number[]): Float32Array;
  /** @param replaced - weights that the layer computes with instead of the checkpoint's. */
  load(
    layer: number,
    replaced?: (role: WeightRole) => WeightExpr | undefined,
    context?: StageContext,
  ): Promise<LoadedLayer>;
}

/** Holds nothing but the layers that are loaded. */
export function createLayerEngine(
  { spec, weights }: Decoder,
  { threads, contextLength }: LayerEngineOptions,
): LayerEngine {
  const ropes: RopesOf = ropeCache(contextLength);
  return {
    embed: (tokens) =>
      readRows(weights.expr("embedding.weight"), tokens).map((value) => value * spec.embedding.scale),
    async load(layer, replaced = () => undefined, { signal } = {}) {
      const pool: MatrixPool = createMatrixPool({ threads });
      const vectors = new Map<WeightRole, Float32Array>();
      try {
        for (const role of weights.roles.filter((name) => name.startsWith(`layers.${layer}.`))) {
          throwIfCancelled(signal);
          const expr = replaced(role) ?? weights.expr(role);
          if (expr.shape.length === 1) vectors.set(role, await readWeight(expr));
          else await pool.load(role, expr, keptAs(expr.source), signal);
        }
      } catch (error) {
        await pool.close();
        throw error;
      }
      return {
        run(hidden, observe) {
          const multiply = (role: WeightRole, x: Float32Array, m: number) => {
            observe?.(role, x);
            return pool.multiply(role, x, m);
          };
          const tokens = hidden.length / spec.hiddenSize;
          const cache = emptyCache(spec.layers[layer]!, tokens);
          new LayerPass(spec, { vectors, multiply }, ropes).run(layer, hidden, [{ cache, tokens }]);
        },
        close: () => pool.close(),
      };
    },
  };
}
