import { setImmediate as nextTurn } from "node:timers/promises";
import {
  type FeedOptions,
  type Runner,
  type Session,
  type StageContext,
  throwIfCancelled,
} from "@pippin/core";
import { isPackedSource, type WeightSource } from "@pippin/kernels";
import { createMatrixPool, type MatrixPool, readRows, readWeight } from "@pippin/kernels/node";
import { decoderError, roleUnknown } from "../errors.ts";
import type { Decoder } from "../read-decoder.ts";
import { type LayerRole, layerRole, type WeightRole } from "../roles.ts";
import { ropeTables } from "../rope.ts";
import type { AttentionSpec, DecoderSpec, LayerSpec, RopeSpec } from "../spec.ts";
import { addBias, gated, rmsNormRows, rotateHeads } from "./math.ts";

export interface ReferenceOptions {
  /** Most tokens of a session; default: what the model was trained for, at most 4096. */
  readonly contextLength?: number;
  readonly threads?: number;
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
  const contextLength = options.contextLength ?? Math.min(spec.maxPositions, 4096);
  const pool = createMatrixPool(options.threads === undefined ? {} : { threads: options.threads });
  const vectors = new Map<WeightRole, Float32Array>();
  try {
    let done = 0;
    for (const role of weights.roles) {
      throwIfCancelled(context.signal);
      const expr = weights.expr(role);
      if (expr.shape.length === 1) vectors.set(role, await readWeight(expr));
      else if (role !== "embedding.weight" || spec.head.tied)
        await pool.load(role, expr, keptAs(expr.source), context.signal);
      done++;
      context.progress?.({
        stage: "reference",
        unit: "tensors",
        done,
        total: weights.roles.length,
        item: role,
      });
    }
  } catch (error) {
    await pool.close();
    throw error;
  }
  const embed = (tokens: readonly number[]) => readRows(weights.expr("embedding.weight"), tokens);
  const model: Model = { spec, pool, vectors, embed, contextLength, ropes: ropeCache(contextLength) };
  return {
    vocabSize: spec.vocabSize,
    contextLength,
    start: () => new ReferenceSession(model),
    close: () => pool.close(),
  };
}

function keptAs(source: WeightSource): "F16" | "BF16" | "F32" {
  if (isPackedSource(source)) return "F32";
  const { dtype } = source;
  return dtype === "F16" || dtype === "BF16" ? dtype : "F32";
}

interface Model {
  readonly spec: DecoderSpec;
  readonly pool: MatrixPool;
  readonly vectors: ReadonlyMap<WeightRole, Float32Array>;
  readonly contextLength: number;
  embed(tokens: readonly number[]): Float32Array | Promise<Float32Array>;
  ropes(rope: RopeSpec): { cos: Float32Array; sin: Float32Array };
}

function ropeCache(positions: number): Model["ropes"] {
  const tables = new Map<string, { cos: Float32Array; sin: Float32Array }>();
  return (rope) => {
    const key = JSON.stringify(rope);
    let table = tables.get(key);
    if (table === undefined) {
      table = ropeTables(rope, positions);
      tables.set(key, table);
    }
    return table;
  };
}

class ReferenceSession implements Session {
  readonly #model: Model;
  readonly #keys: Float32Array[];
  readonly #values: Float32Array[];
  length = 0;

  constructor(model: Model) {
    this.#model = model;
    const cache = ({ mixer }: LayerSpec) =>
      new Float32Array(model.contextLength * mixer.numKeyValueHeads * mixer.headDim);
    this.#keys = model.spec.layers.map(cache);
    this.#values = model.spec.layers.map(cache);
  }

  rewind(length: number): void {
    this.length = Math.min(this.length, Math.max(0, length));
  }

  async feed(tokens: readonly number[], options: FeedOptions = {}): Promise<Float32Array> {
    const { spec, embed } = this.#model;
    this.#check(tokens);
    // Lets an abort be heard between the tokens of an answer.
    await nextTurn();
    const x = (await embed(tokens)).map((value) => value * spec.embedding.scale);
    for (let index = 0; index < spec.layers.length; index++) {
      throwIfCancelled(options.signal);
      this.#layer(index, spec.layers[index]!, x);
      // Lets an abort be heard between the layers of a long prompt.
      if (tokens.length > 16) await nextTurn();
    }
    this.length += tokens.length;
    const rows = options.rows === "all" ? x : x.subarray(x.length - spec.hiddenSize);
    const normed = rmsNormRows(
      rows,
      this.#vector("final_norm.weight"),
      spec.finalNorm,
      new Float32Array(rows.length),
    );
    const logits = this.#multiply(
      spec.head.tied ? "embedding.weight" : "head.weight",
      normed,
      spec.hiddenSize,
    );
    return spec.head.scale === 1 ? logits : logits.map((value) => value * spec.head.scale);
  }

  /** `x` `[tokens, hidden]` is replaced by the layer's output. */
  #layer(index: number, layer: LayerSpec, x: Float32Array): void {
    const hidden = this.#model.spec.hiddenSize;
    const { norms, feedForward } = layer;
    const norm = (role: LayerRole, value: Float32Array, spec: typeof norms.beforeMixer) =>
      spec
        ? rmsNormRows(value, this.#vector(layerRole(index, role)), spec, new Float32Array(value.length))
        : value;
    const addTo = (branch: Float32Array) => {
      for (let i = 0; i < x.length; i++) x[i]! += layer.residualScale * branch[i]!;
    };
    const mixed = this.#attention(index, layer.mixer, norm("input_norm.weight", x, norms.beforeMixer));
    addTo(norm("attention_output_norm.weight", mixed, norms.afterMixer));

    const input = norm("mlp_norm.weight", x, norms.beforeFeedForward);
    const gate = this.#linear(index, "mlp.gate", input, hidden);
    const active = gated(feedForward.activation, gate, this.#linear(index, "mlp.up", input, hidden));
    addTo(
      norm(
        "mlp_output_norm.weight",
        this.#linear(index, "mlp.down", active, feedForward.size),
        norms.afterFeedForward,
      ),
    );
  }

  /** `x` `[tokens, hidden]` → `[tokens, hidden]`; appends to the layer's cache. */
  #attention(index: number, spec: AttentionSpec, x: Float32Array): Float32Array {
    const { headDim, numHeads, numKeyValueHeads } = spec;
    const hidden = this.#model.spec.hiddenSize;
    const query = this.#projected(index, "q", spec, x);
    const key = this.#projected(index, "k", spec, x);
    const value = this.#linear(index, "attention.v", x, hidden);
    const width = numHeads * headDim;
    const cached = numKeyValueHeads * headDim;
    this.#keys[index]!.set(key, this.length * cached);
    this.#values[index]!.set(value, this.length * cached);
    const mixed = new Float32Array(query.length);
    for (let token = 0; token * width < query.length; token++) {
      for (let head = 0; head < numHeads; head++) {
        const at = token * width + head * headDim;
        this.#attend(
          index,
          spec,
          { position: this.length + token, head, query: query.subarray(at, at + headDim) },
          mixed.subarray(at, at + headDim),
        );
      }
    }
    return this.#linear(index, "attention.o", mixed, width);
  }

  /** Query or key of each token, normed and turned. */
  #projected(index: number, part: "q" | "k", spec: AttentionSpec, x: Float32Array): Float32Array {
    const y = this.#linear(index, `attention.${part}`, x, this.#model.spec.hiddenSize);
    if (spec.qkNorm) {
      const weight = this.#vector(layerRole(index, `attention.${part}_norm.weight`));
      rmsNormRows(y, weight, { kind: "rms", epsilon: spec.qkNorm.epsilon });
    }
    if (spec.rope === null) return y;
    const { rope, headDim } = spec;
    const width = (part === "q" ? spec.numHeads : spec.numKeyValueHeads) * headDim;
    const half = rope.rotaryDim / 2;
    const { cos, sin } = this.#model.ropes(rope);
    for (let token = 0; token * width < y.length; token++) {
      const row = (this.length + token) * half;
      const angles = { cos: cos.subarray(row, row + half), sin: sin.subarray(row, row + half) };
      rotateHeads(y.subarray(token * width, (token + 1) * width), { rope, headDim, ...angles });
    }
    return y;
  }

  /** One query head against the keys it may see; the mixture of their values goes to `out`. */
  #attend(
    index: number,
    spec: AttentionSpec,
    at: { position: number; head: number; query: Float32Array },
    out: Float32Array,
  ): void {
    const { headDim, numKeyValueHeads, numHeads } = spec;
    const stride = numKeyValueHeads * headDim;
    const offset = Math.floor(at.head / (numHeads / numKeyValueHeads)) * headDim;
    const first = spec.window === null ? 0 : Math.max(0, at.position - spec.window + 1);
    const keys = this.#keys[index]!;
    const values = this.#values[index]!;
    const scores = new Float64Array(at.position + 1 - first);
    let largest = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < scores.length; i++) {
      const row = (first + i) * stride + offset;
      let sum = 0;
      for (let j = 0; j < headDim; j++) sum += at.query[j]! * keys[row + j]!;
      scores[i] = sum * spec.scale;
      largest = Math.max(largest, scores[i]!);
    }
    let total = 0;
    for (let i = 0; i < scores.length; i++) total += scores[i] = Math.exp(scores[i]! - largest);
    for (let i = 0; i < scores.length; i++) {
      const weight = scores[i]! / total;
      const row = (first + i) * stride + offset;
      for (let j = 0; j < headDim; j++) out[j]! += weight * values[row + j]!;
    }
  }

  #linear(
    index: number,
    part: "attention.v" | "attention.o" | "attention.q" | "attention.k" | "mlp.gate" | "mlp.up" | "mlp.down",
    x: Float32Array,
    width: number,
  ): Float32Array {
    const y = this.#multiply(layerRole(index, `${part}.weight`), x, width);
    return addBias(y, this.#model.vectors.get(layerRole(index, `${part}.bias`)));
  }

  #multiply(role: WeightRole, x: Float32Array, width: number): Float32Array {
    return this.#model.pool.multiply(role, x, x.length / width);
  }

  #vector(role: WeightRole): Float32Array {
    const vector = this.#model.vectors.get(role);
    if (vector === undefined) throw roleUnknown(role);
    return vector;
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
