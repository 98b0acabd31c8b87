import { openSync, readFileSync, readSync } from "node:fs";
import { join } from "node:path";
import { readDecoderSpec } from "@pippin/decoder";
import { expect, test } from "vitest";
import { cacheBytes, decodeFlops, geometryOf, modelFigures, promptFlops } from "../src/figures.ts";
import { CONFIGS, type ModelName } from "./support/configs.ts";

const PIP_CHAT = join(import.meta.dirname, "../../../models/pip-chat");

// Totals: the numbers of parameters that the models' cards and safetensors indices state. The rest is arithmetic:
// layers · ((q + k + v + o) + biases + 3 · hidden · ffn + norms).
test.each<[ModelName, { total: number; embedding: number; layers: number; cache: number }]>([
  [
    "Qwen2.5-0.5B",
    {
      total: 494_032_768,
      embedding: 151_936 * 896,
      layers: 24 * (2 * 896 * 896 + 2 * 128 * 896 + 896 + 2 * 128 + 3 * 896 * 4864 + 2 * 896),
      cache: 24 * 2 * 2 * 64 * 2,
    },
  ],
  [
    "Qwen2.5-1.5B",
    {
      total: 1_543_714_304,
      embedding: 151_936 * 1536,
      layers: 28 * (2 * 1536 * 1536 + 2 * 256 * 1536 + 1536 + 2 * 256 + 3 * 1536 * 8960 + 2 * 1536),
      cache: 28 * 2 * 2 * 128 * 2,
    },
  ],
  [
    "Llama-3.2-1B",
    {
      total: 1_235_814_400,
      embedding: 128_256 * 2048,
      layers: 16 * (2 * 2048 * 2048 + 2 * 512 * 2048 + 3 * 2048 * 8192 + 2 * 2048),
      cache: 16 * 2 * 8 * 64 * 2,
    },
  ],
  [
    "Llama-3.2-3B",
    {
      total: 3_212_749_824,
      embedding: 128_256 * 3072,
      layers: 28 * (2 * 3072 * 3072 + 2 * 1024 * 3072 + 3 * 3072 * 8192 + 2 * 3072),
      cache: 28 * 2 * 8 * 128 * 2,
    },
  ],
  [
    "Qwen3-4B",
    {
      total: 4_022_468_096,
      embedding: 151_936 * 2560,
      // 32 heads of 128 are wider than the hidden size; q and k have norms over a head.
      layers: 36 * (2 * 4096 * 2560 + 2 * 1024 * 2560 + 2 * 128 + 3 * 2560 * 9728 + 2 * 2560),
      cache: 36 * 2 * 8 * 128 * 2,
    },
  ],
])("%s has the parameters and the cache of its card", (name, expected) => {
  const spec = readDecoderSpec(CONFIGS[name]);
  const { parameters, cacheBytesPerToken } = modelFigures(spec);
  expect(parameters).toMatchObject({
    total: expected.total,
    embedding: expected.embedding,
    layers: expected.layers,
    head: 0,
    finalNorm: CONFIGS[name].hidden_size,
  });
  expect(cacheBytesPerToken).toBe(expected.cache);
  expect(cacheBytes(spec, 2048)).toBe(2048 * expected.cache);
  expect(geometryOf(spec).parameters).toBe(expected.total);
});

test("a tied head is counted once and multiplied all the same", () => {
  const tied = modelFigures(readDecoderSpec(CONFIGS["Qwen2.5-0.5B"]));
  const untied = modelFigures(readDecoderSpec({ ...CONFIGS["Qwen2.5-0.5B"], tie_word_embeddings: false }));
  expect(untied.parameters.total - tied.parameters.total).toBe(151_936 * 896);
  expect(untied.parameters.head).toBe(151_936 * 896);
  expect(untied.parameters.multipliedPerToken).toBe(tied.parameters.multipliedPerToken);
});

test("biases and norms are not multiplied", () => {
  const { parameters } = modelFigures(readDecoderSpec(CONFIGS["Qwen2.5-0.5B"]));
  const matrices = 24 * (2 * 896 * 896 + 2 * 128 * 896 + 3 * 896 * 4864);
  expect(parameters.multipliedPerToken).toBe(matrices + 151_936 * 896);
});

test("a decoded token costs two operations a weight and four a head, channel and key", () => {
  const spec = readDecoderSpec(CONFIGS["Qwen2.5-0.5B"]);
  const { multipliedPerToken } = modelFigures(spec).parameters;
  expect(decodeFlops(spec, 1000)).toBe(2 * multipliedPerToken + 24 * 4 * 14 * 64 * 1000);
});

test("a prompt sends one token through the head, and token n sees n keys", () => {
  const spec = readDecoderSpec(CONFIGS["Qwen2.5-0.5B"]);
  const head = 151_936 * 896;
  const layers = modelFigures(spec).parameters.multipliedPerToken - head;
  expect(promptFlops(spec, 3)).toBe(2 * layers * 3 + 2 * head + 24 * 4 * 14 * 64 * (1 + 2 + 3));
  expect(promptFlops(spec, 1)).toBe(decodeFlops(spec, 1));
});

test("a window bounds the keys that are seen", () => {
  const config = {
    ...CONFIGS["Llama-3.2-1B"],
    model_type: "mistral",
    sliding_window: 4096,
    tie_word_embeddings: false,
  };
  const spec = readDecoderSpec(config);
  expect(decodeFlops(spec, 9000)).toBe(decodeFlops(spec, 4096));
  expect(decodeFlops(spec, 4096)).toBeGreaterThan(decodeFlops(spec, 4095));
});

test("the bundled model has as many parameters as its file's header lists", () => {
  const file = openSync(join(PIP_CHAT, "model.safetensors"), "r");
  const length = Buffer.alloc(8);
  readSync(file, length);
  const header = Buffer.alloc(Number(length.readBigUInt64LE()));
  readSync(file, header);
  const entries: [string, { shape?: number[] }][] = Object.entries(JSON.parse(header.toString()));
  const listed = entries.reduce((sum, [, { shape }]) => sum + (shape?.reduce((a, b) => a * b, 1) ?? 0), 0);
  const spec = readDecoderSpec(JSON.parse(readFileSync(join(PIP_CHAT, "config.json"), "utf8")));
  expect(modelFigures(spec).parameters.total).toBe(listed);
});
