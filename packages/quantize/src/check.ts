import { PippinError } from "@pippin/core";
import type { QuantizeErrorCode } from "./errors.ts";

/** Rows and columns. */
export type MatrixShape = readonly [rows: number, cols: number];

export interface QuantizeOptions {
  /** What messages call the weight. */
  readonly name?: string | undefined;
}

/** @throws PippinError `QUANTIZE_SHAPE_INVALID`. */
export function checkShape(name: string, length: number, shape: MatrixShape): void {
  const [rows, cols] = shape;
  const sizes = [rows, cols].every((size) => Number.isSafeInteger(size) && size >= 0);
  if (sizes && rows * cols === length && length > 0) return;
  throw new PippinError<QuantizeErrorCode>("QUANTIZE_SHAPE_INVALID", {
    message:
      length === 0
        ? `weight ${name} is empty`
        : `weight ${name} has ${length} elements, which are no matrix [${shape}]`,
    hint: "Pass the elements of one matrix, row by row, with its rows and columns.",
    details: { weight: name, length, shape },
  });
}

/** @throws PippinError `QUANTIZE_WEIGHT_NOT_FINITE`, always. */
export function notFinite(name: string, index: number, value: number, hint: string): never {
  throw new PippinError<QuantizeErrorCode>("QUANTIZE_WEIGHT_NOT_FINITE", {
    message: `weight ${name} holds ${value} at element ${index}`,
    hint,
    details: { weight: name, index, value: String(value) },
  });
}
