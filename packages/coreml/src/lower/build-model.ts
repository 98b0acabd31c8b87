import type { PlanInput, RuntimeManifest } from "@pippin/core";
import type { DecoderSpec, WeightSet } from "@pippin/decoder";
import type { Segment } from "@pippin/kernels/node";
import { encode } from "../proto/codec.ts";
import type { MilFunction } from "../proto/mil.ts";
import { MODEL, type Model, type ModelDescription } from "../proto/model.ts";
import { BlobPool } from "./blob-pool.ts";
import type { Choices } from "./choices.ts";
import { describeFunction } from "./describe.ts";
import { runtimeManifest } from "./runtime-manifest.ts";
import { statefulFunction } from "./stateful.ts";
import { statelessFunction } from "./stateless.ts";

/** A model ready to be written: its protobuf, and what the weight file will hold. */
export interface BuiltModel {
  readonly manifest: RuntimeManifest;
  /** Content of `model.mlmodel`. */
  readonly model: Uint8Array;
  /** Content of `weight.bin`, in order. */
  readonly weights: readonly Segment[];
  readonly weightBytes: number;
  /** How matrices are stored, in words. */
  readonly encodings: string;
  /** Roles of weights that are rounded a second time, from the grid of their checkpoint to another one. */
  readonly requantized: readonly string[];
  /** Whether weights that lie on grids of their checkpoint all keep them. */
  readonly keepsGrid: boolean;
}

/** Lowers a decoder to an ML Program. Reads shapes, no weights. */
export function buildModel(input: PlanInput<DecoderSpec, WeightSet>, choices: Choices): BuiltModel {
  const manifest = runtimeManifest(input, choices);
  const blobs = new BlobPool(input.weights, choices);
  const functions = new Map<string, MilFunction>();
  for (const fn of manifest.functions)
    functions.set(fn.name, lower(input.spec, blobs, { name: fn.name, choices }));
  const model: Model = {
    specificationVersion: choices.specificationVersion,
    description: describe(input, manifest),
    mlProgram: { version: 1, functions },
  };
  return {
    manifest,
    model: encode(MODEL, model),
    weights: blobs.segments(),
    weightBytes: blobs.byteLength,
    encodings: blobs.summary(),
    requantized: blobs.requantized,
    keepsGrid: blobs.keepsGrid,
  };
}

function lower(
  spec: DecoderSpec,
  blobs: BlobPool,
  { name, choices }: { readonly name: string; readonly choices: Choices },
): MilFunction {
  const { names, opset, slots, context, length, prefill } = choices;
  if (choices.program === "stateless")
    return statelessFunction(spec, blobs, { names, opset, context, length });
  const picksRow = name === "prefill";
  return statefulFunction(spec, blobs, { names, opset, slots, tokens: picksRow ? prefill : 1, picksRow });
}

function describe(input: PlanInput<DecoderSpec, WeightSet>, manifest: RuntimeManifest): ModelDescription {
  const described = manifest.functions.map((fn) => describeFunction(fn, manifest.states));
  const single = described.length === 1 ? described[0]! : undefined;
  return {
    input: single?.input ?? [],
    output: single?.output ?? [],
    state: single?.state ?? [],
    functions: single ? [] : described,
    ...(single ? {} : { defaultFunctionName: manifest.defaultFunction }),
    metadata: {
      shortDescription: `${input.facts.name}: a ${input.spec.family} language model, ${manifest.program}, context of ${manifest.contextLength} tokens`,
      ...(input.facts.license === undefined ? {} : { license: input.facts.license }),
      userDefined: userDefined(input, manifest),
    },
  };
}

/** Keys that Xcode lists under "Additional Metadata". */
function userDefined(
  { spec, facts }: PlanInput<DecoderSpec, WeightSet>,
  manifest: RuntimeManifest,
): Map<string, string> {
  const entries: [string, string | undefined][] = [
    ["pippin.manifest", JSON.stringify(manifest)],
    ["pippin.spec", JSON.stringify(spec)],
    ["pippin.source", facts.name],
    ["pippin.revision", facts.revision],
    ["pippin.contextLength", String(manifest.contextLength)],
    ["pippin.quantization", manifest.quantization],
    ["pippin.chatTemplate", facts.chatTemplate],
    ["pippin.stopTokens", facts.stopTokens.join(",")],
    // The key from which swift-transformers takes the tokenizer's name.
    ["co.huggingface.exporters.name", facts.name],
  ];
  return new Map(entries.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
