import { expect, test } from "vitest";
import { ggufTensorName, ggufTensorOps } from "../src/gguf-names.ts";

test.each([
  ["token_embd.weight", "model.embed_tokens.weight"],
  ["output_norm.weight", "model.norm.weight"],
  ["output.weight", "lm_head.weight"],
  ["blk.0.attn_norm.weight", "model.layers.0.input_layernorm.weight"],
  ["blk.12.attn_q.weight", "model.layers.12.self_attn.q_proj.weight"],
  ["blk.1.attn_q.bias", "model.layers.1.self_attn.q_proj.bias"],
  ["blk.1.attn_k.weight", "model.layers.1.self_attn.k_proj.weight"],
  ["blk.1.attn_v.bias", "model.layers.1.self_attn.v_proj.bias"],
  ["blk.1.attn_output.weight", "model.layers.1.self_attn.o_proj.weight"],
  ["blk.1.attn_q_norm.weight", "model.layers.1.self_attn.q_norm.weight"],
  ["blk.1.attn_k_norm.weight", "model.layers.1.self_attn.k_norm.weight"],
  ["blk.1.ffn_norm.weight", "model.layers.1.post_attention_layernorm.weight"],
  ["blk.1.ffn_gate.weight", "model.layers.1.mlp.gate_proj.weight"],
  ["blk.1.ffn_up.weight", "model.layers.1.mlp.up_proj.weight"],
  ["blk.1.ffn_down.bias", "model.layers.1.mlp.down_proj.bias"],
  ["rope_freqs.weight", undefined],
])("%s is %s", (name, expected) => {
  expect(ggufTensorName(name)).toBe(expected);
});

test.each([
  "blk.0.ffn_gate_exps.weight",
  "blk.0.constructor.weight",
  "attn_q.weight",
  "blk.0.output.weight",
  "x",
  "",
])("%j has no counterpart and keeps its name", (name) => {
  expect(ggufTensorName(name)).toBe(name);
});

test.each([
  ["blk.3.attn_q.weight", 9],
  ["blk.3.attn_q.bias", 9],
  ["blk.3.attn_k.weight", 3],
  ["blk.3.attn_k.bias", 3],
])("%s of a llama has its rotary rows put back in %i heads", (name, heads) => {
  const ops = ggufTensorOps(name, { architecture: "llama", numHeads: 9, numKeyValueHeads: 3 });
  expect(ops).toEqual([{ kind: "permuteRope", heads }]);
});

test.each([
  ["blk.3.attn_v.weight", "llama"],
  ["blk.3.attn_q_norm.weight", "llama"],
  ["token_embd.weight", "llama"],
  ["blk.3.attn_q.weight", "qwen2"],
  ["blk.3.attn_k.weight", "qwen3"],
])("%s of a %s is used as it is", (name, architecture) => {
  expect(ggufTensorOps(name, { architecture, numHeads: 9, numKeyValueHeads: 3 })).toEqual([]);
});
