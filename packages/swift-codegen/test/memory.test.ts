import { expect, test } from "vitest";
import { neededEntitlements } from "../src/entitlements.ts";
import { isPermissive, licenseSentence } from "../src/license.ts";
import { estimateMemory } from "../src/memory.ts";
import { HARMLESS, manifestOf } from "./support/input.ts";

const GEOMETRY = { parameters: 1, hiddenSize: 128, feedForwardSize: 384, numHeads: 4 };

test("memory is weights, cache, the longest call's activations and the overhead", () => {
  const { cacheBytes, peakBytes } = estimateMemory(manifestOf(HARMLESS), 1_000_000, GEOMETRY);
  // Keys and values: [4, 2, 512, 32] halves each.
  expect(cacheBytes).toBe(2 * 4 * 2 * 512 * 32 * 2);
  // prefill reads 64 tokens: one row of 1024 logits as half and as single; 4 · 128 + 2 · 384 halves a token; scores and
  // probabilities of 4 heads over 512 positions.
  const logits = 1024 * 2 + 1024 * 4;
  const layer = (64 * (4 * 128 + 2 * 384) + 2 * 4 * 64 * 512) * 2;
  expect(peakBytes).toBe(1_000_000 + cacheBytes + logits + layer + 64_000_000);
});

test("a stateless package has no cache, and gives the logits of all tokens", () => {
  const manifest = manifestOf(HARMLESS);
  const stateless = {
    ...manifest,
    states: [],
    functions: [{ ...manifest.functions[0]!, tokens: { min: 1, max: 512 }, logitsRows: "all" as const }],
  };
  const { cacheBytes, peakBytes } = estimateMemory(stateless, 0, undefined);
  expect(cacheBytes).toBe(0);
  expect(peakBytes).toBe(512 * 1024 * 2 + 1024 * 4 + 64_000_000);
});

test("a cache that is handed in and given back counts twice", () => {
  const manifest = manifestOf(HARMLESS);
  const [decode] = manifest.functions;
  const cache = { name: "keys", role: "keyCache" as const, dtype: "F16" as const, shape: [4, 2, null, 32] };
  const explicit = {
    ...manifest,
    states: [],
    functions: [{ ...decode!, inputs: [...decode!.inputs, cache], outputs: [...decode!.outputs, cache] }],
  };
  expect(estimateMemory(explicit, 0, undefined).cacheBytes).toBe(2 * 4 * 2 * 512 * 32 * 2);
});

test.each([
  [100e6, 200e6, []],
  [900e6, 1_400e6, ["com.apple.developer.kernel.increased-memory-limit"]],
  [
    3_100e6,
    3_900e6,
    [
      "com.apple.developer.kernel.extended-virtual-addressing",
      "com.apple.developer.kernel.increased-memory-limit",
    ],
  ],
])("a package of %i bytes that takes %i needs %j", (packageBytes, peakBytes, needed) => {
  expect(neededEntitlements({ packageBytes, peakBytes })).toEqual(needed);
});

test.each([
  ["Apache-2.0", true],
  ["mit", true],
  ["llama3.2", false],
  ["other", false],
  ["cc-by-nc-4.0", false],
  [undefined, false],
])("%s is permissive: %s", (license, permissive) => {
  expect(isPermissive(license)).toBe(permissive);
});

test("a licence that is missing is asked for", () => {
  expect(licenseSentence(undefined)).toMatch(/names no licence/);
  expect(licenseSentence("llama3.2")).toMatch(/read whether your app may carry/);
});
