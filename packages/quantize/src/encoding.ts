import { MLC_MODES, type MlcMode } from "@pippin/kernels";
import { z } from "zod";
import { PaletteEncoding } from "./palette/encoding.ts";

/** Integers with a scale, and perhaps an offset, a group: what Core ML's linear quantization stores. */
export const LinearEncoding = z
  .object({
    kind: z.literal("linear"),
    dtype: z.enum(["int4", "int8", "uint4", "uint8"]),
    mode: z.enum(["symmetric", "asymmetric"]).default("symmetric"),
    granularity: z.enum(["per_tensor", "per_channel", "per_block"]),
    /** Elements of a row that share a scale. */
    blockSize: z.int().positive().optional(),
  })
  .refine(({ granularity, blockSize }) => (granularity === "per_block") === (blockSize !== undefined), {
    message: "per_block needs a blockSize, the others have none",
    path: ["blockSize"],
  });
export type LinearEncoding = z.infer<typeof LinearEncoding>;

/** One of MLC-LLM's group formats. */
export const MlcEncoding = z.object({
  kind: z.literal("mlc"),
  mode: z.enum(Object.keys(MLC_MODES) as [MlcMode, ...MlcMode[]]), // the keys are what MlcMode lists
});
export type MlcEncoding = z.infer<typeof MlcEncoding>;

/** How a weight is stored. */
export const Encoding = z.discriminatedUnion("kind", [LinearEncoding, MlcEncoding, PaletteEncoding]);
export type Encoding = z.infer<typeof Encoding>;
