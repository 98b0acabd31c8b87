import type { WeightOp } from "@pippin/kernels";

/** llama.cpp's names outside the blocks → Hugging Face's (gguf-py's tensor_mapping.py, llama.cpp's llama-arch.cpp). */
const GLOBAL_NAMES: Readonly<Record<string, string>> = {
  token_embd: "model.embed_tokens",
  output_norm: "model.norm",
  output: "lm_head",
};

/** The same for `blk.N.`. */
const BLOCK_NAMES: Readonly<Record<string, string>> = {
  attn_norm: "input_layernorm",
  attn_q: "self_attn.q_proj",
  attn_k: "self_attn.k_proj",
  attn_v: "self_attn.v_proj",
  attn_output: "self_attn.o_proj",
  attn_q_norm: "self_attn.q_norm",
  attn_k_norm: "self_attn.k_norm",
  ffn_norm: "post_attention_layernorm",
  ffn_gate: "mlp.gate_proj",
  ffn_up: "mlp.up_proj",
  ffn_down: "mlp.down_proj",
};

/** Divisors of the rotary frequencies: they become part of the config. */
export const ROPE_FACTORS_TENSOR = "rope_freqs.weight";

const NAME = /^(?:blk\.(\d+)\.)?([a-z_]+)\.(weight|bias)$/;

/**
 * The Hugging Face name of a GGUF tensor: `blk.0.attn_q.weight` → `model.layers.0.self_attn.q_proj.weight`.
 *
 * @returns `undefined` for `rope_freqs.weight`, which the config takes in; names without a counterpart as they are, so
 *   that whoever reads the model sees that it has parts nobody announced.
 */
export function ggufTensorName(name: string): string | undefined {
  if (name === ROPE_FACTORS_TENSOR) return undefined;
  const [, layer, part, kind] = NAME.exec(name) ?? [];
  const names = layer === undefined ? GLOBAL_NAMES : BLOCK_NAMES;
  if (part === undefined || !Object.hasOwn(names, part)) return name;
  return layer === undefined ? `${names[part]}.${kind}` : `model.layers.${layer}.${names[part]}.${kind}`;
}

export interface GgufHeads {
  readonly architecture: string;
  readonly numHeads: number;
  readonly numKeyValueHeads: number;
}

/**
 * What turns a GGUF tensor into the Hugging Face one.
 *
 * llama.cpp reorders the rows of the query and key projections, weights and biases, of the architecture `llama` only
 * (`LlamaModel.permute` in its converter).
 */
export function ggufTensorOps(name: string, heads: GgufHeads): readonly WeightOp[] {
  if (heads.architecture !== "llama") return [];
  const part = /^blk\.\d+\.(attn_[qk])\.(?:weight|bias)$/.exec(name)?.[1];
  if (part === undefined) return [];
  return [{ kind: "permuteRope", heads: part === "attn_q" ? heads.numHeads : heads.numKeyValueHeads }];
}
