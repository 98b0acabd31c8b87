import { expect, test } from "vitest";
import { readDecoderSpec } from "../../src/read-decoder.ts";
import { SMALL } from "./small-config.ts";

const CONFIG = { ...SMALL, model_type: "granite" };

test("the four multipliers are read", () => {
  const spec = readDecoderSpec({
    ...CONFIG,
    embedding_multiplier: 12,
    attention_multiplier: 0.015625,
    residual_multiplier: 0.22,
    logits_scaling: 8,
    tie_word_embeddings: true,
  });
  expect(spec).toMatchObject({
    family: "granite",
    embedding: { scale: 12 },
    head: { tied: true, scale: 0.125 },
  });
  expect(spec.layers[1]).toMatchObject({ residualScale: 0.22, mixer: { scale: 0.015625 } });
});

test("multipliers that are not named are 1, the attention's too", () => {
  const spec = readDecoderSpec(CONFIG);
  expect(spec).toMatchObject({ embedding: { scale: 1 }, head: { tied: false, scale: 1 } });
  expect(spec.layers[0]).toMatchObject({ residualScale: 1, mixer: { scale: 1, qkvBias: false } });
});

test("a multiplier of zero is refused by name", () => {
  expect(() => readDecoderSpec({ ...CONFIG, logits_scaling: 0 })).toThrow(
    expect.objectContaining({
      code: "DECODER_CONFIG_INVALID",
      message: expect.stringContaining("logits_scaling"),
    }),
  );
});
