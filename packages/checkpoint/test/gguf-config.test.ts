import { memorySource } from "@pippin/core";
import { expect, test } from "vitest";
import { readGguf } from "../src/gguf.ts";
import { ggufConfig, ggufGenerationConfig } from "../src/gguf-config.ts";
import { GgufBytes, ggufOf, LLAMA_SETTINGS, type Setting } from "./build-gguf.ts";

async function ggufWith(settings: readonly Setting[], tensors: Record<string, readonly number[]> = {}) {
  const changed = new Set(settings.map(([key]) => key));
  const kept = LLAMA_SETTINGS.filter(([key]) => !changed.has(key));
  return readGguf(memorySource(ggufOf([...kept, ...settings], tensors)));
}

test("a llama without extras becomes a config.json", async () => {
  const config = ggufConfig(await ggufWith([["tokenizer.ggml.eos_token_id", "UINT32", 2]]));
  expect(config).toEqual({
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    vocab_size: 5,
    hidden_size: 8,
    intermediate_size: 16,
    num_hidden_layers: 1,
    num_attention_heads: 2,
    num_key_value_heads: 2,
    head_dim: 4,
    hidden_act: "silu",
    max_position_embeddings: 64,
    rms_norm_eps: 1e-5,
    rope_theta: 10000,
    rope_scaling: null,
    tie_word_embeddings: true,
    attention_bias: false,
    mlp_bias: false,
    eos_token_id: 2,
  });
});

test.each<[string, Setting, object]>([
  ["grouped heads", ["llama.attention.head_count_kv", "UINT32", 1], { num_key_value_heads: 1 }],
  ["a head size of its own", ["llama.attention.key_length", "UINT32", 6], { head_dim: 6 }],
  ["the rotary base", ["llama.rope.freq_base", "FLOAT32", 1e6], { rope_theta: 1e6 }],
  [
    "an epsilon as written in decimals",
    ["llama.attention.layer_norm_rms_epsilon", "FLOAT32", 1e-6],
    { rms_norm_eps: 1e-6 },
  ],
  ["a partial rotary width", ["llama.rope.dimension_count", "UINT32", 2], { partial_rotary_factor: 0.5 }],
  ["a full rotary width", ["llama.rope.dimension_count", "UINT32", 4], { rope_scaling: null }],
  ["a padding token", ["tokenizer.ggml.padding_token_id", "UINT32", 3], { pad_token_id: 3 }],
])("%s comes over", async (_, setting, expected) => {
  const valueLength: Setting = [
    "llama.attention.value_length",
    "UINT32",
    setting[0].endsWith("key_length") ? 6 : 4,
  ];
  expect(ggufConfig(await ggufWith([setting, valueLength]))).toMatchObject(expected);
});

test("scaled rotary embeddings come over with their parameters", async () => {
  const gguf = await ggufWith([
    ["llama.rope.scaling.type", "STRING", "yarn"],
    ["llama.rope.scaling.factor", "FLOAT32", 4],
    ["llama.rope.scaling.original_context_length", "UINT32", 16],
    ["llama.rope.scaling.yarn_beta_fast", "FLOAT32", 32],
  ]);
  expect(ggufConfig(gguf).rope_scaling).toEqual({
    rope_type: "yarn",
    factor: 4,
    original_max_position_embeddings: 16,
    beta_fast: 32,
  });
});

test("rope factors are kept as they are", async () => {
  const config = ggufConfig(await ggufWith([]), [1, 8]);
  expect(config.rope_scaling).toEqual({ rope_type: "gguf_factors", factors: [1, 8] });
});

test("tensors tell of an untied head and of biases", async () => {
  const gguf = await ggufWith([], {
    "output.weight": [0],
    "blk.0.attn_q.bias": [0],
    "blk.0.ffn_gate.bias": [0],
  });
  expect(ggufConfig(gguf)).toMatchObject({
    tie_word_embeddings: false,
    attention_bias: true,
    mlp_bias: true,
  });
});

test.each(["qwen2", "qwen3"])("%s reads its own keys and counts its tokens", async (architecture) => {
  const bytes = new GgufBytes().header(0, LLAMA_SETTINGS.length);
  for (const [key, type, value] of LLAMA_SETTINGS) {
    if (key === "llama.vocab_size") continue;
    bytes.key(key.replace("llama", architecture), type);
    if (type === "STRING") bytes.string(architecture);
    else if (type === "UINT32") bytes.u32(Number(value));
    else bytes.f32(Number(value));
  }
  bytes.key("tokenizer.ggml.tokens", "ARRAY").u32(8).u64(3).string("a").string("b").string("c");
  const config = ggufConfig(await readGguf(memorySource(bytes.done())));
  expect(config).toMatchObject({ model_type: architecture, vocab_size: 3, hidden_size: 8 });
});

test("a setting repeated for each layer counts once", async () => {
  const bytes = new GgufBytes().header(0, LLAMA_SETTINGS.length);
  for (const [key, type, value] of LLAMA_SETTINGS) {
    if (key === "llama.attention.head_count") bytes.key(key, "ARRAY").u32(4).u64(2).u32(2).u32(2);
    else if (type === "STRING") bytes.key(key, type).string(String(value));
    else if (type === "UINT32") bytes.key(key, type).u32(Number(value));
    else bytes.key(key, type).f32(Number(value));
  }
  expect(ggufConfig(await readGguf(memorySource(bytes.done()))).num_attention_heads).toBe(2);
});

test.each<[string, Setting, RegExp]>([
  ["experts", ["llama.expert_count", "UINT32", 8], /llama\.expert_count: mixtures of experts/],
  ["values of another width", ["llama.attention.value_length", "UINT32", 2], /4 for keys and 2 for values/],
  ["a width that heads do not divide", ["llama.embedding_length", "UINT32", 7], /not a multiple/],
  ["a text where a number belongs", ["llama.block_count", "STRING", "1"], /llama\.block_count/],
  ["no layer", ["llama.block_count", "UINT32", 0], /llama\.block_count/],
])("%s: CHECKPOINT_GGUF_CONFIG", async (_, setting, message) => {
  const gguf = await ggufWith([setting]);
  expect(() => ggufConfig(gguf)).toThrow(
    expect.objectContaining({ code: "CHECKPOINT_GGUF_CONFIG", message: expect.stringMatching(message) }),
  );
});

test("rope factors beside another scaling are refused", async () => {
  const gguf = await ggufWith([["llama.rope.scaling.type", "STRING", "linear"]]);
  expect(() => ggufConfig(gguf, [1, 8])).toThrow(expect.objectContaining({ code: "CHECKPOINT_GGUF_CONFIG" }));
});

test("a missing key is named", async () => {
  const bytes = ggufOf(
    LLAMA_SETTINGS.filter(([key]) => key !== "llama.context_length"),
    {},
  );
  const gguf = await readGguf(memorySource(bytes));
  expect(() => ggufConfig(gguf)).toThrow(/llama\.context_length/);
});

test("a file without vocabulary is refused", async () => {
  const bytes = ggufOf(
    LLAMA_SETTINGS.filter(([key]) => key !== "llama.vocab_size"),
    {},
  );
  const gguf = await readGguf(memorySource(bytes));
  expect(() => ggufConfig(gguf)).toThrow(/tokenizer\.ggml\.tokens/);
});

test.each([["mamba"], ["__proto__"], ["LLaMA"]])(
  "the architecture %s is named in the error",
  async (name) => {
    const gguf = await ggufWith([["general.architecture", "STRING", name]]);
    expect(() => ggufConfig(gguf)).toThrow(
      expect.objectContaining({
        code: "CHECKPOINT_GGUF_ARCHITECTURE",
        message: expect.stringContaining(name),
      }),
    );
  },
);

test("the ends of text and turn are both ends of an answer", async () => {
  const gguf = await ggufWith([
    ["tokenizer.ggml.eos_token_id", "UINT32", 1],
    ["tokenizer.ggml.eot_token_id", "UINT32", 4],
  ]);
  expect(ggufGenerationConfig(gguf)).toEqual({ eos_token_id: [1, 4] });
});

test("a file that names no end has no generation config", async () => {
  expect(ggufGenerationConfig(await ggufWith([]))).toBeUndefined();
});
