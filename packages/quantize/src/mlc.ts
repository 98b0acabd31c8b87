import { MLC_MODES, type MlcMode, mlcScaleBits, quantizeMlcGroups } from "@pippin/kernels";
import { checkShape, type MatrixShape, notFinite, type QuantizeOptions } from "./check.ts";

/** A weight in one of MLC-LLM's group formats. */
export interface MlcWeight {
  /** Packed codes: `[rows, words]`, or `[words, rows]` in the KN layout. */
  readonly words: Uint32Array;
  readonly wordsShape: MatrixShape;
  /** Bits of F16 or BF16, or F32 values: `[rows, groups]`, or `[groups, rows]` in the KN layout. */
  readonly scale: Uint16Array | Float32Array;
  readonly scaleShape: MatrixShape;
}

export interface MlcOptions extends QuantizeOptions {
  /** Embeddings are stored by rows in every mode; linear weights of the _0 modes transposed. */
  readonly role?: "linear" | "embedding" | undefined;
  /**
   * Finite values beyond the mode's dtype: `error` refuses them; `infinite` gives what mlc_llm writes, a group with an infinite
   * scale, whose weights cannot be read again. Default: `error`.
   */
  readonly overflow?: "error" | "infinite" | undefined;
}

/** Largest magnitude that rounds to a finite value. */
const LIMIT = { float16: 65520, bfloat16: 3.3961775e38, float32: Number.POSITIVE_INFINITY } as const;

/**
 * mlc_llm's group quantization of one weight, byte for byte: see `quantizeMlcGroups` of the kernels for the rounding.
 *
 * @param values - F32, row-major; rounded to the mode's dtype first.
 * @throws PippinError `QUANTIZE_SHAPE_INVALID`, `QUANTIZE_WEIGHT_NOT_FINITE`.
 */
export function quantizeGroups(
  values: Float32Array,
  shape: MatrixShape,
  mode: MlcMode,
  options: MlcOptions = {},
): MlcWeight {
  const { name = "without a name", role = "linear", overflow = "error" } = options;
  const { dtype, transposed } = MLC_MODES[mode];
  checkShape(name, values.length, shape);
  const limit = overflow === "error" ? LIMIT[dtype] : Number.POSITIVE_INFINITY;
  const bad = values.findIndex((value) => !(Math.abs(value) < limit));
  if (bad >= 0)
    notFinite(name, bad, values[bad]!, `Use a mode with a wider dtype than ${dtype}, such as q4f32_1.`);
  const [rows, cols] = shape;
  const { words, scales } = quantizeMlcGroups(values, cols, mode);
  const scale = dtype === "float32" ? scales : mlcScaleBits(scales, dtype);
  const wordsShape: MatrixShape = [rows, words.length / rows];
  const scaleShape: MatrixShape = [rows, scales.length / rows];
  if (!transposed || role === "embedding") return { words, wordsShape, scale, scaleShape };
  return {
    words: transpose(words, wordsShape),
    wordsShape: [wordsShape[1], rows],
    scale: transpose(scale, scaleShape),
    scaleShape: [scaleShape[1], rows],
  };
}

function transpose<T extends Uint32Array | Uint16Array | Float32Array>(
  values: T,
  [rows, cols]: MatrixShape,
): T {
  const result = values.slice() as T; // a slice has the type of what it is cut from
  for (let row = 0; row < rows; row++) {
    for (let col = 0; col < cols; col++) result[col * rows + row] = values[row * cols + col]!;
  }
  return result;
}
