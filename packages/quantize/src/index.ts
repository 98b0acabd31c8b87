export type { ErrorFigures, MlcMode } from "@pippin/kernels";
export type { MatrixShape, QuantizeOptions } from "./check.ts";
export { Encoding, LinearEncoding, MlcEncoding } from "./encoding.ts";
export type { QuantizeErrorCode } from "./errors.ts";
export { dequantizeLinear, type LinearWeight, type QuantizedLinear, quantizeLinear } from "./linear.ts";
export { type MlcOptions, type MlcWeight, quantizeGroups } from "./mlc.ts";
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
export { encodedBytes } from "./recipe/bytes.ts";
export { encodingName, parseEncodingName, type Storage } from "./recipe/names.ts";
export { type Compute, PRESETS, type Preset, presetRecipe } from "./recipe/presets.ts";
export {
  encodingOf,
  Recipe,
  type RecipeInput,
  type RecipeWeight,
  type Refusal,
  unusedRules,
} from "./recipe/recipe.ts";
