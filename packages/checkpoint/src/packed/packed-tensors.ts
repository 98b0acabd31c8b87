import type { PackedSource } from "@pippin/kernels";
import { type CheckpointTensor, checkpointTensor, type PlainTensor } from "../checkpoint.ts";
import { checkpointError, quoted } from "../errors.ts";
import type { Quantization } from "../quantization.ts";
import type { QuantizationScheme } from "../quantization-config.ts";
import type { TensorInfo } from "../tensor-info.ts";
import { compressedTensors } from "./compressed.ts";
import { awqTensors, gptqTensors } from "./gptq.ts";
import { mlxTensors } from "./mlx.ts";
import { mxfp4Tensors } from "./mxfp4.ts";
import { fp8Tensors } from "./scaled.ts";

/** A tensor of a file, with the file's path. */
export interface PlacedInfo extends TensorInfo {
  readonly file: string;
}

/** A weight that several tensors make, under the name that transformers gives it. */
export interface PackedTensor {
  readonly name: string;
  readonly source: PackedSource;
  readonly quantization: Quantization;
}

/** The tensors of a checkpoint while weights are put together from them. */
export class PackedParts {
  readonly packed: PackedTensor[] = [];
  readonly #tensors: ReadonlyMap<string, PlacedInfo>;
  readonly #used = new Set<string>();

  constructor(tensors: ReadonlyMap<string, PlacedInfo>) {
    this.#tensors = tensors;
  }

  /** Names that end so, without that ending. */
  endingWith(suffix: string): string[] {
    return [...this.#tensors.keys()]
      .filter((name) => name.endsWith(suffix))
      .map((name) => name.slice(0, -suffix.length));
  }

  /** A tensor that a weight is made of; it is no tensor of its own any more. */
  take(name: string): PlainTensor {
    const tensor = this.takeIfPresent(name);
    if (tensor === undefined) throw packedInvalid(name, "is not there, and a quantized weight needs it");
    return tensor;
  }

  takeIfPresent(name: string): PlainTensor | undefined {
    const tensor = this.#tensors.get(name);
    if (tensor === undefined) return undefined;
    this.#used.add(name);
    return checkpointTensor(tensor, { name, file: tensor.file });
  }

  dtypeOf(name: string): string | undefined {
    return this.#tensors.get(name)?.dtype;
  }

  rankOf(name: string): number | undefined {
    return this.#tensors.get(name)?.shape.length;
  }

  /** All tensors by name: those of the files in their order, then the weights that several of them make. */
  result(): Map<string, CheckpointTensor> {
    const result = new Map<string, CheckpointTensor>();
    for (const [name, info] of this.#tensors) {
      if (!this.#used.has(name)) result.set(name, checkpointTensor(info, { name, file: info.file }));
    }
    for (const { name, source, quantization } of this.packed) {
      if (result.has(name)) throw packedInvalid(name, "is there both quantized and as it is");
      result.set(name, {
        name,
        dtype: source.codes.dtype,
        shape: source.shape,
        source,
        ops: [],
        quantization,
      });
    }
    return result;
  }
}

/**
 * Puts weights together that a quantized safetensors checkpoint stores as several tensors, under the names of the
 * unquantized model. Tensors that belong to no quantized weight stay as they are.
 *
 * @throws PippinError `CHECKPOINT_PACKED_INVALID`, `CHECKPOINT_QUANTIZATION_UNSUPPORTED`, `CHECKPOINT_DTYPE_UNSUPPORTED`.
 */
export function packedTensors(
  tensors: ReadonlyMap<string, PlacedInfo>,
  scheme: QuantizationScheme | undefined,
): Map<string, CheckpointTensor> {
  const parts = new PackedParts(tensors);
  switch (scheme?.method) {
    case "mlx":
      mlxTensors(parts, scheme);
      break;
    case "gptq":
      gptqTensors(parts, scheme);
      break;
    case "awq":
      awqTensors(parts, scheme);
      break;
    case "fp8":
      fp8Tensors(parts, scheme.weight_block_size ?? undefined);
      break;
    case "fbgemm_fp8":
      fp8Tensors(parts, undefined);
      break;
    case "compressed-tensors":
      compressedTensors(parts, scheme);
      break;
    case "mxfp4":
      mxfp4Tensors(parts);
      break;
  }
  return parts.result();
}

export function packedInvalid(tensor: string, reason: string) {
  return checkpointError("CHECKPOINT_PACKED_INVALID", {
    message: `the tensor ${quoted(tensor)} ${reason}`,
    hint: "The files and the quantization settings in config.json do not belong together; download both again.",
    details: { tensor: tensor.slice(0, 200) },
  });
}

/** The two sizes of a matrix. */
export function matrixShape({ name, shape }: CheckpointTensor): [number, number] {
  if (shape.length !== 2)
    throw packedInvalid(name, `has the shape [${shape.join(", ")}] instead of two axes`);
  return [shape[0]!, shape[1]!];
}
