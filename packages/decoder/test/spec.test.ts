import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readDecoderSpec } from "../src/read-decoder.ts";
import { DecoderSpec, RopeSpec } from "../src/spec.ts";
import { SMALL } from "./families/small-config.ts";

const MODELS = join(import.meta.dirname, "fixtures/models");
const configOf = (name: string) => JSON.parse(readFileSync(join(MODELS, name, "config.json"), "utf8"));

test.each(readdirSync(MODELS))("the spec of %s survives JSON", (name) => {
  const spec = readDecoderSpec(configOf(name));
  expect(DecoderSpec.parse(JSON.parse(JSON.stringify(spec)))).toEqual(spec);
});

const SPEC = readDecoderSpec({ ...SMALL, model_type: "llama" });
const LAYER = SPEC.layers[0]!;
const withMixer = (change: object) => ({
  ...SPEC,
  layers: [{ ...LAYER, mixer: { ...LAYER.mixer, ...change } }],
});

test.each<[string, unknown]>([
  ["no layer", { ...SPEC, layers: [] }],
  ["an endless number of layers", { ...SPEC, layers: Array.from({ length: 1025 }, () => LAYER) }],
  ["an unknown mixer", withMixer({ kind: "conv" })],
  ["heads that share no keys evenly", withMixer({ numKeyValueHeads: 3 })],
  ["a rotary width above the head's", withMixer({ headDim: 4 })],
  ["a scale that is not finite", withMixer({ scale: Number.NaN })],
])("a spec with %s is refused", (_, spec) => {
  expect(DecoderSpec.safeParse(spec).success).toBe(false);
});

test.each<[string, object]>([
  ["an odd width", { rotaryDim: 7 }],
  ["factors for other pairs", { scaling: { kind: "factors", factors: [1, 2] } }],
])("a rope with %s is refused", (_, change) => {
  const rope = { theta: 10000, rotaryDim: 8, scaling: { kind: "none" }, ...change };
  expect(RopeSpec.safeParse(rope).success).toBe(false);
});
