import type { LinearEncoding } from "@pippin/kernels";

/** What `--quantize` takes. */
export const ENCODINGS = ["none", "int8", "int4"] as const;
export type Quantize = (typeof ENCODINGS)[number];

/** Smaller weights stay fp16, as in coremltools: their scales would cost what their codes save. */
const MIN_ELEMENTS = 2048;

/** Best first: the finer the blocks, the smaller the error. */
const INT4_BLOCKS = [32, 64, 16] as const;

const INT8: LinearEncoding = {
  kind: "linear",
  dtype: "int8",
  mode: "symmetric",
  granularity: "per_channel",
};

/**
 * How a weight is stored; `undefined` is fp16. Vectors (norms, biases) and small matrices stay fp16. In `int4` the
 * embedding and the head get int8: they are looked up and compared row by row, and four bits there cost the most.
 */
export function encodingOf(
  quantize: Quantize,
  role: string,
  shape: readonly number[],
): LinearEncoding | undefined {
  const [rows = 0, columns = 0] = shape;
  if (quantize === "none" || shape.length !== 2 || rows * columns <= MIN_ELEMENTS) return undefined;
  if (quantize === "int8" || role === "embedding.weight" || role === "head.weight") return INT8;
  const blockSize = INT4_BLOCKS.find((size) => columns % size === 0);
  if (blockSize === undefined) return INT8;
  return { kind: "linear", dtype: "int4", mode: "symmetric", granularity: "per_block", blockSize };
}
