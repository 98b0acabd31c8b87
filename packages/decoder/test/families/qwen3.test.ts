import { expect, test } from "vitest";
import { readDecoderSpec } from "../../src/read-decoder.ts";
import { SMALL } from "./small-config.ts";

const CONFIG = { ...SMALL, model_type: "qwen3" };

test("q and k are normed over each head", () => {
  const { family, layers } = readDecoderSpec({ ...CONFIG, head_dim: 16 });
  expect(family).toBe("qwen3");
  expect(layers[0]!.mixer).toMatchObject({
    headDim: 16,
    scale: 0.25,
    qkNorm: { over: "head", epsilon: 1e-5 },
    qkvBias: false,
    outputBias: false,
  });
});

test("head_dim is 128 when it is not named, whatever hidden_size says", () => {
  expect(readDecoderSpec(CONFIG).layers[0]!.mixer.headDim).toBe(128);
});

test("attention_bias and the window are read", () => {
  const change = { attention_bias: true, use_sliding_window: true, sliding_window: 8, max_window_layers: 1 };
  const { layers } = readDecoderSpec({ ...CONFIG, ...change });
  expect(layers[0]!.mixer).toMatchObject({ qkvBias: true, outputBias: true, window: null });
  expect(layers[1]!.mixer).toMatchObject({ window: 8 });
});
