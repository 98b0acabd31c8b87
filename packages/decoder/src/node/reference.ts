import { setImmediate as nextTurn } from "node:timers/promises";
import {
  type EvaluateOptions,
  type FeedOptions,
  type Runner,
  type Session,
  type StageContext,
  throwIfCancelled,
} from "@pippin/core";
import { decoderError } from "../errors.ts";
import type { Decoder } from "../read-decoder.ts";
import type { DecoderSpec } from "../spec.ts";
import {
  emptyCache,
  type LayerCache,
  LayerPass,
  type LayerWeights,
  type RopesOf,
  ropeCache,
  vectorOf,
} from "./layer-pass.ts";
import {
  type LoadedWeights,
  type LoadOptions,
  loadCheckpoint,
  loadTensors,
  type TensorOfRole,
} from "./load.ts";
import { rmsNormRows } from "./math.ts";

export interface ReferenceOptions extends LoadOptions {
  /** Most tokens of a session; default: what the model was trained for, at most 4096. */
  readonly contextLength?: number;
}

interface Model extends LoadedWeights, LayerWeights {
  readonly spec: DecoderSpec;
  readonly contextLength: number;
  readonly ropes: RopesOf;
}

/**
 * The decoder's own forward pass over the original weights, in F32: what a converted package is measured against.
 *
 * Written for clarity over the spec, not for speed: matrices multiply in the kernels' pool, everything else is plain
 * loops. Holds the matrices in the checkpoint's precision, those that are quantized, and F64, as F32.
 */
export async function createReferenceRunner(
  { spec, weights }: Decoder,
  options: ReferenceOptions = {},
  context: StageContext = {},
): Promise<Runner> {
  return runnerOf(spec, await loadCheckpoint(spec, weights, options, context), options);
}

/**
 * The same forward pass over tensors that somebody gives by role, `[rows, …]` in F32: the weights of a package in a format
 * that cannot be executed here. Holds them all in F32.
 */
export async function createTensorRunner(
  spec: DecoderSpec,
  tensor: TensorOfRole,
  options: ReferenceOptions = {},
  context: StageContext = {},
): Promise<Runner> {
  return runnerOf(spec, await loadTensors(spec, tensor, options, context), options);
}

function runnerOf(spec: DecoderSpec, weights: LoadedWeights, options: ReferenceOptions): Runner {
  const contextLength = options.contextLength ?? Math.min(spec.maxPositions, 4096);
  const model: Model = {
    ...weights,
    ...{ spec, contextLength, ropes: ropeCache(contextLength) },
    multiply: (role, x, m) => weights.pool.multiply(role, x, m),
  };
  return {
    vocabSize: spec.vocabSize,
    contextLength,
    start: () => new ReferenceSession(model),
    evaluate: (tokens, given = {}) =>
      new ReferenceSession(model, Math.min(tokens.length, contextLength)).feed(tokens, {
        ...given,
        rows: "all",
      }),
    close: () => weights.pool.close(),
  };
}

class ReferenceSession implements Session {
  readonly #model: Model;
  readonly #pass: LayerPass;
  readonly #caches: readonly LayerCache[];
  length = 0;

  /** @param capacity - most tokens of this session. */
  constructor(model: Model, capacity: number = model.contextLength) {
    this.#model = model;
    this.#pass = new LayerPass(model.spec, model, model.ropes);
    this.#caches = model.spec.layers.map((layer) => emptyCache(layer, capacity));
  }

  rewind(length: number): void {
    this.length = Math.min(this.length, Math.max(0, length));
  }

  async feed(tokens: readonly number[], options: FeedOptions & EvaluateOptions = {}): Promise<Float32Array> {
    const { spec, embed } = this.#model;
    this.#check(tokens);
    // Lets an abort be heard between the tokens of an answer.
    await nextTurn();
    const x = (await embed(tokens)).map((value) => value * spec.embedding.scale);
    for (let index = 0; index < spec.layers.length; index++) {
      throwIfCancelled(options.signal);
      const cache = { ...this.#caches[index]!, length: this.length };
      this.#pass.run(index, x, [{ cache, tokens: tokens.length }]);
      options.observer?.layer?.(index, x, this.length);
      // Lets an abort be heard between the layers of a long prompt.
      if (tokens.length > 16) await nextTurn();
    }
    this.length += tokens.length;
    const rows = options.rows === "all" ? x : x.subarray(x.length - spec.hiddenSize);
    const normed = rmsNormRows(
      rows,
      vectorOf(this.#model, "final_norm.weight"),
      spec.finalNorm,
      new Float32Array(rows.length),
    );
    const head = spec.head.tied ? "embedding.weight" : "head.weight";
    const logits = this.#model.multiply(head, normed, normed.length / spec.hiddenSize);
    return spec.head.scale === 1 ? logits : logits.map((value) => value * spec.head.scale);
  }

  #check(tokens: readonly number[]): void {
    const { contextLength, spec } = this.#model;
    if (this.length + tokens.length > contextLength) {
      throw decoderError("DECODER_CONTEXT_FULL", {
        message: `${this.length} tokens and ${tokens.length} more do not fit a context of ${contextLength}`,
        hint: "Use a shorter text.",
      });
    }
    const stray = tokens.find((token) => !Number.isInteger(token) || token < 0 || token >= spec.vocabSize);
    if (stray !== undefined || tokens.length === 0) {
      throw decoderError("DECODER_TOKEN_OUT_OF_RANGE", {
        message:
          tokens.length === 0
            ? "no token was given"
            : `token ${stray} is not in a vocabulary of ${spec.vocabSize}`,
        hint: "The tokenizer and the model do not belong together.",
      });
    }
  }
}
