import { PippinError } from "@pippin/core";
import { type CodeHistogram, type FitOptions, fitTable, type IndexBits, type Palette } from "@pippin/kernels";
import type { PaletteErrorCode } from "./errors.ts";

/**
 * The look-up table with the least squared error for the codes of a histogram, up to the rounding of its entries to
 * F16; see `fitTable` of `@pippin/kernels`.
 *
 * @throws PippinError `QUANTIZE_PALETTE_EMPTY`.
 */
export function fitPalette(histogram: CodeHistogram, bits: IndexBits, options: FitOptions = {}): Palette {
  const distinct = histogram.distinct();
  if (distinct.values.length === 0) {
    throw new PippinError<PaletteErrorCode>("QUANTIZE_PALETTE_EMPTY", {
      message: "the histogram is empty, so there is nothing to fit a palette to",
      hint: "Add the codes of the weights first.",
    });
  }
  return fitTable(distinct, bits, options);
}
