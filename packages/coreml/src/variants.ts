import type { BackendPlan, PlanVariant } from "@pippin/core";
import { type Choices, targetOf } from "./lower/choices.ts";
import type { CoremlOptions } from "./options.ts";
import { TARGETS } from "./targets.ts";

type Pair = readonly [quantize: CoremlOptions["quantize"], compute: "gpu" | "ane"];

/** Encodings by the compute unit that others found to run them: blocks on the GPU, palettes on the Neural Engine, the rest on both. */
const PAIRS: readonly Pair[] = [
  ["none", "gpu"],
  ["none", "ane"],
  ["int8", "gpu"],
  ["int8", "ane"],
  ["lut6", "ane"],
  ["int4", "gpu"],
  ["lut4", "ane"],
];

/** What planning compares: encodings for the compute units that are asked for, on the system that is asked for. */
export function variants(options: CoremlOptions): PlanVariant[] {
  const { program, compute: asked } = options;
  return PAIRS.filter(([, compute]) => asked === "all" || asked === compute).map(([quantize, compute]) => ({
    encoding: quantize,
    options: { quantize, program, target: targetOf(options), compute },
    engine: `coreml-${compute}`,
  }));
}

/**
 * Whether a device decompresses the weights. Apple's guide to coremltools says that iOS 16 does when it loads, and that later systems
 * do it on the Neural Engine while they compute; elsewhere quantized models were seen to take more memory than fp16. None of this was
 * verified on a device.
 */
export function unpackingOf({
  quantization,
  target,
  compute,
}: Pick<Choices, "quantization" | "target" | "compute">): NonNullable<BackendPlan["unpacking"]> {
  if (quantization === "none") return "none";
  if (TARGETS[target].specificationVersion < TARGETS.ios17.specificationVersion) return "expected";
  return compute === "ane" ? "none" : "possible";
}
