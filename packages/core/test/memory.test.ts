import { expect, test } from "vitest";
import type { RuntimeManifest } from "../src/manifest.ts";
import { estimateMemory } from "../src/memory.ts";

const GEOMETRY = { parameters: 700_000, hiddenSize: 128, feedForwardSize: 384, numHeads: 4 };

const DECODE: RuntimeManifest["functions"][number] = {
  ...{ name: "decode", tokens: 1, padding: "none", logitsRows: "last" },
  inputs: [{ name: "ids", role: "tokens", dtype: "I32", shape: [1, 1] }],
  outputs: [{ name: "logits", role: "logits", dtype: "F16", shape: [1, 1, 1024] }],
};

const MANIFEST: RuntimeManifest = {
  version: 1,
  ...{ backend: "coreml", program: "stateful", mask: "internal", normForm: "max", quantization: "int4" },
  model: { source: "a model", family: "qwen2", vocabSize: 1024 },
  contextLength: 512,
  packages: ["a.mlpackage"],
  functions: [DECODE, { ...DECODE, name: "prefill", tokens: 64, padding: "right" }],
  defaultFunction: "decode",
  states: (["keyCache", "valueCache"] as const).map((role) => ({
    ...{ name: role, role, dtype: "F16", shape: [4, 2, 512, 32] },
    layout: ["layer", "kvHead", "position", "headDim"],
  })),
  stopTokens: [2],
};

test("memory is weights, cache, the longest call's activations and the overhead", () => {
  const { cacheBytes, activationBytes, overheadBytes, peakBytes } = estimateMemory(
    MANIFEST,
    1_000_000,
    GEOMETRY,
  );
  // Keys and values: [4, 2, 512, 32] halves each.
  expect(cacheBytes).toBe(2 * 4 * 2 * 512 * 32 * 2);
  // prefill reads 64 tokens: one row of 1024 logits as half and as single; 4 · 128 + 2 · 384 halves a token; scores and
  // probabilities of 4 heads over 512 positions.
  const logits = 1024 * 2 + 1024 * 4;
  const layer = (64 * (4 * 128 + 2 * 384) + 2 * 4 * 64 * 512) * 2;
  expect(activationBytes).toBe(logits + layer);
  expect(overheadBytes).toBe(64_000_000);
  expect(peakBytes).toBe(1_000_000 + cacheBytes + logits + layer + 64_000_000);
});

test("a copy in fp16 is there beside the package while it loads and is decompressed", () => {
  const { cacheBytes, unpackedLoadBytes } = estimateMemory(MANIFEST, 400_000, GEOMETRY);
  expect(unpackedLoadBytes).toBe(400_000 + 2 * 700_000 + cacheBytes + 64_000_000);
  expect(estimateMemory(MANIFEST, 400_000, undefined).unpackedLoadBytes).toBeNull();
});

test("a stateless package has no cache, and gives the logits of all tokens", () => {
  const stateless: RuntimeManifest = {
    ...MANIFEST,
    states: [],
    functions: [{ ...DECODE, tokens: { min: 1, max: 512 }, logitsRows: "all" }],
  };
  const { cacheBytes, peakBytes } = estimateMemory(stateless, 0, undefined);
  expect(cacheBytes).toBe(0);
  expect(peakBytes).toBe(512 * 1024 * 2 + 1024 * 4 + 64_000_000);
});

test("a cache that is handed in and given back counts twice", () => {
  const cache = { name: "keys", role: "keyCache" as const, dtype: "F16" as const, shape: [4, 2, null, 32] };
  const explicit: RuntimeManifest = {
    ...MANIFEST,
    states: [],
    functions: [{ ...DECODE, inputs: [...DECODE.inputs, cache], outputs: [...DECODE.outputs, cache] }],
  };
  expect(estimateMemory(explicit, 0, undefined).cacheBytes).toBe(2 * 4 * 2 * 512 * 32 * 2);
});
