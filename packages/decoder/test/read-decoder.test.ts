import { expect, test } from "vitest";
import { readDecoderSpec } from "../src/read-decoder.ts";
import { SMALL } from "./families/small-config.ts";

const CONFIG = { ...SMALL, model_type: "llama" };

test.each<[unknown, string]>([
  [{ model_type: "mamba" }, 'the model_type "mamba" is not known'],
  [{}, "config.json names no model_type"],
  [null, "config.json names no model_type"],
  [[], "config.json names no model_type"],
  ["llama", "config.json names no model_type"],
  [{ ...CONFIG, model_type: ["llama"] }, 'the model_type "a value of type object" is not known'],
  [{ ...CONFIG, model_type: { toString: 1 } }, 'the model_type "a value of type object" is not known'],
])("%j is of an unknown model type", (config, message) => {
  expect(() => readDecoderSpec(config)).toThrow(
    expect.objectContaining({
      code: "DECODER_MODEL_TYPE_UNKNOWN",
      message,
      hint: expect.stringMatching(/^These are: .*\bllama\b/),
    }),
  );
});

test.each<[string, object, string]>([
  ["yarn", { rope_scaling: { type: "yarn", factor: 4 } }, 'rope_type "yarn"'],
  ["longrope", { rope_parameters: { rope_type: "longrope", rope_theta: 1e4 } }, 'rope_type "longrope"'],
  ["dynamic", { rope_scaling: { rope_type: "dynamic", factor: 2 } }, 'rope_type "dynamic"'],
  [
    "rope for each layer type",
    { rope_parameters: { full_attention: { rope_type: "default", rope_theta: 1e4 } } },
    "a rotary embedding for each layer type",
  ],
  ["an unknown activation", { hidden_act: "relu2" }, 'the activation "relu2"'],
  [
    "quantized weights",
    { quantization_config: { quant_method: "bitsandbytes", load_in_4bit: true } },
    '"bitsandbytes" (quantization_config)',
  ],
  [
    "oddly quantized weights",
    { quantization_config: { quant_method: { toString: 1 } } },
    "(quantization_config)",
  ],
])("%s: refused by name", (_, change, words) => {
  expect(() => readDecoderSpec({ ...CONFIG, ...change })).toThrow(
    expect.objectContaining({
      code: "DECODER_FEATURE_UNSUPPORTED",
      message: expect.stringContaining(words),
    }),
  );
});

test.each<[object, string]>([
  [{ hidden_size: undefined }, "hidden_size"],
  [{ hidden_size: "32" }, "hidden_size"],
  [{ hidden_size: -32 }, "hidden_size"],
  [{ hidden_size: 33 }, "hidden_size 33 is not a multiple of num_attention_heads 4"],
  [{ num_key_value_heads: 3 }, "num_attention_heads 4 is not a multiple of num_key_value_heads 3"],
  [{ num_hidden_layers: 1e9 }, "num_hidden_layers"],
  [{ vocab_size: 1.5 }, "vocab_size"],
  [{ head_dim: 7 }, "a rotary width of 7"],
  [{ rope_theta: 0 }, "rope_theta"],
  [{ rope_scaling: { type: "linear" } }, 'rope_type "linear" needs factor'],
  [{ rope_scaling: { rope_type: "llama3", factor: 8 } }, 'rope_type "llama3" needs low_freq_factor'],
  [
    {
      rope_scaling: {
        rope_type: "llama3",
        factor: 8,
        low_freq_factor: 4,
        high_freq_factor: 4,
        original_max_position_embeddings: 64,
      },
    },
    "high_freq_factor 4 is not above low_freq_factor 4",
  ],
  [{ rope_scaling: { type: "gguf_factors", factors: [1] } }, "1 rope factors for 4 rotary pairs"],
  [{ rms_norm_eps: "tiny" }, "rms_norm_eps"],
])("%j is refused by name", (change, words) => {
  expect(() => readDecoderSpec({ ...CONFIG, ...change })).toThrow(
    expect.objectContaining({ code: "DECODER_CONFIG_INVALID", message: expect.stringContaining(words) }),
  );
});

test("a message shows no control characters and no endless names", () => {
  const config = { ...CONFIG, hidden_act: `\u001b[2J${"x".repeat(100_000)}` };
  expect(() => readDecoderSpec(config)).toThrow(/^the model uses the activation "\\u001b\[2Jx{96}", which/);
});
