import type { GridEncoding } from "@pippin/kernels";
import { expect, test } from "vitest";
import {
  encodedBytes,
  encodingName,
  encodingOf,
  PRESETS,
  parseEncodingName,
  presetRecipe,
  Recipe,
  unusedRules,
} from "../src/index.ts";

const GRID: GridEncoding = { kind: "grid", dtype: "uint4", groupSize: 32, offset: "float" };
const down = { role: "layers.3.mlp.down.weight", shape: [64, 96] };
const embedding = { role: "embedding.weight", shape: [500, 64] };

function nameOf(recipe: Recipe, weight: Parameters<typeof encodingOf>[1]): string {
  const encoding = encodingOf(recipe, weight);
  return encoding === undefined ? "fp16" : encodingName(encoding);
}

test.each([
  "int8",
  "int4",
  "int4/32",
  "uint4/64",
  "uint8",
  "lut4",
  "lut3/16",
  "lut6/1",
  "fp16",
  "grid",
  "grid4",
])("%s is read and written alike", (name) => {
  expect(encodingName(parseEncodingName(name))).toBe(name);
});

test.each(["int3", "int4/0", "lut5", "lut4/65", "lut4/", "INT8", "", "int4/32/2", "nf4"])(
  "%j is no encoding",
  (name) => {
    expect(() => parseEncodingName(name)).toThrow(
      expect.objectContaining({ code: "QUANTIZE_RECIPE_INVALID" }),
    );
    expect(Recipe.safeParse({ default: name }).success).toBe(false);
  },
);

test("the last rule that matches decides", () => {
  const recipe = Recipe.parse({
    default: "int4/32",
    rules: [
      { match: "layers.*.mlp.**", encoding: "lut6/16" },
      { match: "layers.3.**", encoding: "int8" },
      { match: "layers.*.down.weight", encoding: "fp16" },
    ],
  });

  expect(nameOf(recipe, down)).toBe("int8");
  expect(nameOf(recipe, { ...down, role: "layers.13.mlp.down.weight" })).toBe("lut6/16");
  expect(nameOf(recipe, { ...down, role: "layers.13.attention.q.weight" })).toBe("int4/32");
});

test("a pattern is no regular expression", () => {
  const recipe = Recipe.parse({
    default: "int8",
    rules: [{ match: "layers.3.mlp.dow.(weight", encoding: "fp16" }],
  });

  expect(nameOf(recipe, down)).toBe("int8");
  expect(unusedRules(recipe, [down.role])).toEqual(["layers.3.mlp.dow.(weight"]);
});

test("of a list the first that fits is taken", () => {
  const recipe = Recipe.parse({ default: ["grid", "int4/64", "int4/32", "int8"] });

  expect(nameOf(recipe, down)).toBe("int4/32");
  expect(nameOf(recipe, { ...down, grid: GRID })).toBe("grid uint4/32");
  expect(nameOf(recipe, { ...down, shape: [64, 101] })).toBe("int8");
});

test("what fits nothing is refused with every reason", () => {
  const recipe = Recipe.parse({ default: ["grid", "int4/64", "lut4/48", "lut4"] });

  expect(() =>
    encodingOf(recipe, down, (encoding) => (encoding.kind === "palette" ? "no palettes" : undefined)),
  ).toThrow(
    expect.objectContaining({
      code: "QUANTIZE_RECIPE_UNFIT",
      message:
        "weight layers.3.mlp.down.weight [64,96] cannot be stored as the recipe says: grid: it has no such grid of its own; " +
        "int4/64: blocks of 64 do not divide its 96 columns; lut4/48: groups of 48 do not divide its 64 rows; lut4: no palettes",
    }),
  );
});

test("a grid of four bits is asked for apart", () => {
  const recipe = Recipe.parse({ default: ["grid4", "int8"] });

  expect(nameOf(recipe, { ...down, grid: GRID })).toBe("grid uint4/32");
  expect(nameOf(recipe, { ...down, grid: { ...GRID, dtype: "uint8" } })).toBe("int8");
  expect(nameOf(recipe, { ...down, grid: { kind: "palette", bits: 3, granularity: "per_tensor" } })).toBe(
    "lut3",
  );
});

test("vectors and small matrices stay F16", () => {
  const recipe = Recipe.parse({ default: "int8" });

  expect(nameOf(recipe, { role: "final_norm.weight", shape: [4096] })).toBe("fp16");
  expect(nameOf(recipe, { ...down, shape: [32, 64] })).toBe("fp16");
  expect(nameOf(Recipe.parse({ default: "int8", minElements: 0 }), { ...down, shape: [32, 64] })).toBe(
    "int8",
  );
});

test.each(PRESETS)("%s gives the embedding 8 bits, also for the Neural Engine", (name) => {
  expect(nameOf(presetRecipe(name), embedding)).toBe("int8");
  expect(nameOf(presetRecipe(name, "ane"), embedding)).toBe("int8");
});

test("a checkpoint's grid is kept, except for the Neural Engine", () => {
  expect(nameOf(presetRecipe("int4"), { ...down, grid: GRID })).toBe("grid uint4/32");
  expect(nameOf(presetRecipe("int8", "ane"), { ...down, grid: GRID })).toBe("int8");
  expect(nameOf(presetRecipe("int4", "ane"), { ...down, grid: GRID })).toBe("lut4/16");
});

test.each([
  ["fp16", 2 * 64 * 96],
  ["int8", 64 * 96 + 2 * 64],
  ["int4/32", 32 * 96 + 2 * 64 * 3],
  ["uint4/32", 32 * 96 + 2 * 64 * 3 + 96],
  ["lut4", 32 * 96 + 32],
  ["lut6/16", 48 * 96 + 4 * 128],
])("%s takes %i bytes", (name, bytes) => {
  const storage = parseEncodingName(name);
  expect(encodedBytes(down.shape, typeof storage === "string" ? undefined : storage)).toBe(bytes);
});

test("a grid takes its codes, scales and offsets", () => {
  expect(encodedBytes(down.shape, GRID)).toBe(32 * 96 + 2 * 64 * 3 + 2 * 64 * 3);
  expect(encodedBytes(down.shape, { ...GRID, offset: "integer" })).toBe(32 * 96 + 2 * 64 * 3 + 96);
  expect(encodedBytes(down.shape, { ...GRID, dtype: "int8", offset: "none" })).toBe(64 * 96 + 2 * 64 * 3);
});
