/** Keys that every family needs: 2 layers, 4 heads of 8 over 2 key-value heads. */
export const SMALL = {
  vocab_size: 64,
  hidden_size: 32,
  intermediate_size: 24,
  num_hidden_layers: 2,
  num_attention_heads: 4,
  num_key_value_heads: 2,
  max_position_embeddings: 128,
  rms_norm_eps: 1e-5,
} as const;
