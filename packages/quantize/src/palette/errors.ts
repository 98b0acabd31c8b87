/** Codes thrown by the palettes of `@pippin/quantize`. */
export type PaletteErrorCode =
  /** There is nothing to make a palette of. */
  | "QUANTIZE_PALETTE_EMPTY"
  /** A weight is an infinity or NaN. */
  | "QUANTIZE_PALETTE_NOT_FINITE"
  /** The rows do not divide into groups of that size. */
  | "QUANTIZE_PALETTE_GROUP_SIZE"
  /** Codes, indices or tables do not have the sizes that the shape asks for. */
  | "QUANTIZE_PALETTE_SHAPE";
