export { readGgufMetadata } from "./node/gguf-metadata.ts";
export { type MergedShards, type MergeShardsOptions, mergeShards } from "./node/merge-shards.ts";
export { openCheckpoint } from "./node/open-checkpoint.ts";
export { type TensorBytes, writeSafetensors } from "./node/write-safetensors.ts";
