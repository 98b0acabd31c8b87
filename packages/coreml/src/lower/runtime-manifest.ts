import type {
  ManifestFeature,
  ManifestFunction,
  ManifestState,
  PlanInput,
  RuntimeManifest,
} from "@pippin/core";
import type { DecoderSpec, WeightSet } from "@pippin/decoder";
import type { Choices } from "./choices.ts";
import { layerOutputName } from "./layers.ts";
import { NORM_FORM } from "./norm.ts";
import { cacheShape } from "./stateful.ts";

/** Says how to drive the package: the description, the functions and every driver follow it. */
export function runtimeManifest(input: PlanInput<DecoderSpec, WeightSet>, choices: Choices): RuntimeManifest {
  const { spec, facts } = input;
  const functions =
    choices.program === "stateful" ? statefulFunctions(spec, choices) : [statelessOnly(spec, choices)];
  return {
    version: 1,
    backend: "coreml",
    program: choices.program,
    model: {
      source: facts.name,
      ...(facts.revision === undefined ? {} : { revision: facts.revision }),
      ...(facts.license === undefined ? {} : { license: facts.license }),
      family: spec.family,
      vocabSize: spec.vocabSize,
    },
    contextLength: choices.context,
    packages: [`${input.name}.mlpackage`],
    functions,
    defaultFunction: functions[0]!.name,
    states: choices.program === "stateful" ? cacheStates(spec, choices) : [],
    mask: choices.program === "stateful" ? "internal" : "attentionMask",
    stopTokens: [...facts.stopTokens],
    normForm: NORM_FORM,
    quantization: choices.quantization,
    layerOutputs: spec.layers.map((_, layer) => layerOutputName(layer)),
  };
}

function statefulFunctions(spec: DecoderSpec, { names, prefill }: Choices): ManifestFunction[] {
  const position: ManifestFeature = { name: names.position, role: "position", dtype: "I32", shape: [1] };
  const lastToken: ManifestFeature = { name: names.lastToken, role: "lastToken", dtype: "I32", shape: [1] };
  const tokens = (count: number): ManifestFeature => ({
    name: names.tokens,
    role: "tokens",
    dtype: "I32",
    shape: [1, count],
  });
  const outputs = [logits(spec, names.logits, 1)];
  return [
    {
      name: "decode",
      tokens: 1,
      padding: "none",
      logitsRows: "last",
      inputs: [tokens(1), position],
      outputs,
    },
    {
      name: "prefill",
      tokens: prefill,
      padding: "right",
      logitsRows: "last",
      inputs: [tokens(prefill), position, lastToken],
      outputs,
    },
  ];
}

function statelessOnly(spec: DecoderSpec, { names, context, length }: Choices): ManifestFunction {
  const count = length === "fixed" ? context : null;
  return {
    name: "main",
    tokens: length === "fixed" ? context : { min: 1, max: context },
    padding: "right",
    logitsRows: "all",
    inputs: [
      { name: names.tokens, role: "tokens", dtype: "I32", shape: [1, count] },
      { name: names.attentionMask, role: "attentionMask", dtype: "I32", shape: [1, count] },
    ],
    outputs: [logits(spec, names.logits, count)],
  };
}

function logits(spec: DecoderSpec, name: string, rows: number | null): ManifestFeature {
  return { name, role: "logits", dtype: "F16", shape: [1, rows, spec.vocabSize] };
}

function cacheStates(spec: DecoderSpec, { names, slots }: Choices): ManifestState[] {
  const shape = cacheShape(spec, slots);
  const layout: ManifestState["layout"] = ["layer", "kvHead", "position", "headDim"];
  return [
    { name: names.keyCache, role: "keyCache", dtype: "F16", shape, layout },
    { name: names.valueCache, role: "valueCache", dtype: "F16", shape, layout },
  ];
}
