import type { Dtype } from "./dtype.ts";

/** Where a tensor's bytes lie: row-major, little-endian, `byteLength` as dtype and shape say. */
export interface TensorSource {
  /** Path of the file. */
  readonly file: string;
  readonly byteOffset: number;
  readonly byteLength: number;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

/** One step from the file's tensor to the weight a model means. Rows are slices along axis 0. */
export type WeightOp =
  /** Rows `begin` (inclusive) to `end` (exclusive): one part of a fused projection. */
  | { readonly kind: "sliceRows"; readonly begin: number; readonly end: number }
  /**
   * Undoes llama.cpp's order of rotary rows. The file holds, in each of `heads` equal groups of rows, the pairs
   * (0, d/2), (1, d/2 + 1), … next to each other; the result has the halves one after the other, as Hugging Face
   * checkpoints do.
   */
  | { readonly kind: "permuteRope"; readonly heads: number }
  /** w + 1: norms stored around zero. */
  | { readonly kind: "addOne" }
  | { readonly kind: "scale"; readonly factor: number };

/** A weight as a small expression over one tensor of a file: data that a worker executes tile by tile. */
export interface WeightExpr {
  readonly source: TensorSource;
  /** Applied in order. */
  readonly ops: readonly WeightOp[];
  /** Shape of the result. */
  readonly shape: readonly number[];
}
