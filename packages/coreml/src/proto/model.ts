import { mapOfStrings, message, messages, type Schema, type SchemaOf, scalar, scalars } from "./codec.ts";
import { PROGRAM, type Program } from "./mil.ts";

// Model.proto and FeatureTypes.proto of Core ML, the messages an ML Program of a language model needs.

/** `ArrayFeatureType.ArrayDataType`: 0x10000 or 0x20000 (float or int) plus the bits. */
export const ARRAY_DATA_TYPE = {
  FLOAT16: 65552,
  FLOAT32: 65568,
  FLOAT64: 65600,
  INT8: 131080,
  INT32: 131104,
} as const;

export interface ArrayFeatureType {
  shape: number[];
  dataType?: number;
  enumeratedShapes?: { shapes: { shape: number[] }[] };
  shapeRange?: { sizeRanges: { lowerBound?: number; upperBound?: number }[] };
}
export interface FeatureType {
  multiArrayType?: ArrayFeatureType;
  stateType?: { arrayType?: ArrayFeatureType };
}
export interface FeatureDescription {
  name?: string;
  shortDescription?: string;
  type?: FeatureType;
}
export interface FunctionDescription {
  name?: string;
  input: FeatureDescription[];
  output: FeatureDescription[];
  state: FeatureDescription[];
}
export interface Metadata {
  shortDescription?: string;
  versionString?: string;
  author?: string;
  license?: string;
  userDefined: Map<string, string>;
}
export interface ModelDescription {
  input: FeatureDescription[];
  output: FeatureDescription[];
  state: FeatureDescription[];
  functions: FunctionDescription[];
  defaultFunctionName?: string;
  metadata?: Metadata;
}
export interface Model {
  specificationVersion?: number;
  description?: ModelDescription;
  pipeline?: { models: Model[]; names: string[] };
  mlProgram?: Program;
}

const shape: Schema = { shape: scalars(1, "int64") };
const enumeratedShapes: Schema = { shapes: messages(1, () => shape) };
const sizeRange: Schema = { lowerBound: scalar(1, "uint64"), upperBound: scalar(2, "int64") };
const shapeRange: Schema = { sizeRanges: messages(1, () => sizeRange) };
const arrayFeatureType: SchemaOf<ArrayFeatureType> = {
  shape: scalars(1, "int64"),
  dataType: scalar(2, "int32"),
  enumeratedShapes: message(21, () => enumeratedShapes),
  shapeRange: message(31, () => shapeRange),
};
const stateFeatureType: Schema = { arrayType: message(1, () => arrayFeatureType) };
const featureType: SchemaOf<FeatureType> = {
  multiArrayType: message(5, () => arrayFeatureType),
  stateType: message(8, () => stateFeatureType),
};
const featureDescription: SchemaOf<FeatureDescription> = {
  name: scalar(1, "string"),
  shortDescription: scalar(2, "string"),
  type: message(3, () => featureType),
};
const functionDescription: SchemaOf<FunctionDescription> = {
  name: scalar(1, "string"),
  input: messages(2, () => featureDescription),
  output: messages(3, () => featureDescription),
  state: messages(6, () => featureDescription),
};
const metadata: SchemaOf<Metadata> = {
  shortDescription: scalar(1, "string"),
  versionString: scalar(2, "string"),
  author: scalar(3, "string"),
  license: scalar(4, "string"),
  userDefined: mapOfStrings(100),
};
const modelDescription: SchemaOf<ModelDescription> = {
  input: messages(1, () => featureDescription),
  output: messages(10, () => featureDescription),
  state: messages(13, () => featureDescription),
  functions: messages(20, () => functionDescription),
  defaultFunctionName: scalar(21, "string"),
  metadata: message(100, () => metadata),
};
const pipeline: Schema = { models: messages(1, () => MODEL), names: scalars(2, "string") };

export const MODEL: SchemaOf<Model> = {
  specificationVersion: scalar(1, "int32"),
  description: message(2, () => modelDescription),
  pipeline: message(202, () => pipeline),
  mlProgram: message(502, () => PROGRAM),
};
