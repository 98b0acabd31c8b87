import { PippinError } from "@pippin/core";
import { byteLengthOf, elementCount } from "./dtype.ts";
import type { KernelsErrorCode } from "./errors.ts";
import type { PartSource } from "./weight-expr.ts";

/** Checks that a source's byte length is what dtype and shape say. */
export function checkSource(source: PartSource, name: string): void {
  if (source.inline !== undefined && source.inline.byteLength !== source.byteLength) {
    throw exprInvalid(name, `a part of ${source.byteLength} bytes comes as ${source.inline.byteLength}`);
  }
  const expected = byteLengthOf(source.dtype, elementCount(source.shape));
  const counts = [source.byteOffset, source.byteLength, ...source.shape];
  if (!counts.every(isCount) || expected !== source.byteLength) {
    throw exprInvalid(
      name,
      `${source.dtype} [${source.shape}] takes ${expected} bytes, its source has ${source.byteLength}`,
    );
  }
}

export function isCount(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

export function exprInvalid(name: string, reason: string): PippinError<KernelsErrorCode> {
  return new PippinError("KERNELS_EXPR_INVALID", {
    message: `weight ${name}: ${reason}`,
    hint: "The model's files and its config disagree; check that both are of the same revision.",
    details: { weight: name, reason },
  });
}
