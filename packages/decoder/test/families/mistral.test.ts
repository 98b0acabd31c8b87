import { expect, test } from "vitest";
import { readDecoderSpec } from "../../src/read-decoder.ts";
import { SMALL } from "./small-config.ts";

test.each<[string, object, number | null]>([
  ["a width", { sliding_window: 16 }, 16],
  ["null", { sliding_window: null }, null],
  ["nothing: transformers' default", {}, 4096],
])("sliding_window: %s", (_, change, window) => {
  const spec = readDecoderSpec({ ...SMALL, model_type: "mistral", ...change });
  expect(spec).toMatchObject({ family: "mistral", head: { tied: false } });
  expect(spec.layers.map(({ mixer }) => mixer.window)).toEqual([window, window]);
});

test("head_dim may differ from hidden_size / num_attention_heads, as in Nemo", () => {
  const { mixer } = readDecoderSpec({ ...SMALL, model_type: "mistral", head_dim: 16 }).layers[0]!;
  expect(mixer).toMatchObject({ headDim: 16, scale: 0.25, qkvBias: false, outputBias: false });
});
