import { PippinError, type PippinErrorOptions } from "@pippin/core";

/** Codes thrown by the calibration of `@pippin/tune`. */
export type CalibrateErrorCode =
  /** Inputs of a matrix product hold NaN or an infinity: the model overflowed on the calibration text. */
  | "TUNE_HESSIAN_NOT_FINITE"
  /** A matrix, its Hessian and its target do not fit each other. */
  | "TUNE_CALIBRATION_SHAPE"
  /** There is no text to calibrate on. */
  | "TUNE_CALIBRATION_EMPTY"
  /** A role to calibrate is no matrix of the model's layers. */
  | "TUNE_CALIBRATION_ROLE";

export function calibrateError(
  code: CalibrateErrorCode,
  options: PippinErrorOptions,
): PippinError<CalibrateErrorCode> {
  return new PippinError(code, options);
}

/** Codes of warnings. */
export type CalibrateWarningCode =
  /** There are fewer tokens than columns of a matrix: some directions of its inputs are never seen. */
  "TUNE_CALIBRATION_SHORT";
