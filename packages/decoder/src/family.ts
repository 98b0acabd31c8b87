import type { WeightOp } from "@pippin/kernels";
import type { GlobalRole, LayerRole } from "./roles.ts";
import type { DecoderSpec } from "./spec.ts";

/** The tensor of a checkpoint that plays a role, and the steps from it to the weight. */
export interface TensorUse {
  readonly tensor: string;
  readonly ops?: readonly WeightOp[];
}

/**
 * A family of models: reads its `config.json` and names its tensors. One file under `families/`, one entry in
 * `families/families.ts`, one golden test.
 */
export interface Family {
  /** Values of `model_type` that it reads. */
  readonly modelTypes: readonly string[];
  /** From a parsed `config.json` to the spec; throws what it cannot express by name. */
  readSpec(config: unknown): DecoderSpec;
  globalTensor(role: GlobalRole, spec: DecoderSpec): TensorUse;
  layerTensor(layer: number, role: LayerRole, spec: DecoderSpec): TensorUse;
}
