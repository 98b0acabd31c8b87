import type { RuntimeManifest } from "@pippin/core";
import type { ModelGeometry } from "./input.ts";

/** The app itself, and what Core ML keeps for a model beside its weights. A guess: it has not been measured on a device. */
const OVERHEAD_BYTES = 64_000_000;

/** Bytes of one number of cache, activations and most outputs. */
const HALF = 2;
/** Of a Float32, in which the sampler computes. */
const SINGLE = 4;

export interface MemoryEstimate {
  /** Of the key-value cache for the whole context. */
  readonly cacheBytes: number;
  /** Weights, cache, activations of the longest call, and overhead. */
  readonly peakBytes: number;
}

/**
 * What a model takes while it generates.
 *
 * @param packageBytes - of the package's files, nearly all weights. Quantized weights count as they are stored: where a compute unit
 *   decompresses them when it loads, more is needed.
 */
export function estimateMemory(
  manifest: RuntimeManifest,
  packageBytes: number,
  geometry: ModelGeometry | undefined,
): MemoryEstimate {
  const states = manifest.states.reduce((sum, { shape }) => sum + product(shape) * HALF, 0);
  const cacheBytes = states + Math.max(...manifest.functions.map((fn) => cacheFeatureBytes(fn, manifest)));
  const activations = Math.max(...manifest.functions.map((fn) => activationBytes(fn, manifest, geometry)));
  return { cacheBytes, peakBytes: packageBytes + cacheBytes + activations + OVERHEAD_BYTES };
}

/**
 * Of one call: the logits, and one layer's intermediates, which are gone when the next layer begins: four rows of the hidden size
 * (residual, norm, attention in and out), two of the feed-forward size (gate and up), scores and probabilities of all heads.
 */
function activationBytes(
  { tokens, logitsRows }: RuntimeManifest["functions"][number],
  { contextLength, model }: RuntimeManifest,
  geometry: ModelGeometry | undefined,
): number {
  const count = typeof tokens === "number" ? tokens : tokens.max;
  const rows = logitsRows === "all" ? count : 1;
  const logits = rows * model.vocabSize * HALF + model.vocabSize * SINGLE;
  if (geometry === undefined) return logits;
  const { hiddenSize, feedForwardSize, numHeads } = geometry;
  const layer = count * (4 * hiddenSize + 2 * feedForwardSize) + 2 * numHeads * count * contextLength;
  return logits + layer * HALF;
}

/** A cache that is handed in and given back is there twice during a call. */
function cacheFeatureBytes(
  { inputs, outputs }: RuntimeManifest["functions"][number],
  { contextLength }: RuntimeManifest,
): number {
  const caches = [...inputs, ...outputs].filter(({ role }) => role === "keyCache" || role === "valueCache");
  const bytes = caches.map(
    ({ dtype, shape }) =>
      product(shape.map((size) => size ?? contextLength)) * (dtype === "F16" ? HALF : SINGLE),
  );
  return bytes.reduce((sum, size) => sum + size, 0);
}

function product(shape: readonly number[]): number {
  return shape.reduce((size, axis) => size * axis, 1);
}
