import type { ModelGeometry } from "@pippin/core";
import { type DecoderSpec, weightRoles } from "@pippin/decoder";

/** Bytes of one number of the key-value cache: fp16. */
const CACHE_NUMBER_BYTES = 2;

/** Counts of numbers in the weights. All are exact. */
export interface ParameterCounts {
  readonly total: number;
  readonly embedding: number;
  /** Matrices, biases and norms of all layers. */
  readonly layers: number;
  readonly finalNorm: number;
  /** 0 for a tied head, which is the embedding. */
  readonly head: number;
  /** In matrices that each token is multiplied with: those of the layers and of the head, also where it is the embedding. */
  readonly multipliedPerToken: number;
}

/** What a model is, in numbers that follow from its spec. */
export interface ModelFigures {
  readonly parameters: ParameterCounts;
  readonly layers: number;
  readonly hiddenSize: number;
  readonly vocabSize: number;
  /** Whether the head is the embedding matrix. */
  readonly tied: boolean;
  readonly maxContextTokens: number;
  /** Of keys and values of all layers in fp16, for one token. */
  readonly cacheBytesPerToken: number;
}

/** Counts parameters and cache bytes exactly; reads no weight. */
export function modelFigures(spec: DecoderSpec): ModelFigures {
  return {
    parameters: countParameters(spec),
    layers: spec.layers.length,
    hiddenSize: spec.hiddenSize,
    vocabSize: spec.vocabSize,
    tied: spec.head.tied,
    maxContextTokens: spec.maxPositions,
    cacheBytesPerToken: cacheBytes(spec, 1),
  };
}

function countParameters(spec: DecoderSpec): ParameterCounts {
  const counts = { embedding: 0, layers: 0, finalNorm: 0, head: 0 };
  let layerMatrices = 0;
  for (const [role, shape] of weightRoles(spec)) {
    const size = shape.reduce((product, axis) => product * axis, 1);
    if (role === "embedding.weight") counts.embedding = size;
    else if (role === "head.weight") counts.head = size;
    else if (role === "final_norm.weight") counts.finalNorm = size;
    else {
      counts.layers += size;
      if (shape.length === 2) layerMatrices += size;
    }
  }
  return {
    total: counts.embedding + counts.layers + counts.finalNorm + counts.head,
    ...counts,
    multipliedPerToken: layerMatrices + (counts.head || counts.embedding),
  };
}

/** Of keys and values in fp16 for so many tokens. Windows save nothing: the cache holds all positions. */
export function cacheBytes(spec: DecoderSpec, tokens: number): number {
  const numbers = spec.layers.reduce((sum, { mixer }) => sum + 2 * mixer.numKeyValueHeads * mixer.headDim, 0);
  return numbers * tokens * CACHE_NUMBER_BYTES;
}

/**
 * Floating-point operations that decode one token when `contextTokens` are in the cache, itself among them: two for each
 * multiplied weight, and four for each head, channel and key that is seen (scores, and the sum of values). Norms and activations are
 * left out.
 */
export function decodeFlops(spec: DecoderSpec, contextTokens: number): number {
  return 2 * countParameters(spec).multipliedPerToken + attentionFlops(spec, contextTokens);
}

/** The same for a prompt: all tokens through the layers, the last one through the head. Masked scores are not counted. */
export function promptFlops(spec: DecoderSpec, promptTokens: number): number {
  const { multipliedPerToken, head, embedding } = countParameters(spec);
  const headSize = head || embedding;
  let attention = 0;
  for (let seen = 1; seen <= promptTokens; seen++) attention += attentionFlops(spec, seen);
  return 2 * (multipliedPerToken - headSize) * promptTokens + 2 * headSize + attention;
}

function attentionFlops(spec: DecoderSpec, seen: number): number {
  return spec.layers.reduce(
    (sum, { mixer }) => sum + 4 * mixer.numHeads * mixer.headDim * Math.min(seen, mixer.window ?? seen),
    0,
  );
}

/** What memory estimates follow from. */
export function geometryOf(spec: DecoderSpec): ModelGeometry {
  return {
    parameters: countParameters(spec).total,
    hiddenSize: spec.hiddenSize,
    feedForwardSize: Math.max(...spec.layers.map(({ feedForward }) => feedForward.size)),
    numHeads: Math.max(...spec.layers.map(({ mixer }) => mixer.numHeads)),
  };
}
