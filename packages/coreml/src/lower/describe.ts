import type { ManifestFeature, ManifestFunction, ManifestState } from "@pippin/core";
import {
  ARRAY_DATA_TYPE,
  type ArrayFeatureType,
  type FeatureDescription,
  type FunctionDescription,
} from "../proto/model.ts";

const ARRAY_TYPE = {
  F16: ARRAY_DATA_TYPE.FLOAT16,
  F32: ARRAY_DATA_TYPE.FLOAT32,
  I32: ARRAY_DATA_TYPE.INT32,
} as const;

/** What Xcode shows beside a feature. */
const TEXT: Readonly<Record<ManifestFeature["role"], (fn: ManifestFunction) => string>> = {
  tokens: (fn) =>
    fn.padding === "right"
      ? "Token ids. Unused places at the end hold any id."
      : fn.tokens === 1
        ? "The next token id."
        : "Token ids.",
  position: () => "How many tokens came before: the index of the first token of this call.",
  lastToken: () => "Index within this call of the last real token, whose logits come back.",
  attentionMask: () => "1 for real tokens, 0 for padding, which must follow them.",
  logits: (fn) =>
    fn.logitsRows === "all"
      ? "Scores of the next token after each position, one per vocabulary entry."
      : "Scores of the next token, one per vocabulary entry.",
  keyCache: () => "Keys of the tokens so far; what a call returns is handed to the next one.",
  valueCache: () => "Values of the tokens so far; what a call returns is handed to the next one.",
};

/** The Core ML description of one function, from the manifest: what Xcode and `MLModel` read. */
export function describeFunction(
  fn: ManifestFunction,
  states: readonly ManifestState[],
): FunctionDescription {
  return {
    name: fn.name,
    input: fn.inputs.map((feature) => describeFeature(feature, fn, "input")),
    output: fn.outputs.map((feature) => describeFeature(feature, fn, "output")),
    state: states.map(describeState),
  };
}

function describeFeature(
  feature: ManifestFeature,
  fn: ManifestFunction,
  side: "input" | "output",
): FeatureDescription {
  return {
    name: feature.name,
    shortDescription: TEXT[feature.role](fn),
    type: { multiArrayType: arrayType(feature, fn, side) },
  };
}

function arrayType(
  feature: ManifestFeature,
  fn: ManifestFunction,
  side: "input" | "output",
): ArrayFeatureType {
  const dataType = ARRAY_TYPE[feature.dtype];
  if (!feature.shape.includes(null)) return { shape: feature.shape as number[], dataType };
  // An output whose size follows an input is described by its type alone.
  if (side === "output" || typeof fn.tokens === "number") return { shape: [], dataType };
  const { min, max } = fn.tokens;
  return {
    shape: feature.shape.map((size) => size ?? max),
    dataType,
    shapeRange: {
      sizeRanges: feature.shape.map((size) =>
        size === null ? { lowerBound: min, upperBound: max } : { lowerBound: size, upperBound: size },
      ),
    },
  };
}

function describeState(state: ManifestState): FeatureDescription {
  const shape = state.shape as number[];
  const text = state.role === "keyCache" ? "Keys of all tokens so far." : "Values of all tokens so far.";
  return {
    name: state.name,
    shortDescription: text,
    type: { stateType: { arrayType: { shape, dataType: ARRAY_DATA_TYPE.FLOAT16 } } },
  };
}
