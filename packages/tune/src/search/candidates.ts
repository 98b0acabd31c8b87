import { isPippinError } from "@pippin/core";
import type { Decoder, WeightRole } from "@pippin/decoder";
import { ownGrid } from "@pippin/kernels";
import { encodedBytes, encodingOf, type MatrixEncoding, Recipe } from "@pippin/quantize";

/** What a search chooses from, best first where two are alike. */
export const CANDIDATES = [
  ...["grid", "int8", "lut6/16", "uint4/32", "uint4/64", "lut4/4", "lut4/16", "lut3/4", "lut3/16"],
] as const;

/** One way to store one weight. */
export interface Candidate {
  readonly encoding: string;
  /** `undefined`: F16. */
  readonly stored: MatrixEncoding | undefined;
  readonly bytes: number;
}

/** The encodings that fit a weight; F16 alone where none does, or where it is too small to gain. */
export function candidatesOf({ weights }: Decoder, role: WeightRole, names: readonly string[]): Candidate[] {
  const expr = weights.expr(role);
  const weight = { role, shape: expr.shape, grid: ownGrid(expr) };
  const fitting = names.flatMap((encoding): Candidate[] => {
    try {
      const stored = encodingOf(Recipe.parse({ default: encoding }), weight);
      return stored === undefined ? [] : [{ encoding, stored, bytes: encodedBytes(expr.shape, stored) }];
    } catch (error) {
      if (isPippinError(error) && error.code === "QUANTIZE_RECIPE_UNFIT") return [];
      throw error;
    }
  });
  const whole = { encoding: "fp16", stored: undefined, bytes: encodedBytes(expr.shape, undefined) };
  return fitting.length > 0 ? fitting : [whole];
}
