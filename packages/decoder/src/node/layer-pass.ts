import { roleUnknown } from "../errors.ts";
import { type LayerRole, layerRole, type WeightRole } from "../roles.ts";
import { ropeTables } from "../rope.ts";
import type { AttentionSpec, DecoderSpec, LayerSpec, RopeSpec } from "../spec.ts";
import { addBias, gated, rmsNormRows, rotateHeads } from "./math.ts";

/** Angles of all positions, `[positions, rotaryDim / 2]`. */
export type RopesOf = (rope: RopeSpec) => { readonly cos: Float32Array; readonly sin: Float32Array };

/** What a layer computes with. */
export interface LayerWeights {
  readonly vectors: ReadonlyMap<WeightRole, Float32Array>;
  /** y `[m, rows]` = x `[m, columns]` · Wᵀ. */
  multiply(role: WeightRole, x: Float32Array, m: number): Float32Array;
}

/** Keys and values of a layer: `[positions, keyValueHeads · headDim]`, of which `length` positions are filled. */
export interface LayerCache {
  readonly keys: Float32Array;
  readonly values: Float32Array;
  length: number;
}

/** Tokens of a pass that follow what a cache holds; they see that and each other, and no other part. */
export interface LayerPart {
  readonly cache: LayerCache;
  readonly tokens: number;
}

export function emptyCache({ mixer }: LayerSpec, positions: number): LayerCache {
  const size = positions * mixer.numKeyValueHeads * mixer.headDim;
  return { keys: new Float32Array(size), values: new Float32Array(size), length: 0 };
}

export function ropeCache(positions: number): RopesOf {
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

/** The forward pass of single layers over the spec, in F32. */
export class LayerPass {
  readonly #spec: DecoderSpec;
  readonly #weights: LayerWeights;
  readonly #ropes: RopesOf;

  constructor(spec: DecoderSpec, weights: LayerWeights, ropes: RopesOf) {
    this.#spec = spec;
    this.#weights = weights;
    this.#ropes = ropes;
  }

  /**
   * `x` `[tokens of all parts, hidden]` is replaced by the layer's output; caches get keys and values after their `length`.
   * Matrices are read once for all parts.
   */
  run(index: number, x: Float32Array, parts: readonly LayerPart[]): void {
    const layer = this.#spec.layers[index]!;
    const hidden = this.#spec.hiddenSize;
    const { norms, feedForward } = layer;
    const norm = (role: LayerRole, value: Float32Array, spec: typeof norms.beforeMixer) =>
      spec
        ? rmsNormRows(value, this.#vector(layerRole(index, role)), spec, new Float32Array(value.length))
        : value;
    const addTo = (branch: Float32Array) => {
      for (let i = 0; i < x.length; i++) x[i]! += layer.residualScale * branch[i]!;
    };
    const mixed = this.#attention(index, layer.mixer, parts, norm("input_norm.weight", x, norms.beforeMixer));
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

  /** `x` `[tokens, hidden]` → `[tokens, hidden]`; appends to the layer's caches. */
  #attention(index: number, spec: AttentionSpec, parts: readonly LayerPart[], x: Float32Array): Float32Array {
    const { headDim, numHeads, numKeyValueHeads } = spec;
    const hidden = this.#spec.hiddenSize;
    const query = this.#projected(index, "q", spec, parts, x);
    const key = this.#projected(index, "k", spec, parts, x);
    const value = this.#linear(index, "attention.v", x, hidden);
    const width = numHeads * headDim;
    const cached = numKeyValueHeads * headDim;
    const mixed = new Float32Array(query.length);
    let first = 0;
    for (const { cache, tokens } of parts) {
      cache.keys.set(key.subarray(first * cached, (first + tokens) * cached), cache.length * cached);
      cache.values.set(value.subarray(first * cached, (first + tokens) * cached), cache.length * cached);
      for (let token = 0; token < tokens; token++) {
        for (let head = 0; head < numHeads; head++) {
          const at = (first + token) * width + head * headDim;
          attend(
            spec,
            cache,
            { position: cache.length + token, head, query: query.subarray(at, at + headDim) },
            mixed.subarray(at, at + headDim),
          );
        }
      }
      first += tokens;
    }
    return this.#linear(index, "attention.o", mixed, width);
  }

  /** Query or key of each token, normed and turned. */
  #projected(
    index: number,
    part: "q" | "k",
    spec: AttentionSpec,
    parts: readonly LayerPart[],
    x: Float32Array,
  ): Float32Array {
    const y = this.#linear(index, `attention.${part}`, x, this.#spec.hiddenSize);
    if (spec.qkNorm) {
      const weight = this.#vector(layerRole(index, `attention.${part}_norm.weight`));
      rmsNormRows(y, weight, { kind: "rms", epsilon: spec.qkNorm.epsilon });
    }
    if (spec.rope === null) return y;
    const { rope, headDim } = spec;
    const width = (part === "q" ? spec.numHeads : spec.numKeyValueHeads) * headDim;
    const half = rope.rotaryDim / 2;
    const { cos, sin } = this.#ropes(rope);
    let at = 0;
    for (const { cache, tokens } of parts) {
      for (let token = 0; token < tokens; token++, at += width) {
        const row = (cache.length + token) * half;
        const angles = { cos: cos.subarray(row, row + half), sin: sin.subarray(row, row + half) };
        rotateHeads(y.subarray(at, at + width), { rope, headDim, ...angles });
      }
    }
    return y;
  }

  #linear(
    index: number,
    part: "attention.v" | "attention.o" | "attention.q" | "attention.k" | "mlp.gate" | "mlp.up" | "mlp.down",
    x: Float32Array,
    width: number,
  ): Float32Array {
    const y = this.#multiply(layerRole(index, `${part}.weight`), x, width);
    return addBias(y, this.#weights.vectors.get(layerRole(index, `${part}.bias`)));
  }

  #multiply(role: WeightRole, x: Float32Array, width: number): Float32Array {
    return this.#weights.multiply(role, x, x.length / width);
  }

  #vector(role: WeightRole): Float32Array {
    const vector = this.#weights.vectors.get(role);
    if (vector === undefined) throw roleUnknown(role);
    return vector;
  }
}

/** @throws PippinError `DECODER_ROLE_UNKNOWN`. */
export function vectorOf({ vectors }: Pick<LayerWeights, "vectors">, role: WeightRole): Float32Array {
  const vector = vectors.get(role);
  if (vector === undefined) throw roleUnknown(role);
  return vector;
}

/** One query head against the keys it may see; the mixture of their values goes to `out`. */
function attend(
  spec: AttentionSpec,
  { keys, values }: LayerCache,
  at: { position: number; head: number; query: Float32Array },
  out: Float32Array,
): void {
  const { headDim, numKeyValueHeads, numHeads } = spec;
  const stride = numKeyValueHeads * headDim;
  const offset = Math.floor(at.head / (numHeads / numKeyValueHeads)) * headDim;
  const first = spec.window === null ? 0 : Math.max(0, at.position - spec.window + 1);
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
