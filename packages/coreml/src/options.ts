import { z } from "zod";
import { ENCODINGS } from "./lower/encodings.ts";
import { FEATURE_NAMES } from "./lower/feature-names.ts";

/** What a target system reads (source: coremltools' opset table). */
export const TARGETS = {
  ios16: { specificationVersion: 7, opset: "CoreML6" },
  ios17: { specificationVersion: 8, opset: "CoreML7" },
  ios18: { specificationVersion: 9, opset: "CoreML8" },
  ios26: { specificationVersion: 10, opset: "CoreML9" },
} as const;
export type Target = keyof typeof TARGETS;

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
      "encoding of the weights: none is fp16; int8 has a scale for each row; int4 (iOS 18) one for each block of 32, and int8 for embedding and head",
    ),
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
