import { PippinError, type PippinErrorOptions } from "@pippin/core";

/** Codes thrown by `@pippin/checkpoint`. */
export type CheckpointErrorCode =
  /** The path does not exist. */
  | "CHECKPOINT_NOT_FOUND"
  /** The folder holds no weights. */
  | "CHECKPOINT_NO_WEIGHTS"
  /** The folder holds several models. */
  | "CHECKPOINT_AMBIGUOUS"
  /** The file is of no format that is read here. */
  | "CHECKPOINT_FORMAT_UNKNOWN"
  /** The weights are pickled, which only Python reads, and which can run code. */
  | "CHECKPOINT_PICKLED"
  /** The file is a git-LFS pointer: the weights themselves were never downloaded. */
  | "CHECKPOINT_LFS_POINTER"
  /** config.json is not beside the safetensors. */
  | "CHECKPOINT_CONFIG_MISSING"
  /** The file ends before its header or its last tensor does. */
  | "CHECKPOINT_TRUNCATED"
  /** A count or length in the file is beyond the bounds of limits.ts. */
  | "CHECKPOINT_LIMIT_EXCEEDED"
  /** A safetensors header is not the JSON that the format demands. */
  | "CHECKPOINT_HEADER_INVALID"
  /** A header names a dtype that the format does not have. */
  | "CHECKPOINT_DTYPE_UNKNOWN"
  /** The bytes of a tensor were asked for, and its dtype cannot be read. */
  | "CHECKPOINT_DTYPE_UNSUPPORTED"
  /** config.json says that the weights are quantized in a way that is not read. */
  | "CHECKPOINT_QUANTIZATION_UNSUPPORTED"
  /** The tensors of a quantized weight contradict each other or the settings in config.json, or one is missing. */
  | "CHECKPOINT_PACKED_INVALID"
  /** Shape, dtype and place of a tensor contradict each other, the file or another tensor. */
  | "CHECKPOINT_TENSOR_INVALID"
  /** Two tensors, or two files of one checkpoint, carry the same tensor name. */
  | "CHECKPOINT_TENSOR_DUPLICATE"
  /** The index names a tensor that its shard lacks. */
  | "CHECKPOINT_TENSOR_MISSING"
  /** model.safetensors.index.json is not a shard index. */
  | "CHECKPOINT_INDEX_INVALID"
  /** A shard that the index or the numbering names is not there. */
  | "CHECKPOINT_SHARD_MISSING"
  /** A GGUF file does not follow its format. */
  | "CHECKPOINT_GGUF_INVALID"
  /** A GGUF file of a version or byte order that is not read here. */
  | "CHECKPOINT_GGUF_VERSION"
  /** One piece of a GGUF that was split into several files. */
  | "CHECKPOINT_GGUF_SPLIT"
  /** A GGUF file of an architecture that is not translated here. */
  | "CHECKPOINT_GGUF_ARCHITECTURE"
  /** GGUF metadata lacks a key, or asks for what a config.json of the architecture cannot say. */
  | "CHECKPOINT_GGUF_CONFIG"
  /** The output of a merge is one of its inputs. */
  | "CHECKPOINT_OUTPUT_IS_INPUT";

/** Codes of `Checkpoint.warnings`. */
export type CheckpointWarningCode =
  /** A shard holds a tensor that the index does not name; it is read, as transformers reads it. */
  "CHECKPOINT_TENSOR_NOT_INDEXED";

export function checkpointError(
  code: CheckpointErrorCode,
  options: PippinErrorOptions,
): PippinError<CheckpointErrorCode> {
  return new PippinError(code, options);
}

/** A name out of a file, quoted and short enough for a message. */
export function quoted(name: string): string {
  return JSON.stringify(name.length > 120 ? `${name.slice(0, 117)}...` : name);
}

/** The first few of many names, for a message. */
export function listed(names: readonly string[]): string {
  return names.slice(0, 3).map(quoted).join(", ") + (names.length > 3 ? `, … (${names.length} in all)` : "");
}

export function truncated(file: string, wanted: number, available: number) {
  return checkpointError("CHECKPOINT_TRUNCATED", {
    message: `${file} is cut off: its header announces ${wanted} bytes, the file has ${available}`,
    hint: "The download was probably interrupted: delete the file and download it again.",
    details: { file, wanted, available },
  });
}

export function limitExceeded(file: string, what: string, limit: number) {
  return checkpointError("CHECKPOINT_LIMIT_EXCEEDED", {
    message: `${file}: ${what}, more than the ${limit} accepted`,
    hint: "No published model comes near this; the file is damaged or hostile.",
    details: { file, limit },
  });
}
