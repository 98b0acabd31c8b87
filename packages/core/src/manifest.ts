import { z } from "zod";
import { ArtifactFile } from "./artifact.ts";

/** What a feature is for. Drivers look features up by role, never by name. */
export const FeatureRole = z.enum([
  /** Token ids, `[1, tokens]` int32. */
  "tokens",
  /** Index in the context of the first token of this call, `[1]` int32: how many tokens came before. */
  "position",
  /** Index within this call of the last token that is not padding, `[1]` int32. */
  "lastToken",
  /** 1 for real tokens, 0 for padding on the right, `[1, tokens]` int32. */
  "attentionMask",
  /** Logits, `[1, rows, vocabSize]`. */
  "logits",
  /**
   * Keys or values of the tokens so far, for packages that keep them in features and not in states. The first output of a role
   * is what the next call gets as the first input of that role, and so on.
   */
  "keyCache",
  "valueCache",
]);
export type FeatureRole = z.infer<typeof FeatureRole>;

export const ManifestFeature = z.object({
  name: z.string(),
  role: FeatureRole,
  dtype: z.enum(["F16", "F32", "I32"]),
  /** `null` where the length is free within the function's `tokens` range. */
  shape: z.array(z.number().int().positive().nullable()),
});
export type ManifestFeature = z.infer<typeof ManifestFeature>;

export const ManifestFunction = z.object({
  name: z.string(),
  /** Tokens one call takes: a fixed number, or any in a range. */
  tokens: z.union([
    z.number().int().positive(),
    z.object({ min: z.number().int().positive(), max: z.number().int().positive() }),
  ]),
  /** `right`: unused token slots follow the real ones, hold any id, and are overwritten before they are attended to. */
  padding: z.enum(["none", "right"]),
  /** Which rows of logits come back. */
  logitsRows: z.enum(["last", "all"]),
  inputs: z.array(ManifestFeature),
  outputs: z.array(ManifestFeature),
});
export type ManifestFunction = z.infer<typeof ManifestFunction>;

export const ManifestState = z.object({
  name: z.string(),
  role: z.enum(["keyCache", "valueCache"]),
  dtype: z.literal("F16"),
  shape: z.array(z.number().int().positive()),
  /** Meaning of each axis, in order. */
  layout: z.array(z.enum(["layer", "batch", "kvHead", "position", "headDim"])),
});
export type ManifestState = z.infer<typeof ManifestState>;

/**
 * The one place that says how to drive a package. It lies beside the package as `pippin-manifest.json` and inside
 * its metadata as `pippin.manifest`; verifiers, the Swift runtime and judges read it and guess nothing from names.
 */
export const RuntimeManifest = z.object({
  version: z.literal(1),
  backend: z.string(),
  program: z.enum(["stateful", "stateless"]),
  model: z.object({
    source: z.string(),
    revision: z.string().optional(),
    license: z.string().optional(),
    family: z.string(),
    vocabSize: z.number().int().positive(),
  }),
  /** Tokens of prompt and answer together that the package can hold. */
  contextLength: z.number().int().positive(),
  /** Packages in chain order: each sees the inputs and all earlier outputs by name. */
  packages: z.array(z.string()).min(1),
  functions: z.array(ManifestFunction).min(1),
  defaultFunction: z.string(),
  states: z.array(ManifestState),
  /** Where causality comes from: the program masks by itself, so a driver passes no mask but `attentionMask` roles. */
  mask: z.enum(["internal", "attentionMask"]),
  /** Ids that end an answer. */
  stopTokens: z.array(z.number().int().nonnegative()),
  /** How the norms are kept inside the range of fp16. */
  normForm: z.string(),
  quantization: z.string(),
  /** Values `[1, tokens, hiddenSize]` of every function that hold the residual stream after each layer, by name. */
  layerOutputs: z.array(z.string()).optional(),
  /** Files of the packages with sizes and hashes; only in the copy beside the package. */
  files: z.array(ArtifactFile).optional(),
});
export type RuntimeManifest = z.infer<typeof RuntimeManifest>;
