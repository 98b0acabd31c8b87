import { Recipe, type RecipeInput } from "@pippin/quantize";
import { expect, test } from "vitest";
import { backend } from "../../src/backend.ts";
import { milTypeOf } from "../../src/mil/types.ts";
import { readPackage } from "../../src/package/read-package.ts";
import { convert } from "../support/convert.ts";
import { tinyModel } from "../support/tiny-model.ts";

const WIDE = { hidden_size: 64, intermediate_size: 96, vocab_size: 301 };
const RECIPE: RecipeInput = {
  default: "uint4/32",
  rules: [
    { match: "embedding.weight", encoding: "uint8" },
    { match: "layers.*.mlp.up.weight", encoding: "lut3/8" },
    { match: "layers.*.mlp.down.weight", encoding: ["lut4/48", "lut4"] },
  ],
  minElements: 100,
};

/** Types and shapes of the parts of each weight of a package, by the weight's name. */
async function partsOf(options: Record<string, unknown>, main = "decode") {
  const { path } = await convert(await tinyModel(WIDE), options);
  const opened = await readPackage(path);
  const [block] = opened.program.functions.get(main)!.block_specializations.values();
  const found = new Map<string, Record<string, string>>();
  for (const { type = "", inputs, attributes, outputs } of block!.operations) {
    if (!type.startsWith("constexpr_")) continue;
    const given = [...inputs].map(([name, { arguments: values }]) => [name, values[0]!.value!] as const);
    const parts = [...given, ...attributes].flatMap(([name, value]) => {
      if (name === "name") return [];
      const { dtype, shape } = milTypeOf(value.type, name);
      return [[name, `${dtype}[${shape}]`]];
    });
    found.set(outputs[0]!.name!, { type, ...Object.fromEntries(parts) });
  }
  await opened.close();
  return found;
}

test("every form has the parts that iOS 18 wants", async () => {
  const parts = await partsOf({ recipe: Recipe.parse(RECIPE) });

  expect(parts.get("embedding_weight")).toEqual({
    type: "constexpr_blockwise_shift_scale",
    data: "UINT8[301,64]",
    scale: "FLOAT16[301,1]",
    offset: "UINT8[301,1]",
  });
  expect(parts.get("layers_0_attention_q_weight")).toMatchObject({
    data: "UINT4[32,64]",
    offset: "UINT4[32,2]",
  });
  expect(parts.get("layers_0_mlp_up_weight")).toEqual({
    type: "constexpr_lut_to_dense",
    indices: "UINT3[96,64]",
    lut: "FLOAT16[12,1,8,1]",
  });
  expect(parts.get("layers_0_mlp_down_weight")).toMatchObject({
    indices: "UINT4[64,96]",
    lut: "FLOAT16[1,1,16,1]",
  });
});

test("before iOS 18 palettes and affine weights have their parts as attributes", async () => {
  const recipe = Recipe.parse({
    ...RECIPE,
    default: "uint8",
    rules: [{ match: "**.mlp.*.weight", encoding: "lut6" }],
  });
  const parts = await partsOf({ program: "stateless", target: "ios16", recipe }, "main");

  expect(parts.get("embedding_weight")).toEqual({
    type: "constexpr_affine_dequantize",
    quantized_data: "UINT8[301,64]",
    scale: "FLOAT16[301]",
    zero_point: "UINT8[301]",
    axis: "INT32[]",
  });
  expect(parts.get("layers_0_mlp_up_weight")).toEqual({
    type: "constexpr_lut_to_dense",
    indices: `UINT8[${(96 * 64 * 6) / 8}]`,
    lut: "FLOAT16[64]",
    shape: "UINT32[2]",
  });
});

test.each([
  ["lut4", "lut4"],
  ["lut6", "lut6"],
])("%s is one palette for a matrix where groups are not known", async (quantize, name) => {
  const { plan } = await convert(await tinyModel(WIDE), { program: "stateless", target: "ios17", quantize });
  expect(plan.choices.weights).toContain(`× ${name}`);
  expect(plan.choices.weights).not.toContain("/");
});

test("an encoding that the target does not take is refused with the weight's name and what would fit", async () => {
  const recipe = Recipe.parse({ ...RECIPE, default: "int4/32" });
  const refused = convert(await tinyModel(WIDE), { program: "stateless", target: "ios17", recipe });

  await expect(refused).rejects.toMatchObject({
    code: "QUANTIZE_RECIPE_UNFIT",
    message: expect.stringMatching(
      /^weight layers\.0\.\S+ .*int4\/32: a linear 4-bit weight needs ios18, the target is ios17$/,
    ),
  });
});

test("a description shows compressed weights with all of their bytes", async () => {
  const { path, plan } = await convert(await tinyModel(WIDE), { recipe: Recipe.parse(RECIPE) });
  const opened = await backend.open(path);
  const { facts, sections } = opened.describe();
  await opened.close();

  const rows = new Map(sections.find(({ title }) => title === "weights")!.rows.map((row) => [row.name, row]));
  expect(rows.get("layers_0_mlp_up_weight")).toMatchObject({
    dtype: "UINT3",
    shape: [96, 64],
    bytes: (96 * 64 * 3) / 8 + 12 * 8 * 2,
    text: "lut FLOAT16 [12, 1, 8, 1]",
  });
  expect(rows.get("embedding_weight")?.bytes).toBe(301 * 64 + 301 * 2 + 301);
  // Beside the weights there are records, gaps and the program.
  expect(Number(facts.weightBytes)).toBeGreaterThan(plan.built.weightBytes * 0.8);
  expect(Number(facts.weightBytes)).toBeLessThan(plan.built.weightBytes);
});

test("a mixed package without its recipe is refused", async () => {
  await expect(convert(await tinyModel(WIDE), { quantize: "mixed" })).rejects.toMatchObject({
    code: "COREML_OPTION_INVALID",
    message: expect.stringContaining("recipe"),
  });
});
