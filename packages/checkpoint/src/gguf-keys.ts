import { z } from "zod";
import { checkpointError } from "./errors.ts";
import { GgufArray, type GgufValue } from "./gguf-values.ts";
import { MAX_LAYERS } from "./limits.ts";

const count = z.number().int().positive();
const tokenId = z.number().int().nonnegative();

/** A setting that some writers repeat for each layer; only equal ones can be said in a config.json. */
const countPerLayer = z.preprocess(
  (value) => (Array.isArray(value) && new Set(value).size === 1 ? value[0] : value),
  count,
);

/** Keys under `{arch}.`, in the spelling of the GGUF format document. */
export const ArchitectureKeys = z.object({
  context_length: count,
  embedding_length: count,
  block_count: count,
  feed_forward_length: countPerLayer,
  vocab_size: count.optional(),
  expert_count: z.literal(0, "mixtures of experts are not translated").optional(),
  "attention.head_count": countPerLayer,
  "attention.head_count_kv": countPerLayer.optional(),
  "attention.key_length": count.optional(),
  "attention.value_length": count.optional(),
  "attention.layer_norm_rms_epsilon": z.number().nonnegative(),
  "rope.dimension_count": count.optional(),
  "rope.freq_base": z.number().positive().optional(),
  "rope.scaling.type": z.string().optional(),
  "rope.scaling.factor": z.number().nonnegative().optional(),
  "rope.scaling.original_context_length": count.optional(),
  "rope.scaling.attn_factor": z.number().optional(),
  "rope.scaling.yarn_ext_factor": z.number().optional(),
  "rope.scaling.yarn_attn_factor": z.number().optional(),
  "rope.scaling.yarn_beta_fast": z.number().optional(),
  "rope.scaling.yarn_beta_slow": z.number().optional(),
});
export type ArchitectureKeys = z.infer<typeof ArchitectureKeys>;

/** Keys under `tokenizer.ggml.`. */
export const TokenizerKeys = z.object({
  bos_token_id: tokenId.optional(),
  eos_token_id: tokenId.optional(),
  eot_token_id: tokenId.optional(),
  padding_token_id: tokenId.optional(),
});

/**
 * Checks the metadata under a prefix.
 *
 * @throws PippinError `CHECKPOINT_GGUF_CONFIG` naming each key that is wrong.
 */
export function readKeys<T>(
  schema: z.ZodType<T>,
  metadata: ReadonlyMap<string, GgufValue>,
  prefix: string,
): T {
  const entries = [...metadata].filter(([key]) => key.startsWith(prefix));
  const result = schema.safeParse(
    Object.fromEntries(entries.map(([key, value]) => [key.slice(prefix.length), layerValues(value)])),
  );
  if (result.success) return result.data;
  const issues = result.error.issues.map((issue) => `${prefix}${issue.path.join(".")}: ${issue.message}`);
  throw configInvalid(issues.slice(0, 5).join("; "));
}

/** Decodes arrays that may be a setting for each layer; other arrays stay as they are. */
function layerValues(value: GgufValue): unknown {
  if (!(value instanceof GgufArray) || value.length > MAX_LAYERS) return value;
  return value.elementType === "STRING" || value.elementType === "ARRAY" ? value : value.values();
}

export function configInvalid(reason: string) {
  return checkpointError("CHECKPOINT_GGUF_CONFIG", {
    message: `the GGUF metadata cannot become a config: ${reason}`,
    hint: "Take the model's safetensors instead; they come with the config itself.",
  });
}
