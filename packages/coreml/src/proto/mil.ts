import {
  mapOf,
  message,
  messages,
  type Scalar,
  type Schema,
  type SchemaOf,
  scalar,
  scalars,
} from "./codec.ts";

// MIL.proto of Core ML (package CoreML.Specification.MILSpec), the messages a program needs.

/** Element types of MIL values, with their numbers in `MIL.proto`. */
export const DATA_TYPE = {
  BOOL: 1,
  STRING: 2,
  FLOAT16: 10,
  FLOAT32: 11,
  FLOAT64: 12,
  BFLOAT16: 13,
  INT8: 21,
  INT16: 22,
  INT32: 23,
  INT64: 24,
  INT4: 25,
  UINT8: 31,
  UINT16: 32,
  UINT32: 33,
  UINT64: 34,
  UINT4: 35,
  UINT2: 36,
  UINT1: 37,
  UINT6: 38,
  UINT3: 39,
  FLOAT8E4M3FN: 40,
  FLOAT8E5M2: 41,
} as const;
export type DataTypeName = keyof typeof DATA_TYPE;

export interface Dimension {
  constant?: { size?: number };
  unknown?: { variadic?: boolean };
}
export interface TensorType {
  dataType?: number;
  rank?: number;
  dimensions: Dimension[];
}
export interface ValueType {
  tensorType?: TensorType;
  listType?: { type?: ValueType; length?: Dimension };
  tupleType?: { types: ValueType[] };
  stateType?: { wrappedType?: ValueType };
}
export interface TensorValue {
  floats?: { values: ArrayLike<number> };
  ints?: { values: ArrayLike<number> };
  bools?: { values: ArrayLike<boolean> };
  strings?: { values: string[] };
  longInts?: { values: ArrayLike<number> };
  doubles?: { values: ArrayLike<number> };
  bytes?: { values?: Uint8Array };
}
export interface Value {
  type?: ValueType;
  immediateValue?: { tensor?: TensorValue; tuple?: { values: Value[] }; list?: { values: Value[] } };
  blobFileValue?: { fileName?: string; offset?: number };
}
export interface Binding {
  name?: string;
  value?: Value;
}
export interface NamedValueType {
  name?: string;
  type?: ValueType;
}
export interface Operation {
  type?: string;
  inputs: Map<string, { arguments: Binding[] }>;
  outputs: NamedValueType[];
  blocks: Block[];
  attributes: Map<string, Value>;
}
export interface Block {
  inputs: NamedValueType[];
  outputs: string[];
  operations: Operation[];
}
export interface MilFunction {
  inputs: NamedValueType[];
  opset?: string;
  block_specializations: Map<string, Block>;
}
export interface Program {
  version?: number;
  functions: Map<string, MilFunction>;
}

const Size: Schema = { size: scalar(1, "uint64") };
const Variadic: Schema = { variadic: scalar(1, "bool") };
const dimension: SchemaOf<Dimension> = {
  constant: message(1, () => Size),
  unknown: message(2, () => Variadic),
};
const tensorType: SchemaOf<TensorType> = {
  dataType: scalar(1, "int32"),
  rank: scalar(2, "int64"),
  dimensions: messages(3, () => dimension),
};
const listType: Schema = { type: message(1, () => valueType), length: message(2, () => dimension) };
const tupleType: Schema = { types: messages(1, () => valueType) };
const stateType: Schema = { wrappedType: message(1, () => valueType) };
const valueType: SchemaOf<ValueType> = {
  tensorType: message(1, () => tensorType),
  listType: message(2, () => listType),
  tupleType: message(3, () => tupleType),
  stateType: message(5, () => stateType),
};
const repeatedOf = (type: Scalar): Schema => ({ values: scalars(1, type) });
const floats = repeatedOf("float");
const ints = repeatedOf("int32");
const bools = repeatedOf("bool");
const strings = repeatedOf("string");
const longInts = repeatedOf("int64");
const doubles = repeatedOf("double");
const rawBytes: Schema = { values: scalar(1, "bytes") };
const tensorValue: SchemaOf<TensorValue> = {
  floats: message(1, () => floats),
  ints: message(2, () => ints),
  bools: message(3, () => bools),
  strings: message(4, () => strings),
  longInts: message(5, () => longInts),
  doubles: message(6, () => doubles),
  bytes: message(7, () => rawBytes),
};
const valueList: Schema = { values: messages(1, () => value) };
const immediateValue: Schema = {
  tensor: message(1, () => tensorValue),
  tuple: message(2, () => valueList),
  list: message(3, () => valueList),
};
const blobFileValue: Schema = { fileName: scalar(1, "string"), offset: scalar(2, "uint64") };
const value: SchemaOf<Value> = {
  type: message(2, () => valueType),
  immediateValue: message(3, () => immediateValue),
  blobFileValue: message(5, () => blobFileValue),
};
const binding: SchemaOf<Binding> = { name: scalar(1, "string"), value: message(2, () => value) };
const argument: Schema = { arguments: messages(1, () => binding) };
const namedValueType: SchemaOf<NamedValueType> = {
  name: scalar(1, "string"),
  type: message(2, () => valueType),
};
const operation: SchemaOf<Operation> = {
  type: scalar(1, "string"),
  inputs: mapOf(2, () => argument),
  outputs: messages(3, () => namedValueType),
  blocks: messages(4, () => block),
  attributes: mapOf(5, () => value),
};
const block: SchemaOf<Block> = {
  inputs: messages(1, () => namedValueType),
  outputs: scalars(2, "string"),
  operations: messages(3, () => operation),
};
const milFunction: SchemaOf<MilFunction> = {
  inputs: messages(1, () => namedValueType),
  opset: scalar(2, "string"),
  block_specializations: mapOf(3, () => block),
};

export const PROGRAM: SchemaOf<Program> = {
  version: scalar(1, "int64"),
  functions: mapOf(2, () => milFunction),
};
