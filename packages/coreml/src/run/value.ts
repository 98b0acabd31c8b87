import { coremlError } from "../errors.ts";
import type { DataTypeName } from "../proto/mil.ts";

/** What operations compute on: floats in single precision, integers in 32 bits, booleans as 0 and 1. */
export type Data = Float32Array | Int32Array | Uint8Array;

/** A tensor at run time, row-major. Kernels never write into their inputs. */
export interface Tensor {
  readonly shape: readonly number[];
  readonly data: Data;
}

export type Kind = "float" | "int" | "bool";

export function kindOf(dtype: DataTypeName): Kind {
  if (dtype === "FLOAT16" || dtype === "FLOAT32") return "float";
  return dtype === "BOOL" ? "bool" : "int";
}

export function newData(kind: Kind, count: number): Data {
  if (kind === "float") return new Float32Array(count);
  return kind === "int" ? new Int32Array(count) : new Uint8Array(count);
}

/** An array of the same kind. */
export function like(data: Data, count: number): Data {
  if (data instanceof Float32Array) return new Float32Array(count);
  return data instanceof Int32Array ? new Int32Array(count) : new Uint8Array(count);
}

export function sizeOf(shape: readonly number[]): number {
  let size = 1;
  for (const each of shape) size *= each;
  return size;
}

/** Steps between neighbors along each axis. */
export function stridesOf(shape: readonly number[]): number[] {
  const strides = new Array<number>(shape.length).fill(1);
  for (let axis = shape.length - 2; axis >= 0; axis--) strides[axis] = strides[axis + 1]! * shape[axis + 1]!;
  return strides;
}

export function normalAxis(axis: number, rank: number): number {
  return axis < 0 ? axis + rank : axis;
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
