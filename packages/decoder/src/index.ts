export type { DecoderBackend } from "./backend.ts";
export type { DecoderErrorCode } from "./errors.ts";
export type { Family, TensorUse } from "./family.ts";
export { type Decoder, readDecoder, readDecoderSpec } from "./read-decoder.ts";
export { MAX_RESCALE, rescale, rescalingFor } from "./rescale.ts";
export { type GlobalRole, type LayerRole, layerRole, type WeightRole, weightRoles } from "./roles.ts";
export { inverseFrequencies, ropeTables } from "./rope.ts";
export {
  AttentionSpec,
  DecoderSpec,
  FeedForwardSpec,
  LayerSpec,
  NormSpec,
  Rescaling,
  RopeScaling,
  RopeSpec,
} from "./spec.ts";
export type { WeightSet } from "./weights.ts";
