export { PaletteEncoding } from "./palette/encoding.ts";
export type { PaletteErrorCode } from "./palette/errors.ts";
export { type FitOptions, fitPalette, type Palette } from "./palette/fit.ts";
export { encodeIndices } from "./palette/index-table.ts";
export {
  type DepalettizeInput,
  depalettize,
  type Palettized,
  type PalettizeOptions,
  palettize,
} from "./palette/palettize.ts";
