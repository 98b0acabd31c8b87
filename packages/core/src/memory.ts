import type { RuntimeManifest } from "./manifest.ts";

/** The app itself, and what Core ML keeps for a model beside its weights. A guess: it has not been measured on a device. */
const OVERHEAD_BYTES = 64_000_000;

/** Bytes of one number of cache, activations, most outputs, and weights that are decompressed. */
const HALF = 2;
/** Of a Float32, in which the sampler computes. */
const SINGLE = 4;

/** What a decoder's memory follows from. */
export interface ModelGeometry {
  /** Numbers in all weights. */
  readonly parameters: number;
  readonly hiddenSize: number;
  /** The largest of any layer. */
  readonly feedForwardSize: number;
  readonly numHeads: number;
}

/** An estimate, in bytes: the sum of four parts, of which only the first two are exact. */
export interface MemoryEstimate {
  /** Of the package's files, nearly all weights, as they are stored. */
  readonly packageBytes: number;
  /** Of the key-value cache for the whole context. */
  readonly cacheBytes: number;
  /** Of the longest call. */
  readonly activationBytes: number;
  readonly overheadBytes: number;
  /** Of all four together: what a model takes while it generates. */
  readonly peakBytes: number;
  /**
   * While it loads where the system decompresses the weights: the package, a copy of all weights in fp16, cache and overhead. Not
   * measured; `null` where the number of weights is not known.
   */
  readonly unpackedLoadBytes: number | null;
}

/**
 * What a model takes on a device.
 *
 * @param packageBytes - of the package's files. Quantized weights count as they are stored: where a compute unit decompresses them
 *   when it loads, more is needed (`unpackedLoadBytes`).
 */
export function estimateMemory(
  manifest: RuntimeManifest,
  packageBytes: number,
  geometry: ModelGeometry | undefined,
): MemoryEstimate {
  const states = manifest.states.reduce((sum, { shape }) => sum + product(shape) * HALF, 0);
  const cacheBytes = states + Math.max(...manifest.functions.map((fn) => cacheFeatureBytes(fn, manifest)));
  const activationBytes = Math.max(...manifest.functions.map((fn) => callBytes(fn, manifest, geometry)));
  const kept = packageBytes + cacheBytes + OVERHEAD_BYTES;
  return {
    packageBytes,
    cacheBytes,
    activationBytes,
    overheadBytes: OVERHEAD_BYTES,
    peakBytes: kept + activationBytes,
    unpackedLoadBytes: geometry === undefined ? null : kept + geometry.parameters * HALF,
  };
}

/**
 * Of one call: the logits, and one layer's intermediates, which are gone when the next layer begins: four rows of the hidden size
 * (residual, norm, attention in and out), two of the feed-forward size (gate and up), scores and probabilities of all heads.
 */
function callBytes(
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
