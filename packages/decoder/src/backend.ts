import type { Backend, BackendPlan } from "@pippin/core";
import type { DecoderSpec } from "./spec.ts";
import type { WeightSet } from "./weights.ts";

/** The contract of a backend for decoder language models. */
export type DecoderBackend<Options, Plan extends BackendPlan = BackendPlan> = Backend<
  DecoderSpec,
  WeightSet,
  Options,
  Plan
>;
