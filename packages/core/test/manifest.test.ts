import { expect, test } from "vitest";
import { Artifact } from "../src/artifact.ts";
import { RuntimeManifest } from "../src/manifest.ts";

const MANIFEST: RuntimeManifest = {
  version: 1,
  backend: "coreml",
  program: "stateful",
  model: { source: "Qwen/Qwen2.5-0.5B-Instruct", revision: "abc", family: "qwen2", vocabSize: 151936 },
  contextLength: 2048,
  packages: ["Qwen.mlpackage"],
  functions: [
    {
      name: "prefill",
      tokens: 64,
      padding: "right",
      logitsRows: "last",
      inputs: [
        { name: "ids", role: "tokens", dtype: "I32", shape: [1, 64] },
        { name: "at", role: "position", dtype: "I32", shape: [1] },
      ],
      outputs: [{ name: "logits", role: "logits", dtype: "F16", shape: [1, 1, 151936] }],
    },
    {
      name: "any",
      tokens: { min: 1, max: 2048 },
      padding: "none",
      logitsRows: "all",
      inputs: [{ name: "ids", role: "tokens", dtype: "I32", shape: [1, null] }],
      outputs: [],
    },
  ],
  defaultFunction: "prefill",
  states: [
    {
      name: "keyCache",
      role: "keyCache",
      dtype: "F16",
      shape: [24, 2, 2048, 64],
      layout: ["layer", "kvHead", "position", "headDim"],
    },
  ],
  mask: "internal",
  stopTokens: [151645],
  normForm: "max-scaled",
  quantization: "none",
};

const FILES = [{ path: "Qwen.mlpackage/weight.bin", size: 9, sha256: "aa", chunkSha256: ["aa"] }];

test.each([MANIFEST, { ...MANIFEST, files: FILES }])("a manifest survives JSON", (manifest) => {
  expect(RuntimeManifest.parse(JSON.parse(JSON.stringify(manifest)))).toEqual(manifest);
});

test.each([
  ["an unknown version", { version: 2 }],
  ["no package", { packages: [] }],
  ["an unknown role", { states: [{ ...MANIFEST.states[0], role: "cache" }] }],
  ["a negative size of a file", { files: [{ path: "a", size: -1 }] }],
  ["a fractional context", { contextLength: 1.5 }],
])("a manifest with %s is refused", (_, change) => {
  expect(RuntimeManifest.safeParse({ ...MANIFEST, ...change }).success).toBe(false);
});

test("an artifact survives JSON", () => {
  const artifact: Artifact = {
    kind: "coreml",
    path: "out/Qwen.mlpackage",
    files: [{ path: ".", size: 3 }, ...FILES],
    provenance: {
      tool: "@pippin/coreml@0.1.0",
      source: "Qwen/Qwen2.5",
      options: { bits: 4, nested: { a: [1] } },
    },
  };
  expect(Artifact.parse(JSON.parse(JSON.stringify(artifact)))).toEqual(artifact);
});
