import { PippinError, type PippinErrorOptions } from "@pippin/core";

/** Codes thrown by `@pippin/plan`. */
export type PlanErrorCode =
  /** No device of the tables has that id, name or identifier. */
  | "PLAN_DEVICE_UNKNOWN"
  /** The context or the prompt is not a length that the model takes. */
  | "PLAN_LENGTH_INVALID"
  /** There is nothing to plan: no candidate, or no device. */
  | "PLAN_EMPTY";

export function planError(code: PlanErrorCode, options: PippinErrorOptions): PippinError<PlanErrorCode> {
  return new PippinError(code, options);
}
