import type { CalibrationTarget } from "./target.ts";

/** What calibration did to one matrix. */
export interface CalibratedMatrix {
  readonly role: string;
  readonly shape: readonly [rows: number, columns: number];
  readonly target: CalibrationTarget;
  /** `plain`: compensation did not help. */
  readonly method: "compensated" | "plain";
  /** Mean squared error of the product's output per token, summed over its rows: rounded to nearest, and calibrated. */
  readonly error: { readonly plain: number; readonly result: number };
}

export interface CalibrationReport {
  readonly tokens: number;
  readonly matrices: readonly CalibratedMatrix[];
  /** Layers that an earlier run had finished. */
  readonly reused: number;
}
