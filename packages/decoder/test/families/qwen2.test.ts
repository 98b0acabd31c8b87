import { expect, test } from "vitest";
import { readDecoderSpec } from "../../src/read-decoder.ts";
import { SMALL } from "./small-config.ts";

const CONFIG = { ...SMALL, model_type: "qwen2" };

test("q, k and v have biases, the output has none", () => {
  const spec = readDecoderSpec({ ...CONFIG, rope_theta: 1e6, tie_word_embeddings: true });
  expect(spec).toMatchObject({ family: "qwen2", head: { tied: true } });
  expect(spec.layers[1]!.mixer).toMatchObject({
    qkvBias: true,
    outputBias: false,
    qkNorm: null,
    window: null,
    rope: { theta: 1e6 },
  });
});

test.each<[string, object, (number | null)[]]>([
  [
    "switched off, as released",
    { use_sliding_window: false, sliding_window: 64, max_window_layers: 0 },
    [null, null],
  ],
  ["upper layers", { use_sliding_window: true, sliding_window: 64, max_window_layers: 1 }, [null, 64]],
  ["beyond all layers", { use_sliding_window: true, sliding_window: 64 }, [null, null]],
  ["no width: transformers' default", { use_sliding_window: true, max_window_layers: 0 }, [4096, 4096]],
  [
    "by layer_types",
    { use_sliding_window: true, sliding_window: 64, layer_types: ["sliding_attention", "full_attention"] },
    [64, null],
  ],
  ["layer_types without a window", { layer_types: ["full_attention", "full_attention"] }, [null, null]],
])("window: %s", (_, change, windows) => {
  const { layers } = readDecoderSpec({ ...CONFIG, ...change });
  expect(layers.map(({ mixer }) => mixer.window)).toEqual(windows);
});

test.each<[string, object, string, string]>([
  [
    "an unknown layer type",
    { layer_types: ["full_attention", "linear_attention"] },
    "DECODER_FEATURE_UNSUPPORTED",
    "linear_attention",
  ],
  [
    "a sliding layer that is not switched on",
    { layer_types: ["full_attention", "sliding_attention"] },
    "DECODER_CONFIG_INVALID",
    "use_sliding_window",
  ],
  [
    "too few layer types",
    { layer_types: ["full_attention"] },
    "DECODER_CONFIG_INVALID",
    "layer_types lists 1",
  ],
  [
    "a null width",
    { use_sliding_window: true, sliding_window: null, max_window_layers: 0 },
    "DECODER_CONFIG_INVALID",
    "sliding_window is null",
  ],
])("%s is refused by name", (_, change, code, words) => {
  expect(() => readDecoderSpec({ ...CONFIG, ...change })).toThrow(
    expect.objectContaining({ code, message: expect.stringContaining(words) }),
  );
});
