import type { DecoderSpec } from "@pippin/decoder";
import type { Recipe } from "@pippin/quantize";
import { coremlError } from "../errors.ts";
import type { CoremlOptions } from "../options.ts";
import { TARGETS, type Target } from "../targets.ts";
import { recipeOf } from "./encodings.ts";
import { FEATURE_NAMES, type FeatureNames } from "./feature-names.ts";

/** Options with every default resolved against the model. */
export interface Choices {
  readonly program: "stateful" | "stateless";
  readonly target: Target;
  readonly opset: string;
  readonly specificationVersion: number;
  /** Which weight gets which encoding. */
  readonly recipe: Recipe;
  /** What the manifest calls it: `none`, `int4`, … */
  readonly quantization: string;
  readonly compute: CoremlOptions["compute"];
  readonly context: number;
  /** Cache slots: the context rounded up to a multiple of 32, which the Neural Engine asks of state sizes. */
  readonly slots: number;
  readonly prefill: number;
  readonly length: "ranged" | "fixed";
  readonly names: FeatureNames;
  readonly overflow: "saturate" | "error";
  readonly chunkHashes: boolean;
}

const DEFAULT_CONTEXT = 2048;
const STATE_MULTIPLE = 32;

/**
 * Resolves defaults and refuses what cannot be.
 *
 * @throws PippinError `COREML_OPTION_INVALID`, `COREML_SPEC_UNSUPPORTED`.
 */
export function choose(spec: DecoderSpec, options: CoremlOptions): Choices {
  const { program } = options;
  const target = targetOf(options);
  const { opset, specificationVersion } = TARGETS[target];
  if (program === "stateful" && specificationVersion < TARGETS.ios18.specificationVersion) {
    throw optionInvalid(
      `a stateful program needs ios18, the target is ${target}`,
      "Choose --program stateless for older systems, or --target ios18.",
    );
  }
  const context = options.context ?? Math.min(spec.maxPositions, DEFAULT_CONTEXT);
  if (context > spec.maxPositions) {
    throw optionInvalid(
      `a context of ${context} tokens was asked for, the model was trained for ${spec.maxPositions}`,
      `Choose --context ${spec.maxPositions} or less.`,
    );
  }
  const recipe = recipeOf(options, target);
  const prefill = Math.min(options.prefill, context);
  if (program === "stateful") checkUniformCaches(spec);
  return {
    program,
    target,
    opset,
    specificationVersion,
    recipe,
    quantization: options.recipe === undefined ? options.quantize : (recipe.name ?? "recipe"),
    compute: options.compute,
    context,
    slots: Math.ceil(context / STATE_MULTIPLE) * STATE_MULTIPLE,
    prefill,
    length: options.length,
    names: FEATURE_NAMES[options.names],
    overflow: options.overflow,
    chunkHashes: options.chunkHashes,
  };
}

export function targetOf({ target, program }: CoremlOptions): Target {
  return target ?? (program === "stateful" ? "ios18" : "ios17");
}

/** One state holds all layers, so their heads must be alike. */
function checkUniformCaches(spec: DecoderSpec): void {
  const first = spec.layers[0]!.mixer;
  const other = spec.layers.findIndex(
    ({ mixer }) => mixer.numKeyValueHeads !== first.numKeyValueHeads || mixer.headDim !== first.headDim,
  );
  if (other < 0) return;
  throw coremlError("COREML_SPEC_UNSUPPORTED", {
    message: `layer ${other} has other key and value heads than layer 0, one cache cannot hold both`,
    hint: "Convert this model with --program stateless.",
  });
}

function optionInvalid(message: string, hint: string) {
  return coremlError("COREML_OPTION_INVALID", { message, hint });
}
