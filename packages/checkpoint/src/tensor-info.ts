import { checkpointError, quoted } from "./errors.ts";

/** A tensor as a file's header describes it. */
export interface TensorInfo {
  /** As the format spells it: a `Dtype` of kernels, or a type that can be listed and not read. */
  readonly dtype: string;
  /** Row-major: the last axis is contiguous. */
  readonly shape: readonly number[];
  /** From the beginning of the file. */
  readonly byteOffset: number;
  readonly byteLength: number;
}

/** The product of a shape, or `undefined` when it is beyond 2^53. */
export function checkedElements(shape: readonly number[]): number | undefined {
  let elements = 1;
  for (const size of shape) {
    elements *= size;
    if (!Number.isSafeInteger(elements)) return undefined;
  }
  return elements;
}

export function tensorInvalid(file: string, tensor: string, reason: string) {
  return checkpointError("CHECKPOINT_TENSOR_INVALID", {
    message: `${file}: the tensor ${quoted(tensor)} ${reason}`,
    hint: "The file is damaged or was written by a faulty program; download it again.",
    details: { file, tensor: tensor.slice(0, 200) },
  });
}
