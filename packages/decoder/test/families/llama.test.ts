import { expect, test } from "vitest";
import { readDecoderSpec } from "../../src/read-decoder.ts";
import { SMALL } from "./small-config.ts";

const CONFIG = { ...SMALL, model_type: "llama" };

test("a config becomes a spec", () => {
  const norm = { kind: "rms", epsilon: 1e-5 };
  const layer = {
    mixer: {
      kind: "attention",
      numHeads: 4,
      numKeyValueHeads: 2,
      headDim: 8,
      scale: 8 ** -0.5,
      qkvBias: false,
      outputBias: false,
      qkNorm: null,
      window: null,
      rope: { theta: 10000, rotaryDim: 8, scaling: { kind: "none" } },
    },
    feedForward: { kind: "gated", activation: "silu", size: 24, bias: false },
    norms: { beforeMixer: norm, afterMixer: null, beforeFeedForward: norm, afterFeedForward: null },
    residualScale: 1,
  };
  expect(readDecoderSpec(CONFIG)).toEqual({
    family: "llama",
    vocabSize: 64,
    hiddenSize: 32,
    maxPositions: 128,
    embedding: { scale: 1 },
    layers: [layer, layer],
    finalNorm: norm,
    head: { tied: false, scale: 1 },
  });
});

const mixerOf = (change: object) => readDecoderSpec({ ...CONFIG, ...change }).layers[1]!.mixer;

const LLAMA3 = {
  factor: 32,
  low_freq_factor: 1,
  high_freq_factor: 4,
  original_max_position_embeddings: 8192,
};
const STRETCHED = {
  kind: "llama3",
  factor: 32,
  lowFreqFactor: 1,
  highFreqFactor: 4,
  originalContextLength: 8192,
};

test.each<[string, object, object]>([
  ["old", { rope_theta: 5e5 }, { theta: 5e5, scaling: { kind: "none" } }],
  [
    "new",
    { rope_parameters: { rope_type: "default", rope_theta: 5e5 } },
    { theta: 5e5, scaling: { kind: "none" } },
  ],
  [
    "old, linear by `type`",
    { rope_theta: 5e5, rope_scaling: { type: "linear", factor: 4 } },
    { theta: 5e5, scaling: { kind: "linear", factor: 4 } },
  ],
  [
    "new, linear",
    { rope_parameters: { rope_type: "linear", rope_theta: 5e5, factor: 4 } },
    { theta: 5e5, scaling: { kind: "linear", factor: 4 } },
  ],
  [
    "old, llama3",
    { rope_theta: 5e5, rope_scaling: { rope_type: "llama3", ...LLAMA3 } },
    { theta: 5e5, scaling: STRETCHED },
  ],
  [
    "new, llama3",
    { rope_parameters: { rope_type: "llama3", rope_theta: 5e5, ...LLAMA3 } },
    { theta: 5e5, scaling: STRETCHED },
  ],
  [
    "both; the old one wins",
    { rope_scaling: { type: "linear", factor: 4 }, rope_parameters: { rope_type: "default", rope_theta: 9 } },
    { theta: 10000, scaling: { kind: "linear", factor: 4 } },
  ],
  [
    "made from GGUF",
    { rope_theta: 5e5, rope_scaling: { rope_type: "gguf_factors", factors: [1, 1, 2, 8] } },
    { theta: 5e5, scaling: { kind: "factors", factors: [1, 1, 2, 8] } },
  ],
  ["null", { rope_theta: null, rope_scaling: null }, { theta: 10000, scaling: { kind: "none" } }],
])("rope in the layout: %s", (_, change, expected) => {
  expect(mixerOf(change).rope).toEqual({ rotaryDim: 8, ...expected });
});

test("part of a head can rotate", () => {
  expect(mixerOf({ partial_rotary_factor: 0.5 }).rope).toMatchObject({ rotaryDim: 4 });
});

test("an explicit head_dim sets the widths and the scale", () => {
  expect(mixerOf({ head_dim: 16 })).toMatchObject({ headDim: 16, scale: 0.25, rope: { rotaryDim: 16 } });
});

test("without num_key_value_heads every head has its own", () => {
  expect(mixerOf({ num_key_value_heads: null }).numKeyValueHeads).toBe(4);
});

test("biases, tying and the activation are read", () => {
  const spec = readDecoderSpec({
    ...CONFIG,
    attention_bias: true,
    mlp_bias: true,
    tie_word_embeddings: true,
    hidden_act: "gelu_pytorch_tanh",
  });
  expect(spec.layers[0]!.mixer).toMatchObject({ qkvBias: true, outputBias: true });
  expect(spec.layers[0]!.feedForward).toMatchObject({ bias: true, activation: "gelu_tanh" });
  expect(spec.head.tied).toBe(true);
});
