import { coremlError } from "../errors.ts";
import { DATA_TYPE, type DataTypeName, type TensorType, type ValueType } from "../proto/mil.ts";

/** A size, or `null` where it is only known at run time. */
export type Dim = number | null;
export type Shape = readonly Dim[];

/** Type of a MIL tensor value; rank 0 is a scalar. */
export interface MilType {
  readonly dtype: DataTypeName;
  readonly shape: Shape;
}

const NAME_OF = new Map<number, DataTypeName>(
  Object.entries(DATA_TYPE).map(([name, number]) => [number, name as DataTypeName]),
);

/** Bits of one element; strings have none. */
export const BITS: Readonly<Record<Exclude<DataTypeName, "STRING">, number>> = {
  BOOL: 8,
  FLOAT16: 16,
  FLOAT32: 32,
  FLOAT64: 64,
  BFLOAT16: 16,
  INT8: 8,
  INT16: 16,
  INT32: 32,
  INT64: 64,
  INT4: 4,
  UINT8: 8,
  UINT16: 16,
  UINT32: 32,
  UINT64: 64,
  UINT4: 4,
  UINT2: 2,
  UINT1: 1,
  UINT6: 6,
  UINT3: 3,
  FLOAT8E4M3FN: 8,
  FLOAT8E5M2: 8,
};

export function tensorType(dtype: DataTypeName, shape: Shape): ValueType {
  const dimensions = shape.map((size) => (size === null ? { unknown: {} } : { constant: { size } }));
  return { tensorType: { dataType: DATA_TYPE[dtype], rank: shape.length, dimensions } };
}

export function stateType(dtype: DataTypeName, shape: Shape): ValueType {
  return { stateType: { wrappedType: tensorType(dtype, shape) } };
}

/**
 * The tensor type inside a value type; states are unwrapped.
 *
 * @throws PippinError `COREML_PROGRAM_INVALID` for tuples, lists, unknown element types and wrong ranks.
 */
export function milTypeOf(type: ValueType | undefined, what: string): MilType {
  const tensor = type?.stateType?.wrappedType?.tensorType ?? type?.tensorType;
  if (tensor === undefined) throw invalid(`${what} is not a tensor`);
  const dtype = NAME_OF.get(tensor.dataType ?? 0);
  if (dtype === undefined) throw invalid(`${what} has the unknown element type ${tensor.dataType}`);
  return { dtype, shape: shapeOf(tensor, what) };
}

function shapeOf(tensor: TensorType, what: string): Shape {
  if ((tensor.rank ?? 0) !== tensor.dimensions.length) {
    throw invalid(`${what} has rank ${tensor.rank ?? 0} but ${tensor.dimensions.length} dimensions`);
  }
  return tensor.dimensions.map((dimension) => (dimension.constant ? (dimension.constant.size ?? 0) : null));
}

/**
 * Elements of a shape that must be known.
 *
 * @throws PippinError `COREML_PROGRAM_INVALID` for unknown dimensions and implausible products.
 */
export function countOf(shape: Shape, what: string): number {
  let count = 1;
  for (const size of shape) {
    if (size === null) throw invalid(`${what} has an unknown dimension`);
    count *= size;
  }
  if (!Number.isSafeInteger(count)) throw invalid(`${what} has an implausible shape [${shape.join(", ")}]`);
  return count;
}

/** Bytes of `count` elements; types below a byte are packed into one stream. */
export function packedBytes(dtype: Exclude<DataTypeName, "STRING">, count: number): number {
  return Math.ceil((count * BITS[dtype]) / 8);
}

function invalid(message: string) {
  return coremlError("COREML_PROGRAM_INVALID", {
    message: `the program is malformed: ${message}`,
    hint: "The package is damaged, or a tool wrote it wrongly: convert it again.",
  });
}
