export type { DecoderBackend } from "./backend.ts";
export type { DecoderErrorCode } from "./errors.ts";
export type { Family, TensorUse } from "./family.ts";
export { type Decoder, readDecoder, readDecoderSpec } from "./read-decoder.ts";
export { type GlobalRole, type LayerRole, layerRole, type WeightRole, weightRoles } from "./roles.ts";
export { inverseFrequencies, ropeTables } from "./rope.ts";
export {
  AttentionSpec,
  DecoderSpec,
  FeedForwardSpec,
  LayerSpec,
  NormSpec,
  RopeScaling,
  RopeSpec,
} from "./spec.ts";
export type { WeightSet } from "./weights.ts";
