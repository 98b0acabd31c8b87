import { PippinError } from "@pippin/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { parseShardIndex } from "../src/shard-index.ts";
import { damaged, expectReadOrPippinError } from "./mutate.ts";

const VALID = JSON.stringify({
  metadata: { total_size: 28.0, extra: [1, { a: null }] },
  weight_map: {
    b: "model-2.safetensors",
    a: "model-1.safetensors",
    c: "model-2.safetensors",
    __proto__x: "model-1.safetensors",
  },
});

test("the weight map and the sorted shards come out", () => {
  const index = parseShardIndex(VALID);
  expect([...index.weightMap.keys()]).toEqual(["b", "a", "c", "__proto__x"]);
  expect(index.shards).toEqual(["model-1.safetensors", "model-2.safetensors"]);
});

test("names of object members are names like others", () => {
  const { weightMap } = parseShardIndex('{"weight_map":{"__proto__":"x.safetensors"}}');
  expect(weightMap.get("__proto__")).toBe("x.safetensors");
});

test.each([
  ["no text", ""],
  ["an array", "[]"],
  ["no weight_map", '{"metadata":{}}'],
  ["an empty weight_map", '{"weight_map":{}}'],
  ["a weight_map that is a list", '{"weight_map":["a"]}'],
  ["a shard that is a number", '{"weight_map":{"a":1}}'],
  ["a tensor twice", '{"weight_map":{"a":"x","a":"y"}}'],
  ["two weight_maps", '{"weight_map":{"a":"x"},"weight_map":{"b":"x"}}'],
  ["nested metadata", `{"metadata":${"[".repeat(1_000_000)}`],
  ["text behind it", '{"weight_map":{"a":"x"}} {}'],
])("%s: CHECKPOINT_INDEX_INVALID", (_, text) => {
  expect(() => parseShardIndex(text)).toThrow(expect.objectContaining({ code: "CHECKPOINT_INDEX_INVALID" }));
});

test("more shards than any checkpoint has are refused", () => {
  const weightMap = Object.fromEntries(
    Array.from({ length: 10_001 }, (_, index) => [`t${index}`, `s${index}`]),
  );
  expect(() => parseShardIndex(JSON.stringify({ weight_map: weightMap }))).toThrow(PippinError);
});

test("a damaged index either parses or throws a PippinError", async () => {
  const bytes = new TextEncoder().encode(VALID);
  await fc.assert(
    fc.asyncProperty(damaged(bytes, bytes.length), async (changed) => {
      await expectReadOrPippinError(
        () => parseShardIndex(new TextDecoder().decode(changed)),
        ({ weightMap, shards }) => expect(new Set(shards)).toEqual(new Set(weightMap.values())),
      );
    }),
    { seed: 7, numRuns: 3000 },
  );
});
