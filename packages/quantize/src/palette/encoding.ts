import { z } from "zod";

const bits = z.union([z.literal(1), z.literal(2), z.literal(3), z.literal(4), z.literal(6), z.literal(8)]);

/**
 * Weights as indices into look-up tables of 2^bits F16 values: Core ML's `constexpr_lut_to_dense`. One table for the
 * tensor (iOS 16; 3 bits: iOS 18), or one for each `groupSize` output rows (iOS 18).
 */
export const PaletteEncoding = z.discriminatedUnion("granularity", [
  z.object({ kind: z.literal("palette"), bits, granularity: z.literal("per_tensor") }),
  z.object({
    kind: z.literal("palette"),
    bits,
    granularity: z.literal("per_grouped_channel"),
    /** Output rows that share a table. 32 is coremltools' default. */
    groupSize: z.int().min(1).max(64).default(32),
  }),
]);
export type PaletteEncoding = z.infer<typeof PaletteEncoding>;
