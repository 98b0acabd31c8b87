import type { Dtype } from "./dtype.ts";
import type { CodeBits } from "./plain/packed.ts";

/** Where a tensor's bytes lie: row-major, little-endian, `byteLength` as dtype and shape say. */
export interface TensorSource {
  /** Path of the file. */
  readonly file: string;
  readonly byteOffset: number;
  readonly byteLength: number;
  readonly dtype: Dtype;
  readonly shape: readonly number[];
}

/** A part of a packed matrix: in a file, or short enough to come along. */
export interface PartSource extends TensorSource {
  /** The content, when no file holds it in one piece; `file` is then where it came from. */
  readonly inline?: Uint8Array;
}

/**
 * A matrix `[rows, columns]` of small unsigned integers, in tensors of their own: (code − zero point) · scale, or
 * code · scale + bias, with one of each for `groupSize` columns of a row.
 */
export interface AffineSource {
  readonly kind: "affine";
  readonly shape: readonly number[];
  readonly codes: PartSource;
  readonly bits: Exclude<CodeBits, 1>;
  /**
   * - `rows`: a little-endian stream of bits: words, each row whole ones, as MLX packs it; or bytes (`U8`, one axis) that
   *   run over the whole matrix, as Core ML does. `scales` are `[rows / groupRows, groups]`.
   * - `gptq`: words `[columns · bits / 32, rows]`: the same streams, transposed word by word. `scales` are
   *   `[groups, rows]`; zero points are streams along the rows, `[groups, rows · bits / 32]`.
   * - `awq`: words `[columns, rows / 8]` of eight rows, whose nibbles are rows 0, 2, 4, 6, 1, 3, 5, 7. `scales` are
   *   `[groups, rows]`; zero points are words like the codes, `[groups, rows / 8]`.
   */
  readonly packing: "rows" | "gptq" | "awq";
  readonly groupSize: number;
  /** Rows that share scales and offsets; `rows` packing only, default 1. */
  readonly groupRows?: number;
  /** F16, BF16 or F32. */
  readonly scales: PartSource;
  readonly offset:
    | { readonly kind: "biases"; readonly biases: PartSource }
    /**
     * Packed like the codes; for `rows` a stream of as many as there are scales. `added` is 1 where files hold the zero
     * point less one.
     */
    | { readonly kind: "zeroPoints"; readonly zeros: PartSource; readonly added: 0 | 1 }
    /** As many floats as scales. */
    | { readonly kind: "zeroValues"; readonly zeros: PartSource }
    | { readonly kind: "zeroPoint"; readonly value: number };
  /** I32 `[columns]`, the group of each column where groups are not contiguous; `gptq` only. */
  readonly groupIndex?: TensorSource;
}

/** A matrix `[rows, columns]` of small floats or signed integers, with a scale for each block of it. */
export interface ScaledSource {
  readonly kind: "scaled";
  readonly shape: readonly number[];
  /** Row-major; two F4_E2M1 or I4 a byte, the low nibble first. */
  readonly codes: PartSource;
  readonly format: "F8_E4M3" | "F8_E5M2" | "F4_E2M1" | "I8" | "I4";
  /** Values that share a scale; blocks at the lower and right edge may be cut. */
  readonly block: readonly [rows: number, columns: number];
  /** F32, F16, BF16, or the exponents of E8M0 as U8 or F8_E8M0; as many as there are blocks, row-major. */
  readonly scales: PartSource;
}

/** A matrix `[rows, columns]` of indices into tables of values, one table for `groupRows` rows. */
export interface PaletteSource {
  readonly kind: "palette";
  readonly shape: readonly number[];
  /** `U8`: a little-endian stream of indices that runs over the whole matrix. */
  readonly codes: PartSource;
  readonly bits: 1 | 2 | 3 | 4 | 6 | 8;
  readonly groupRows: number;
  /** F16 or F32 `[rows / groupRows, 2^bits]`. */
  readonly table: PartSource;
}

/** A quantized matrix whose codes, scales and offsets are several tensors of files. */
export type PackedSource = AffineSource | ScaledSource | PaletteSource;

/** What a weight is made from: one tensor, or a packed matrix that is decoded tile by tile. */
export type WeightSource = TensorSource | PackedSource;

export function isPackedSource(source: WeightSource): source is PackedSource {
  return "kind" in source;
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

/** A weight as a small expression over its source: data that a worker executes tile by tile. */
export interface WeightExpr<Source extends WeightSource = WeightSource> {
  readonly source: Source;
  /** Applied in order. */
  readonly ops: readonly WeightOp[];
  /** Shape of the result. */
  readonly shape: readonly number[];
}
