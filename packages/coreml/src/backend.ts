import {
  type Artifact,
  type BackendPlan,
  type PlanInput,
  type StageContext,
  throwIfCancelled,
} from "@pippin/core";
import { resolveInside } from "@pippin/core/node";
import type { DecoderBackend, DecoderSpec, WeightSet } from "@pippin/decoder";
import { unusedRules } from "@pippin/quantize";
import { type BuiltModel, buildModel } from "./lower/build-model.ts";
import { type Choices, choose, targetOf } from "./lower/choices.ts";
import { ENCODINGS, searchedEncodings } from "./lower/encodings.ts";
import { openCoreml } from "./open.ts";
import { CoremlOptions, RecompressOptions } from "./options.ts";
import { findPackages } from "./package/find-packages.ts";
import { packageBytes, writePackage } from "./package/write-package.ts";
import { recompress } from "./recompress/recompress.ts";
import { swift } from "./swift.ts";
import { TARGETS } from "./targets.ts";
import { unpackingOf, variants } from "./variants.ts";
import { VERSION } from "./version.ts";

/** What will be written, decided from shapes alone. */
export interface CoremlPlan extends BackendPlan {
  readonly input: PlanInput<DecoderSpec, WeightSet>;
  readonly options: Choices;
  /** Options that decide the bytes, with their defaults resolved. */
  readonly provenance: Readonly<Record<string, string | number>>;
  readonly built: BuiltModel;
}

/** Core ML: ML Program packages for iOS 16 and later, written, opened and run without Apple's tools. */
export const backend: DecoderBackend<CoremlOptions, CoremlPlan> = {
  id: "coreml",
  summary: "Core ML ML Program (.mlpackage)",
  targets: Object.keys(TARGETS),
  encodings: ENCODINGS,
  recipeEncodings: (options) => searchedEncodings(targetOf(options), options.compute),
  options: CoremlOptions,
  variants,
  plan,
  emit,
  detect: async (path) => (await findPackages(path)).length > 0,
  open: openCoreml,
  recompress: { options: RecompressOptions, run: recompress },
  swift,
};

function plan(input: PlanInput<DecoderSpec, WeightSet>, options: CoremlOptions): CoremlPlan {
  const choices = choose(input.spec, options);
  const built = buildModel(input, choices);
  const functions = built.manifest.functions.map((fn) => fn.name).join(", ");
  return {
    input,
    options: choices,
    provenance: provenanceOf(choices, options),
    built,
    manifest: built.manifest,
    outputBytes: packageBytes(built),
    unpacking: unpackingOf(choices),
    keepsGrid: built.keepsGrid,
    choices: {
      program: choices.program,
      target: choices.target,
      functions,
      context: choices.context,
      ...(choices.program === "stateful" ? { prefill: choices.prefill } : { length: choices.length }),
      weights: built.encodings,
    },
  };
}

async function emit(
  { input, options, provenance, built }: CoremlPlan,
  _weights: WeightSet,
  output: string,
  context: StageContext = {},
): Promise<Artifact[]> {
  throwIfCancelled(context.signal);
  warnOfRecipe(input, options, built, context);
  const path = resolveInside(output, built.manifest.packages[0]!);
  const files = await writePackage(path, built, options, context);
  return [
    {
      kind: "coreml",
      path,
      files,
      provenance: {
        tool: `@pippin/coreml@${VERSION}`,
        source: input.facts.name,
        ...(input.facts.revision === undefined ? {} : { revision: input.facts.revision }),
        options: provenance,
      },
    },
  ];
}

function provenanceOf(
  { program, target, recipe, quantization, compute, context, prefill, length, overflow }: Choices,
  { names }: CoremlOptions,
): Readonly<Record<string, string | number>> {
  const shape = program === "stateful" ? { prefill } : { length };
  const quantize = quantization === "recipe" ? JSON.stringify(recipe) : quantization;
  return { program, target, quantize, compute, context, ...shape, names, overflow };
}

function warnOfRecipe(
  { weights }: CoremlPlan["input"],
  { recipe, quantization }: Choices,
  { requantized }: BuiltModel,
  { warn }: StageContext,
): void {
  if (requantized.length > 0) {
    warn?.({
      code: "COREML_REQUANTIZED",
      message: `${requantized.length} weights lie on the grid of a quantized checkpoint and are rounded to another one, such as ${requantized[0]}`,
      hint: "The losses add up: --quantize int4 keeps the grid where Core ML can express it, or start from the original weights.",
    });
  }
  // A preset names an embedding and a head, whichever a model has.
  const ours = (ENCODINGS as readonly string[]).includes(quantization);
  const unused = ours ? [] : unusedRules(recipe, weights.roles);
  for (const match of unused) {
    warn?.({
      code: "COREML_RECIPE_UNUSED",
      message: `the recipe's rule for "${match}" matches no weight`,
      hint: `Weights are called ${weights.roles[1] ?? weights.roles[0]}, for example; pippin inspect lists them.`,
    });
  }
}
