import { PippinError, type PippinErrorOptions } from "@pippin/core";

/** Codes thrown by the search of `@pippin/tune`; those of calibration are `CalibrateErrorCode`. */
export type TuneErrorCode =
  /** There is no text to measure on. */
  | "TUNE_CALIBRATION_EMPTY"
  /** The original model gives NaN or infinities on the text. */
  | "TUNE_NOT_FINITE"
  /** No mix of the encodings is as small as the budget. */
  | "TUNE_BUDGET_TOO_SMALL";

export function tuneError(code: TuneErrorCode, options: PippinErrorOptions): PippinError<TuneErrorCode> {
  return new PippinError(code, options);
}
