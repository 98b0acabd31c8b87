import { type Checkpoint, QUANTIZATION_METHODS, quantizationMethod } from "@pippin/checkpoint";
import { decoderError, quoted } from "./errors.ts";
import { FAMILIES } from "./families/families.ts";
import type { Family } from "./family.ts";
import type { DecoderSpec } from "./spec.ts";
import { bindWeights, type WeightSet } from "./weights.ts";

/** A model understood: what it means and where its weights come from. */
export interface Decoder {
  readonly spec: DecoderSpec;
  readonly weights: WeightSet;
}

/**
 * Reads a checkpoint's config and finds its weights; reads no weight.
 *
 * @throws PippinError `DECODER_MODEL_TYPE_UNKNOWN`, `DECODER_CONFIG_INVALID`, `DECODER_FEATURE_UNSUPPORTED`,
 *   `DECODER_TENSOR_*`.
 */
export function readDecoder(checkpoint: Checkpoint): Decoder {
  const family = familyOf(checkpoint.config);
  const declared = family.readSpec(checkpoint.config);
  const spec = hasOwnHead(family, declared, checkpoint) ? untied(declared) : declared;
  return { spec, weights: bindWeights(family, spec, checkpoint) };
}

/**
 * Whether a model that is declared tied has both tensors all the same. transformers ties them only when they are equal, and
 * merged or tuned models exist whose head is its own; taking both is right either way.
 */
function hasOwnHead(family: Family, spec: DecoderSpec, { tensors }: Checkpoint): boolean {
  const roles = ["embedding.weight", "head.weight"] as const;
  return spec.head.tied && roles.every((role) => tensors.has(family.globalTensor(role, spec).tensor));
}

function untied(spec: DecoderSpec): DecoderSpec {
  return { ...spec, head: { ...spec.head, tied: false } };
}

/** Reads a `config.json` alone. */
export function readDecoderSpec(config: unknown): DecoderSpec {
  return familyOf(config).readSpec(config);
}

function familyOf(config: unknown): Family {
  // Whatever JSON holds has properties or none; only null and undefined throw when asked.
  const { model_type: type } = (config ?? {}) as Record<string, unknown>;
  refuseUnknownQuantization(config);
  const family = FAMILIES.find(({ modelTypes }) => modelTypes.some((known) => known === type));
  if (family !== undefined) return family;
  const known = FAMILIES.flatMap((candidate) => candidate.modelTypes).join(", ");
  throw decoderError("DECODER_MODEL_TYPE_UNKNOWN", {
    message:
      type === undefined ? "config.json names no model_type" : `the model_type ${quoted(type)} is not known`,
    hint: `These are: ${known}.`,
    details: { known },
  });
}

/** What a method does that nobody here knows cannot be seen from the tensors. */
function refuseUnknownQuantization(config: unknown): void {
  const method = quantizationMethod(config);
  if (method === undefined || QUANTIZATION_METHODS.some((known) => known === method)) return;
  throw decoderError("DECODER_FEATURE_UNSUPPORTED", {
    message: `the weights are quantized with ${quoted(method)} (quantization_config), which is not read`,
    hint: `These are: ${QUANTIZATION_METHODS.join(", ")}, and GGUF files. Take one of them, or the original model in bf16.`,
    details: { known: QUANTIZATION_METHODS },
  });
}
