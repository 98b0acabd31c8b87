import { Recipe, type RecipeInput } from "./recipe.ts";

/** Recipes by name. */
export const PRESETS = ["int8", "int4", "lut4", "lut6"] as const;
export type Preset = (typeof PRESETS)[number];

/** Where a package is meant to run: what the GPU multiplies fast is not what the Neural Engine does. */
export type Compute = "all" | "gpu" | "ane";

/**
 * Looked up and compared row by row, and shared by all words: few bits cost the most here. A row's scale is taken by
 * GPU and Neural Engine alike.
 */
const EMBEDDING_AND_HEAD = ["embedding.weight", "head.weight"];

/** The finer the blocks, the smaller the error; 64 and 16 for rows that 32 does not divide. */
const INT4 = ["int4/32", "int4/64", "int4/16", "int8"];

/** 16 rows as in coremltools' examples; fewer for rows that 16 does not divide, one palette before iOS 18. */
const LUT4 = ["lut4/16", "lut4/8", "lut4/4", "lut4"];

/**
 * The usual recipes. Embedding and head get int8, whatever the others get. A checkpoint that is quantized already
 * keeps its grid in `int8` and `int4`, as far as Core ML can express it.
 *
 * For the Neural Engine (`ane`) weights have one scale a row or a palette, since blocks of a row leave it for the GPU
 * (source: measurements of others; not verified on a device).
 */
export function presetRecipe(name: Preset, compute: Compute = "all"): Recipe {
  const grid = compute === "ane" ? [] : ["grid"];
  const embedding = { encoding: [...grid, "int8"] };
  const rules = EMBEDDING_AND_HEAD.map((match) => ({ match, ...embedding }));
  return Recipe.parse({ name, ...bodyOf(name, compute), ...(name === "int8" ? {} : { rules }) });
}

function bodyOf(name: Preset, compute: Compute): Pick<RecipeInput, "default"> {
  switch (name) {
    case "int8":
      return { default: compute === "ane" ? "int8" : ["grid", "int8"] };
    case "int4":
      // Four bits that stay on the Neural Engine are those of a palette.
      return { default: compute === "ane" ? LUT4 : ["grid4", ...INT4] };
    case "lut4":
      return { default: LUT4 };
    case "lut6":
      return { default: ["lut6/16", "lut6/8", "lut6/4", "lut6"] };
  }
}
