import type { RuntimeManifest } from "@pippin/core";
import { type DecoderSpec, readDecoderSpec } from "@pippin/decoder";
import type { Candidate } from "../../src/candidate.ts";
import type { Device } from "../../src/devices.ts";
import { modelFigures } from "../../src/figures.ts";
import type { PlanInput } from "../../src/plan.ts";
import { CONFIGS, type ModelName } from "./configs.ts";

export function specOf(name: ModelName): DecoderSpec {
  return readDecoderSpec(CONFIGS[name]);
}

/** A stateful manifest as the Core ML backend writes it. */
export function manifestOf(spec: DecoderSpec, context = 2048, prefill = 64): RuntimeManifest {
  const { numKeyValueHeads, headDim } = spec.layers[0]!.mixer;
  const slots = Math.ceil(context / 32) * 32;
  const calls = [
    ["decode", 1],
    ["prefill", prefill],
  ] as const;
  return {
    version: 1,
    ...{ backend: "coreml", program: "stateful", mask: "internal", normForm: "max", quantization: "none" },
    model: { source: "a model", family: spec.family, vocabSize: spec.vocabSize },
    contextLength: context,
    packages: ["model.mlpackage"],
    functions: calls.map(([name, tokens]) => ({
      ...{ name, tokens, padding: "right", logitsRows: "last", outputs: [] },
      inputs: [{ name: "input_ids", role: "tokens", dtype: "I32", shape: [1, tokens] }],
    })),
    defaultFunction: "decode",
    states: (["keyCache", "valueCache"] as const).map((role) => ({
      ...{ name: role, role, dtype: "F16", shape: [spec.layers.length, numKeyValueHeads, slots, headDim] },
      layout: ["layer", "kvHead", "position", "headDim"],
    })),
    stopTokens: [],
  };
}

/** A candidate with so many bits a weight. */
export function candidateOf(
  spec: DecoderSpec,
  encoding: string,
  bits: number,
  more: Partial<Candidate> = {},
): Candidate {
  return {
    ...{ encoding, engine: "coreml-gpu", options: { quantize: encoding, compute: "gpu" } },
    outputBytes: Math.round((modelFigures(spec).parameters.total * bits) / 8),
    manifest: manifestOf(spec),
    unpacking: bits === 16 ? "none" : "possible",
    ...more,
  };
}

/** fp16, int8 and int4 for the GPU, and a palette for the Neural Engine. */
export function inputOf(name: ModelName, more: Partial<PlanInput> = {}): PlanInput {
  const spec = specOf(name);
  const ane = {
    engine: "coreml-ane",
    options: { quantize: "lut4", compute: "ane" },
    unpacking: "none" as const,
  };
  const candidates = [
    candidateOf(spec, "none", 16),
    candidateOf(spec, "int8", 8),
    candidateOf(spec, "int4", 4.8),
    candidateOf(spec, "lut4", 4.4, ane),
  ];
  return {
    spec,
    facts: { name: `ORG/${name}`, revision: "0123abc" },
    backend: "coreml",
    candidates,
    ...more,
  };
}

/** A phone of which everything is known. */
export function deviceOf(limitBytes: number, entitledBytes: number, more: Partial<Device> = {}): Device {
  return {
    ...{ id: "a-phone", name: "A phone", kind: "iphone", identifiers: [], chip: "A17 Pro", memoryBytes: 8e9 },
    limit: { kind: "measured", bytes: limitBytes, source: "a test" },
    entitledLimit: { kind: "measured", bytes: entitledBytes, source: "a test" },
    ...more,
  };
}
