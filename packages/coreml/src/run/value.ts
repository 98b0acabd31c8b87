import { coremlError } from "../errors.ts";
import type { DataTypeName } from "../proto/mil.ts";

/** What operations compute on: floats in single precision, integers in 32 bits, booleans as 0 and 1. */
export type Data = Float32Array | Int32Array | Uint8Array;

/** A tensor at run time, row-major. Kernels never write into their inputs. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Data;
}

/** A value during execution: tensors, and the text of string constants. */
export type RuntimeValue = Tensor | string;

export type Kind = "float" | "int" | "bool";

export function kindOf(dtype: DataTypeName): Kind {
  if (dtype === "FLOAT16" || dtype === "FLOAT32") return "float";
  return dtype === "BOOL" ? "bool" : "int";
}

export function kindOfData(data: Data): Kind {
  if (data instanceof Float32Array) return "float";
  return data instanceof Int32Array ? "int" : "bool";
}

export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (let axis = 0; axis < shape.length; axis++) size *= shape[axis]!;
  return size;
}

/** Steps between neighbors along each axis. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

/** Counts a negative axis from the end. */
export function normalAxis(axis: number, rank: number): number {
  const normal = axis < 0 ? axis + rank : axis;
  if (normal >= 0 && normal < rank) return normal;
  throw invalid(`axis ${axis} of a tensor of rank ${rank}`);
}

export function sameShape(a: readonly number[], b: readonly number[]): boolean {
  if (a.length !== b.length) return false;
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}

export function floats({ data }: Tensor, what: string): Float32Array {
  if (data instanceof Float32Array) return data;
  throw invalid(`${what} takes floats`);
}

export function invalid(reason: string) {
  return coremlError("COREML_PROGRAM_INVALID", {
    message: `the program cannot be executed: ${reason}`,
    hint: "The package is damaged, or a tool wrote it wrongly: convert it again.",
  });
}

/** `what`: the operation, or the form of it, in words that follow "does not execute". */
export function unsupported(what: string) {
  return coremlError("COREML_OP_UNSUPPORTED", {
    message: `this runner does not execute ${what}`,
    hint: "Packages that Pippin converts without quantization run; others can be inspected.",
    details: { operation: what },
  });
}
