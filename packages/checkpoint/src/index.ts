export {
  type Checkpoint,
  type CheckpointFile,
  type CheckpointTensor,
  checkpointTensor,
  type PlainTensor,
  type TensorPlace,
} from "./checkpoint.ts";
export type { CheckpointErrorCode, CheckpointWarningCode } from "./errors.ts";
export { type Gguf, readGguf } from "./gguf.ts";
export {
  GGUF_ARCHITECTURES,
  type GgufArchitecture,
  type GgufConfig,
  ggufConfig,
  ggufGenerationConfig,
} from "./gguf-config.ts";
export { type GgufHeads, ggufTensorName, ggufTensorOps } from "./gguf-names.ts";
export type { GgufValueType } from "./gguf-types.ts";
export { GgufArray, type GgufValue } from "./gguf-values.ts";
export { type OpenTreeOptions, openCheckpointTree } from "./open-checkpoint.ts";
export type { Quantization } from "./quantization.ts";
export { QUANTIZATION_METHODS, type QuantizationMethod, quantizationMethod } from "./quantization-config.ts";
export { readSafetensorsHeader, type SafetensorsHeader, type SafetensorsTensor } from "./safetensors.ts";
export type { SafetensorsDtype } from "./safetensors-dtypes.ts";
export { parseShardIndex, type ShardIndex } from "./shard-index.ts";
export type { TensorInfo } from "./tensor-info.ts";
