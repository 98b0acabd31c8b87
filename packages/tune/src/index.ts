export { type Calibrated, type CalibrateOptions, calibrate } from "./calibrate/calibrate.ts";
export { CALIBRATION_TEXT } from "./calibrate/calibration-text.ts";
export {
  type Compensated,
  type CompensateOptions,
  compensate,
  DEFAULT_SEARCH,
} from "./calibrate/compensate.ts";
export type { CalibrateErrorCode, CalibrateWarningCode } from "./calibrate/errors.ts";
export { DEFAULT_DAMPING, factorHessian, type HessianFactor } from "./calibrate/factor.ts";
export { Hessian } from "./calibrate/hessian.ts";
export { type Products, plainProducts } from "./calibrate/products.ts";
export type { CalibratedMatrix, CalibrationReport } from "./calibrate/report.ts";
export { NO_SEARCH, type ScaleSearch } from "./calibrate/rounder.ts";
export { type SampleWindowsOptions, sampleWindows } from "./calibrate/samples.ts";
export type {
  CalibrationMatrix,
  CalibrationTarget,
  GridWeight,
  LinearTarget,
  PaletteTarget,
} from "./calibrate/target.ts";
export type { TuneErrorCode } from "./errors.ts";
export { CANDIDATES } from "./search/candidates.ts";
export { type Choice, chooseWithin, type WeightChoices } from "./search/choose.ts";
export { measureSensitivity, type Sensitivity, type SensitivityOptions } from "./search/measure.ts";
export { bytesFor, chooseRecipe, leastBytes, type Mix } from "./search/recipe.ts";
