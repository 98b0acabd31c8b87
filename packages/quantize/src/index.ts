export type { ErrorFigures, FitOptions, MlcMode, Palette } from "@pippin/kernels";
export { encodeIndices } from "@pippin/kernels";
export type { MatrixShape, QuantizeOptions } from "./check.ts";
export { Encoding, LinearEncoding, MlcEncoding } from "./encoding.ts";
export type { QuantizeErrorCode } from "./errors.ts";
export { dequantizeLinear, type LinearWeight, type QuantizedLinear, quantizeLinear } from "./linear.ts";
export { type MlcOptions, type MlcWeight, quantizeGroups } from "./mlc.ts";
export { PaletteEncoding } from "./palette/encoding.ts";
export type { PaletteErrorCode } from "./palette/errors.ts";
export { fitPalette } from "./palette/fit.ts";
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
  type MatrixEncoding,
  Recipe,
  type RecipeInput,
  type RecipeWeight,
  type Refusal,
  unusedRules,
} from "./recipe/recipe.ts";
