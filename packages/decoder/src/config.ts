import { z } from "zod";
import { decoderError, quoted } from "./errors.ts";
import type { RopeScaling, RopeSpec } from "./spec.ts";

const count = z
  .int()
  .positive()
  .max(2 ** 30);
const maybeCount = count.nullish();
/** Absent and `null` are false, as exporters write either. */
export const flag = z
  .boolean()
  .nullish()
  .transform((value) => value ?? false);

/** Parameters of a rotary embedding, in both spellings of the type key. */
const RopeParameters = z.looseObject({
  rope_type: z.string().nullish(),
  type: z.string().nullish(),
  rope_theta: z.number().positive().nullish(),
  partial_rotary_factor: z.number().positive().max(1).nullish(),
  factor: z.number().positive().nullish(),
  low_freq_factor: z.number().positive().nullish(),
  high_freq_factor: z.number().positive().nullish(),
  original_max_position_embeddings: maybeCount,
  factors: z.array(z.number().positive()).nullish(),
});
type RopeParameters = z.infer<typeof RopeParameters>;

/** Keys of `config.json` that most decoder families share; a family extends it with its own. */
export const CommonConfig = z.looseObject({
  vocab_size: count,
  hidden_size: count,
  intermediate_size: count,
  num_hidden_layers: count.max(1024),
  num_attention_heads: count,
  num_key_value_heads: maybeCount,
  head_dim: maybeCount,
  hidden_act: z.string().default("silu"),
  max_position_embeddings: count.nullish().transform((value) => value ?? 2048),
  rms_norm_eps: z.number().nonnegative().default(1e-6),
  tie_word_embeddings: flag,
  rope_theta: z.number().positive().nullish(),
  rope_scaling: RopeParameters.nullish(),
  rope_parameters: RopeParameters.nullish(),
  partial_rotary_factor: z.number().positive().max(1).nullish(),
  layer_types: z.array(z.string()).nullish(),
});
export type CommonConfig = z.infer<typeof CommonConfig>;

/**
 * Checks a config against a family's schema.
 *
 * @throws PippinError `DECODER_CONFIG_INVALID` naming each key that is wrong.
 */
export function parseConfig<T>(schema: z.ZodType<T>, config: unknown): T {
  const result = schema.safeParse(config);
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) => `${issue.path.join(".") || "config"}: ${issue.message}`);
  throw configInvalid(issues.slice(0, 5).join("; "));
}

export function configInvalid(reason: string) {
  return decoderError("DECODER_CONFIG_INVALID", {
    message: `config.json cannot be used: ${reason}`,
    hint: "Compare it with the model's page; a config that was edited or made for another model type does this.",
  });
}

export function unsupported(feature: string) {
  return decoderError("DECODER_FEATURE_UNSUPPORTED", {
    message: `the model uses ${feature}, which Pippin cannot express`,
    hint: "Nothing was guessed. Choose another model, or add the feature to the decoder package.",
    details: { feature },
  });
}

export function headDimOf(config: CommonConfig): number {
  if (config.head_dim != null) return config.head_dim;
  const headDim = config.hidden_size / config.num_attention_heads;
  if (!Number.isInteger(headDim)) {
    throw configInvalid(
      `hidden_size ${config.hidden_size} is not a multiple of num_attention_heads ${config.num_attention_heads}`,
    );
  }
  return headDim;
}

export function keyValueHeadsOf(config: CommonConfig): number {
  const heads = config.num_key_value_heads ?? config.num_attention_heads;
  if (config.num_attention_heads % heads !== 0) {
    throw configInvalid(
      `num_attention_heads ${config.num_attention_heads} is not a multiple of num_key_value_heads ${heads}`,
    );
  }
  return heads;
}

/** The activation by its name in transformers. */
export function activationOf(name: string): "silu" | "gelu_tanh" {
  if (name === "silu" || name === "swish") return "silu";
  if (name === "gelu_pytorch_tanh" || name === "gelu_new") return "gelu_tanh";
  throw unsupported(`the activation ${quoted(name)}`);
}

/**
 * The rotary embedding, from the old layout (`rope_theta`, `rope_scaling`) or the new one (`rope_parameters`). The old
 * one wins where a config has both, as in transformers.
 *
 * @param defaultTheta - the family's, for configs that do not name one.
 */
export function ropeOf(config: CommonConfig, headDim: number, defaultTheta = 10000): RopeSpec {
  const { rope_scaling: old } = config;
  const parameters = (old && Object.keys(old).length > 0 ? old : config.rope_parameters) ?? {};
  if (Object.values(parameters).some(isRecord)) throw unsupported("a rotary embedding for each layer type");
  const theta = parameters.rope_theta ?? config.rope_theta ?? defaultTheta;
  const partial = parameters.partial_rotary_factor ?? config.partial_rotary_factor ?? 1;
  const rotaryDim = Math.floor(headDim * partial);
  if (rotaryDim % 2 !== 0 || rotaryDim === 0)
    throw configInvalid(`a rotary width of ${rotaryDim} cannot be split in halves`);
  return { theta, rotaryDim, scaling: scalingOf(parameters, rotaryDim / 2) };
}

function scalingOf(parameters: RopeParameters, pairs: number): RopeScaling {
  const type = parameters.rope_type ?? parameters.type ?? "default";
  switch (type) {
    case "default":
      return { kind: "none" };
    case "linear":
      return { kind: "linear", factor: need(parameters.factor, "factor", type) };
    case "llama3":
      return llama3Of(parameters);
    case "gguf_factors": {
      const factors = need(parameters.factors, "factors", type);
      if (factors.length !== pairs)
        throw configInvalid(`${factors.length} rope factors for ${pairs} rotary pairs`);
      return { kind: "factors", factors };
    }
    default:
      throw unsupported(`rope_type ${quoted(type)}`);
  }
}

function llama3Of(parameters: RopeParameters): RopeScaling {
  const needed = (
    key: "factor" | "low_freq_factor" | "high_freq_factor" | "original_max_position_embeddings",
  ) => need(parameters[key], key, "llama3");
  const lowFreqFactor = needed("low_freq_factor");
  const highFreqFactor = needed("high_freq_factor");
  if (highFreqFactor <= lowFreqFactor) {
    throw configInvalid(`high_freq_factor ${highFreqFactor} is not above low_freq_factor ${lowFreqFactor}`);
  }
  const originalContextLength = needed("original_max_position_embeddings");
  return { kind: "llama3", factor: needed("factor"), lowFreqFactor, highFreqFactor, originalContextLength };
}

function isRecord(value: unknown): boolean {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function need<T>(value: T | null | undefined, key: string, type: string): T {
  if (value == null) throw configInvalid(`rope_type "${type}" needs ${key}`);
  return value;
}
