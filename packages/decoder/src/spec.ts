import { z } from "zod";

/** Bounds keep products of two sizes finite and plausible; no released model comes near. */
const size = z
  .int()
  .positive()
  .max(2 ** 30);
/** `z.number()` takes neither NaN nor infinities. */
const finite = z.number();

/** How the rotary frequencies are stretched (source: the `rope_type`s of transformers' `modeling_rope_utils`). */
export const RopeScaling = z.discriminatedUnion("kind", [
  z.object({ kind: z.literal("none") }),
  z.object({ kind: z.literal("linear"), factor: finite.positive() }),
  z.object({
    kind: z.literal("llama3"),
    factor: finite.positive(),
    lowFreqFactor: finite.positive(),
    highFreqFactor: finite.positive(),
    originalContextLength: size,
  }),
  /** One divisor per frequency, as GGUF files carry them. */
  z.object({ kind: z.literal("factors"), factors: z.array(finite.positive()) }),
]);
export type RopeScaling = z.infer<typeof RopeScaling>;

/** Rotary embedding over the first `rotaryDim` entries of a head, pairing `j` with `j + rotaryDim / 2`. */
export const RopeSpec = z
  .object({ theta: finite.positive(), rotaryDim: size.multipleOf(2), scaling: RopeScaling })
  .refine(
    ({ rotaryDim, scaling }) => scaling.kind !== "factors" || scaling.factors.length === rotaryDim / 2,
    {
      error: "there must be one rope factor for each rotary pair",
    },
  );
export type RopeSpec = z.infer<typeof RopeSpec>;

/** Root-mean-square norm with a weight per channel: `w · x / sqrt(mean(x²) + epsilon)`. */
export const NormSpec = z.object({ kind: z.literal("rms"), epsilon: finite.nonnegative() });
export type NormSpec = z.infer<typeof NormSpec>;

export const AttentionSpec = z
  .object({
    kind: z.literal("attention"),
    numHeads: size,
    numKeyValueHeads: size,
    headDim: size,
    /** Factor on q·k before the softmax; usually `headDim ** -0.5`. */
    scale: finite.positive(),
    qkvBias: z.boolean(),
    outputBias: z.boolean(),
    /** Norm of q and k before the rotary embedding: over each head, or over all heads together. */
    qkNorm: z.object({ over: z.enum(["head", "all"]), epsilon: finite.nonnegative() }).nullable(),
    /** A key is seen when `0 <= q − k < window`; `null`: all earlier keys. */
    window: size.nullable(),
    /** `null`: no positional embedding in this layer. */
    rope: RopeSpec.nullable(),
  })
  .refine(({ numHeads, numKeyValueHeads }) => numHeads % numKeyValueHeads === 0, {
    error: "numHeads must be a multiple of numKeyValueHeads",
  })
  .refine(({ rope, headDim }) => rope === null || rope.rotaryDim <= headDim, {
    error: "rotaryDim must not be above headDim",
  });
export type AttentionSpec = z.infer<typeof AttentionSpec>;

/** `down(activation(gate(x)) · up(x))`. */
export const FeedForwardSpec = z.object({
  kind: z.literal("gated"),
  activation: z.enum(["silu", "gelu_tanh"]),
  size,
  bias: z.boolean(),
});
export type FeedForwardSpec = z.infer<typeof FeedForwardSpec>;

/**
 * One decoder layer: `h = x + r · after(mixer(before(x)))`, then the same with the feed-forward block, where
 * `r` is `residualScale` and an absent norm is the identity.
 */
export const LayerSpec = z.object({
  mixer: z.discriminatedUnion("kind", [AttentionSpec]),
  feedForward: z.discriminatedUnion("kind", [FeedForwardSpec]),
  norms: z.object({
    beforeMixer: NormSpec.nullable(),
    afterMixer: NormSpec.nullable(),
    beforeFeedForward: NormSpec.nullable(),
    afterFeedForward: NormSpec.nullable(),
  }),
  residualScale: finite,
});
export type LayerSpec = z.infer<typeof LayerSpec>;

/** How much smaller values are than those of the model that was published, see `rescale`. */
export const Rescaling = z.object({
  /** The residual stream is 2^-residual times the published one. */
  residual: z.int().nonnegative(),
  /** Attention's values and the product of gate and up are 2^-inner times the published ones. */
  inner: z.int().nonnegative(),
});
export type Rescaling = z.infer<typeof Rescaling>;

/**
 * What a decoder-only language model is, as data. Backends, predictors and the reference pass read it; none of
 * them knows families. Serializable, so that a package can carry it.
 */
export const DecoderSpec = z.object({
  /** The family that made it; for people, never to branch on. */
  family: z.string(),
  vocabSize: size,
  hiddenSize: size,
  /** Positions the model was trained for. */
  maxPositions: size,
  embedding: z.object({ scale: finite }),
  layers: z.array(LayerSpec).min(1).max(1024),
  finalNorm: NormSpec,
  /** Logits are `scale · (head · x)`; a tied head is the embedding matrix. */
  head: z.object({ tied: z.boolean(), scale: finite }),
  /** Only to compare values inside with the published model's: everything above already says how to compute. */
  rescaling: Rescaling.optional(),
});
export type DecoderSpec = z.infer<typeof DecoderSpec>;
