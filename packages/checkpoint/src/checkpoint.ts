import type { Warning } from "@pippin/core";
import { DTYPES, type Dtype, type TensorSource, type WeightOp, type WeightSource } from "@pippin/kernels";
import { checkpointError, quoted } from "./errors.ts";
import type { GgufValue } from "./gguf-values.ts";
import type { Quantization } from "./quantization.ts";
import type { TensorInfo } from "./tensor-info.ts";

/** A model on disk: what its files say, and where each tensor lies. Holds no weight and no open file. */
export interface Checkpoint {
  readonly format: "safetensors" | "gguf";
  /** Name of the folder, or of the file without its ending. */
  readonly name: string;
  /** config.json as it is, or the same made from GGUF metadata. Not checked. */
  readonly config: unknown;
  /** generation_config.json as it is, or the end tokens of a GGUF; absent when there is none. */
  readonly generationConfig?: unknown;
  /** By Hugging Face name. */
  readonly tensors: ReadonlyMap<string, CheckpointTensor>;
  /** `__metadata__` of the safetensors; the strings under `general.` of a GGUF. */
  readonly metadata: Readonly<Record<string, string>>;
  /** Present for GGUF: all its metadata, also the tokenizer's. */
  readonly gguf?: { readonly metadata: ReadonlyMap<string, GgufValue> };
  /** The files that hold weights. */
  readonly files: readonly CheckpointFile[];
  readonly warnings: readonly Warning[];
}

export interface CheckpointFile {
  /** Relative to the model's folder. */
  readonly path: string;
  readonly byteLength: number;
}

export interface CheckpointTensor {
  /** Hugging Face name; tensors of a GGUF that have none keep their own. */
  readonly name: string;
  /** As the file spells it; that of the codes, where several tensors make the weight. Only a `Dtype` of kernels has a readable `source`. */
  readonly dtype: string;
  /** Row-major. */
  readonly shape: readonly number[];
  /**
   * Where the bytes lie: one tensor of a file, or several that make a quantized weight.
   *
   * @throws PippinError `CHECKPOINT_DTYPE_UNSUPPORTED` when the dtype can be listed only.
   */
  readonly source: WeightSource;
  /** The grid that the values lie on; absent where they are plain floats. */
  readonly quantization?: Quantization;
  /** Steps from the file's tensor to the Hugging Face one: llama.cpp's order of rotary rows. Empty for safetensors. */
  readonly ops: readonly WeightOp[];
}

export interface TensorPlace {
  readonly name: string;
  /** Path of the file. */
  readonly file: string;
  readonly ops?: readonly WeightOp[];
  readonly quantization?: Quantization | undefined;
}

/** A tensor of a checkpoint that is one tensor of a file. */
export interface PlainTensor extends CheckpointTensor {
  readonly source: TensorSource;
}

/** A tensor of a checkpoint from its entry in a header. */
export function checkpointTensor(info: TensorInfo, place: TensorPlace): PlainTensor {
  const { name, file, ops = [], quantization } = place;
  const { dtype, shape, byteOffset, byteLength } = info;
  return {
    name,
    dtype,
    shape,
    ops,
    ...(quantization && { quantization }),
    get source(): TensorSource {
      if (!isReadable(dtype)) throw dtypeUnsupported(name, dtype, file);
      return { file, byteOffset, byteLength, dtype, shape };
    },
  };
}

function isReadable(dtype: string): dtype is Dtype {
  return Object.hasOwn(DTYPES, dtype);
}

function dtypeUnsupported(tensor: string, dtype: string, file: string) {
  return checkpointError("CHECKPOINT_DTYPE_UNSUPPORTED", {
    message: `the tensor ${quoted(tensor)} of ${file} holds ${dtype}, which cannot be read`,
    hint: `These can: ${Object.keys(DTYPES).join(", ")}. Take the model in one of them, best in F16 or BF16.`,
    details: { file, tensor, dtype },
  });
}
