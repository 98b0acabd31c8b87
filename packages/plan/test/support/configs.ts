/** The keys of published `config.json` files that decide shapes (source: the models' repositories on the Hub). */
const QWEN2 = {
  model_type: "qwen2",
  hidden_act: "silu",
  rms_norm_eps: 1e-6,
  rope_theta: 1_000_000,
  max_position_embeddings: 32_768,
  tie_word_embeddings: true,
  vocab_size: 151_936,
};

const LLAMA32 = {
  model_type: "llama",
  hidden_act: "silu",
  rms_norm_eps: 1e-5,
  rope_theta: 500_000,
  max_position_embeddings: 131_072,
  tie_word_embeddings: true,
  vocab_size: 128_256,
};

export const CONFIGS = {
  "Qwen2.5-0.5B": {
    ...QWEN2,
    hidden_size: 896,
    intermediate_size: 4864,
    num_hidden_layers: 24,
    num_attention_heads: 14,
    num_key_value_heads: 2,
  },
  "Qwen2.5-1.5B": {
    ...QWEN2,
    hidden_size: 1536,
    intermediate_size: 8960,
    num_hidden_layers: 28,
    num_attention_heads: 12,
    num_key_value_heads: 2,
  },
  "Llama-3.2-1B": {
    ...LLAMA32,
    hidden_size: 2048,
    intermediate_size: 8192,
    num_hidden_layers: 16,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    head_dim: 64,
  },
  "Llama-3.2-3B": {
    ...LLAMA32,
    hidden_size: 3072,
    intermediate_size: 8192,
    num_hidden_layers: 28,
    num_attention_heads: 24,
    num_key_value_heads: 8,
    head_dim: 128,
  },
  "Qwen3-4B": {
    ...QWEN2,
    model_type: "qwen3",
    max_position_embeddings: 40_960,
    hidden_size: 2560,
    intermediate_size: 9728,
    num_hidden_layers: 36,
    num_attention_heads: 32,
    num_key_value_heads: 8,
    head_dim: 128,
    attention_bias: false,
  },
} as const;

export type ModelName = keyof typeof CONFIGS;
