import { PRESETS, Recipe } from "@pippin/quantize";
import { z } from "zod";
import { ENCODINGS } from "./lower/encodings.ts";
import { FEATURE_NAMES } from "./lower/feature-names.ts";
import { TARGETS, type Target } from "./targets.ts";

/** Options of the Core ML backend; the command line's flags and the config file's schema derive from it. */
export const CoremlOptions = z.object({
  program: z
    .enum(["stateful", "stateless"])
    .default("stateful")
    .describe(
      "stateful keeps a KV cache in the model (iOS 18); stateless takes the whole text each time (iOS 16)",
    ),
  target: z
    .enum(Object.keys(TARGETS) as [Target, ...Target[]])
    .optional()
    .describe("oldest system that must read the package; default ios18 for stateful, ios17 for stateless"),
  quantize: z
    .enum(ENCODINGS)
    .default("none")
    .describe(
      "encoding of the weights: none is fp16; int8 has a scale for each row, int4 (ios18) one for each block of 32, lut4 and lut6 are palettes; mixed searches the best mix",
    ),
  recipe: Recipe.optional().describe("which weight gets which encoding, in place of quantize"),
  compute: z
    .enum(["all", "gpu", "ane"])
    .default("all")
    .describe("where the package is meant to run: decides which encodings int8, int4 and mixed use"),
  context: z
    .number()
    .int()
    .positive()
    .max(1 << 20)
    .optional()
    .describe("tokens of prompt and answer together; default what the model allows, at most 2048"),
  prefill: z
    .number()
    .int()
    .min(2)
    .max(1 << 15)
    .default(64)
    .describe("tokens that the prefill function reads in one call (stateful)"),
  length: z
    .enum(["ranged", "fixed"])
    .default("ranged")
    .describe("stateless: any number of tokens up to the context, or always the context with padding"),
  names: z
    .enum(Object.keys(FEATURE_NAMES) as [keyof typeof FEATURE_NAMES, ...(keyof typeof FEATURE_NAMES)[]])
    .default("pippin")
    .describe("names of inputs and outputs: input_ids … or, as swift-transformers expects them, inputIds …"),
  overflow: z
    .enum(["saturate", "error"])
    .default("saturate")
    .describe("a weight beyond the range of fp16: write the largest number and warn, or stop"),
  chunkHashes: z.boolean().default(true).describe("record the sha256 of each 8 MiB piece of the weight file"),
});
export type CoremlOptions = z.infer<typeof CoremlOptions>;

/** Options of compressing a package that exists. */
export const RecompressOptions = CoremlOptions.pick({
  recipe: true,
  compute: true,
  chunkHashes: true,
}).extend({
  quantize: z
    .enum(PRESETS)
    .default("int8")
    .describe(
      "encoding of the weights: int8 has a scale for each row, int4 (ios18) one for each block of 32, lut4 and lut6 are palettes",
    ),
});
export type RecompressOptions = z.infer<typeof RecompressOptions>;
