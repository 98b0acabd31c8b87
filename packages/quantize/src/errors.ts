/** Codes thrown by `@pippin/quantize`. */
export type QuantizeErrorCode =
  /** The array and the stated shape do not fit together, or the shape is no matrix or empty. */
  | "QUANTIZE_SHAPE_INVALID"
  /** A weight holds NaN, an infinity, or a value that the mode's dtype cannot hold. */
  | "QUANTIZE_WEIGHT_NOT_FINITE"
  /** A recipe is not of the known form, or names an encoding that does not exist. */
  | "QUANTIZE_RECIPE_INVALID"
  /** No encoding that a recipe gives a weight fits its shape and the target. */
  | "QUANTIZE_RECIPE_UNFIT";
