import { isPippinError } from "@pippin/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { FAMILIES } from "../src/families/families.ts";
import { readDecoderSpec } from "../src/read-decoder.ts";
import { DecoderSpec } from "../src/spec.ts";
import { SMALL } from "./families/small-config.ts";

/** A valid spec, or a PippinError of this package. */
function expectSpecOrError(config: unknown): void {
  try {
    expect(DecoderSpec.safeParse(readDecoderSpec(config)).error).toBeUndefined();
  } catch (error) {
    if (!isPippinError(error)) throw error;
    expect(error.code).toMatch(/^DECODER_/);
  }
}

const modelType = fc.constantFrom(...FAMILIES.flatMap(({ modelTypes }) => modelTypes));
const number = fc.oneof(
  fc.double(),
  fc.integer(),
  fc.constantFrom(0, -1, 1e-320, 5e-324, 1e308, 2 ** 30, 2 ** 31, 2 ** 53),
);
const value = fc.oneof(number, fc.jsonValue(), fc.constantFrom(null, true, "linear", "llama3", "silu"));
const ropeKeys = ["rope_type", "type", "rope_theta", "partial_rotary_factor", "factor", "low_freq_factor"];
const rope = fc.oneof(
  value,
  fc.dictionary(
    fc.constantFrom(...ropeKeys, "high_freq_factor", "original_max_position_embeddings", "factors"),
    value,
  ),
);
const keys = fc.constantFrom(
  ...Object.keys(SMALL),
  ...["head_dim", "hidden_act", "rope_theta", "partial_rotary_factor", "layer_types", "tie_word_embeddings"],
  ...["attention_bias", "mlp_bias", "sliding_window", "use_sliding_window", "max_window_layers"],
  ...["embedding_multiplier", "attention_multiplier", "residual_multiplier", "logits_scaling"],
  ...["quantization_config", "__proto__", "constructor", "toString"],
);

test("any JSON value becomes a valid spec or an error", () => {
  fc.assert(fc.property(fc.jsonValue(), expectSpecOrError));
});

test("a damaged config becomes a valid spec or an error", () => {
  const damage = fc.dictionary(keys, value, { maxKeys: 3 });
  fc.assert(
    fc.property(
      modelType,
      damage,
      fc.option(rope),
      fc.option(rope),
      (model_type, change, scaling, parameters) => {
        const ropes = { rope_scaling: scaling, rope_parameters: parameters };
        expectSpecOrError({ ...SMALL, ...ropes, ...change, model_type });
      },
    ),
    { numRuns: 500 },
  );
});

test("a __proto__ key gives nothing to the config", () => {
  const text = `{"__proto__": {"head_dim": 2, "attention_bias": true}, "model_type": "llama", ${JSON.stringify(SMALL).slice(1)}`;
  expect(readDecoderSpec(JSON.parse(text))).toEqual(readDecoderSpec({ ...SMALL, model_type: "llama" }));
});

test.each(["model_type", "quantization_config", "rope_scaling", "layer_types", "num_hidden_layers", "other"])(
  "endless nesting under %s does no harm",
  (key) => {
    const nested = JSON.parse(`${"[".repeat(100_000)}${"]".repeat(100_000)}`);
    expectSpecOrError({ ...SMALL, model_type: "llama", [key]: nested });
    expectSpecOrError({ ...SMALL, model_type: "llama", [key]: { quant_method: nested, type: nested } });
  },
);
