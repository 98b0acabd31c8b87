import { checkpointError, quoted } from "./errors.ts";
import type { Gguf } from "./gguf.ts";
import { ArchitectureKeys, configInvalid, readKeys, TokenizerKeys } from "./gguf-keys.ts";
import { ROPE_FACTORS_TENSOR } from "./gguf-names.ts";
import { GgufArray, type GgufValue } from "./gguf-values.ts";

/** GGUF architectures that have a config.json here; the names are also values of `model_type`. */
export const GGUF_ARCHITECTURES = ["llama", "qwen2", "qwen3"] as const;
export type GgufArchitecture = (typeof GGUF_ARCHITECTURES)[number];

/** A config.json for the model in a GGUF file. */
export interface GgufConfig {
  readonly model_type: GgufArchitecture;
  readonly num_attention_heads: number;
  readonly num_key_value_heads: number;
  readonly [key: string]: unknown;
}

/**
 * The config.json that the model of a GGUF file would have on Hugging Face, as far as its metadata tell.
 *
 * F32 values become the shortest decimals that round to them (`0.00001`, not `0.000009999999747378752`), which is what
 * the model's own config.json said.
 *
 * @param ropeFactors - the elements of `rope_freqs.weight`, which holds Llama 3's scaling as one divisor for each
 *   rotary pair; they are kept as they are: `rope_scaling: { rope_type: "gguf_factors", factors }`.
 * @throws PippinError `CHECKPOINT_GGUF_ARCHITECTURE`, `CHECKPOINT_GGUF_CONFIG`.
 */
export function ggufConfig(gguf: Gguf, ropeFactors?: readonly number[]): GgufConfig {
  const architecture = architectureOf(gguf.metadata);
  const keys = readKeys(ArchitectureKeys, gguf.metadata, `${architecture}.`);
  const tokens = readKeys(TokenizerKeys, gguf.metadata, "tokenizer.ggml.");
  const headDim = headDimOf(keys, architecture);
  return {
    architectures: [`${architecture[0]!.toUpperCase()}${architecture.slice(1)}ForCausalLM`],
    model_type: architecture,
    vocab_size: vocabSizeOf(keys, gguf.metadata, architecture),
    hidden_size: keys.embedding_length,
    intermediate_size: keys.feed_forward_length,
    num_hidden_layers: keys.block_count,
    num_attention_heads: keys["attention.head_count"],
    num_key_value_heads: keys["attention.head_count_kv"] ?? keys["attention.head_count"],
    head_dim: headDim,
    // llama.cpp computes these architectures with SiLU; no key says so.
    hidden_act: "silu",
    max_position_embeddings: keys.context_length,
    rms_norm_eps: shortest(keys["attention.layer_norm_rms_epsilon"]),
    // llama.cpp's default when the key is absent.
    rope_theta: shortest(keys["rope.freq_base"] ?? 10000),
    rope_scaling: ropeScalingOf(keys, ropeFactors),
    ...partialRotary(keys, headDim),
    tie_word_embeddings: !gguf.tensors.has("output.weight"),
    attention_bias: gguf.tensors.has("blk.0.attn_q.bias"),
    mlp_bias: gguf.tensors.has("blk.0.ffn_gate.bias"),
    ...present({
      bos_token_id: tokens.bos_token_id,
      eos_token_id: tokens.eos_token_id,
      pad_token_id: tokens.padding_token_id,
    }),
  };
}

/**
 * The token ids that a generation_config.json would hold: the end of text, and the end of a turn where it differs.
 *
 * @returns `undefined` when the file names no end.
 */
export function ggufGenerationConfig(gguf: Gguf): { eos_token_id: number[] } | undefined {
  const tokens = readKeys(TokenizerKeys, gguf.metadata, "tokenizer.ggml.");
  const ends = [tokens.eos_token_id, tokens.eot_token_id].filter((id) => id !== undefined);
  return ends.length > 0 ? { eos_token_id: [...new Set(ends)] } : undefined;
}

function architectureOf(metadata: ReadonlyMap<string, GgufValue>): GgufArchitecture {
  const name = metadata.get("general.architecture");
  const known = GGUF_ARCHITECTURES.find((architecture) => architecture === name);
  if (known !== undefined) return known;
  throw checkpointError("CHECKPOINT_GGUF_ARCHITECTURE", {
    message:
      typeof name === "string"
        ? `the GGUF architecture ${quoted(name)} is not known`
        : "the GGUF file does not name its general.architecture",
    hint: `These are: ${GGUF_ARCHITECTURES.join(", ")}. Take the model's safetensors instead.`,
    details: { architecture: typeof name === "string" ? name.slice(0, 200) : null },
  });
}

function headDimOf(keys: ArchitectureKeys, architecture: string): number {
  const headDim = keys["attention.key_length"] ?? keys.embedding_length / keys["attention.head_count"];
  if (!Number.isInteger(headDim)) {
    throw configInvalid(
      `${architecture}.embedding_length is not a multiple of ${architecture}.attention.head_count`,
    );
  }
  const valueDim = keys["attention.value_length"] ?? headDim;
  if (valueDim !== headDim) {
    throw configInvalid(`heads of ${headDim} for keys and ${valueDim} for values are not translated`);
  }
  return headDim;
}

function vocabSizeOf(
  keys: ArchitectureKeys,
  metadata: ReadonlyMap<string, GgufValue>,
  architecture: string,
): number {
  const tokens = metadata.get("tokenizer.ggml.tokens");
  const size = keys.vocab_size ?? (tokens instanceof GgufArray ? tokens.length : 0);
  if (size === 0)
    throw configInvalid(`neither ${architecture}.vocab_size nor tokenizer.ggml.tokens gives a vocabulary`);
  return size;
}

function ropeScalingOf(keys: ArchitectureKeys, factors: readonly number[] | undefined): object | null {
  const type = keys["rope.scaling.type"] ?? "none";
  if (factors !== undefined) {
    if (type !== "none")
      throw configInvalid(`${ROPE_FACTORS_TENSOR} and rope.scaling.type ${quoted(type)} together`);
    return { rope_type: "gguf_factors", factors };
  }
  if (type === "none") return null;
  return {
    rope_type: type,
    ...present({
      factor: shortestOf(keys["rope.scaling.factor"]),
      original_max_position_embeddings: keys["rope.scaling.original_context_length"],
      attention_factor: shortestOf(keys["rope.scaling.yarn_attn_factor"] ?? keys["rope.scaling.attn_factor"]),
      extrapolation_factor: shortestOf(keys["rope.scaling.yarn_ext_factor"]),
      beta_fast: shortestOf(keys["rope.scaling.yarn_beta_fast"]),
      beta_slow: shortestOf(keys["rope.scaling.yarn_beta_slow"]),
    }),
  };
}

function partialRotary(keys: ArchitectureKeys, headDim: number): object {
  const rotaryDim = keys["rope.dimension_count"] ?? headDim;
  return rotaryDim === headDim ? {} : { partial_rotary_factor: rotaryDim / headDim };
}

/** The shortest decimal that rounds to the same F32. */
function shortest(value: number): number {
  for (let digits = 1; digits < 9; digits++) {
    const rounded = Number(value.toPrecision(digits));
    if (Math.fround(rounded) === Math.fround(value)) return rounded;
  }
  return value;
}

function shortestOf(value: number | undefined): number | undefined {
  return value === undefined ? undefined : shortest(value);
}

/** The entries that have a value. */
function present(entries: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(entries).filter(([, value]) => value !== undefined));
}
