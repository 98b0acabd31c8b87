/**
 * The grid on which the values of a quantized tensor lie: what a later stage needs to know to keep it, instead of
 * rounding to another grid a second time.
 */
export interface Quantization {
  /** Bits of a code. */
  readonly bits: number;
  /** `integer`: levels at equal distances. `float`: FP8 or FP4. `table`: levels that a format lists (IQ4). */
  readonly codes: "integer" | "float" | "table";
  /** The axis of the tensor's shape along which a group's values follow each other. */
  readonly axis: number;
  /** Values along `axis` that share a scale. */
  readonly groupSize: number;
  /** Slices along axis 0 that share it too: 1, but for FP8 in square blocks or with one scale for the tensor. */
  readonly groupRows: number;
  /**
   * - `none`: the grid is symmetric around zero, value = scale · code with a signed code.
   * - `zeroPoint`: value = scale · (code − zero point), an integer for each group, so zero is a level.
   * - `minimum`: value = scale · code + minimum, a number for each group.
   */
  readonly offset: "none" | "zeroPoint" | "minimum";
  /** Whether columns are assigned to groups by an index (GPTQ with `desc_act`), so that a group is not contiguous. */
  readonly indexed: boolean;
}

type Grid = readonly [
  bits: number,
  codes: Quantization["codes"],
  groupSize: number,
  offset: Quantization["offset"],
];

/**
 * GGUF's block types, with the groups of the finest scale: the scales of K-quants are themselves small integers times
 * one fp16 for 256 values. Source: ggml's block structures.
 */
const GGUF_GRIDS: Readonly<Record<string, Grid>> = {
  Q8_0: [8, "integer", 32, "none"],
  Q4_0: [4, "integer", 32, "none"],
  Q4_1: [4, "integer", 32, "minimum"],
  Q5_0: [5, "integer", 32, "none"],
  Q5_1: [5, "integer", 32, "minimum"],
  Q2_K: [2, "integer", 16, "minimum"],
  Q3_K: [3, "integer", 16, "none"],
  Q4_K: [4, "integer", 32, "minimum"],
  Q5_K: [5, "integer", 32, "minimum"],
  Q6_K: [6, "integer", 16, "none"],
  IQ4_NL: [4, "table", 32, "none"],
  IQ4_XS: [4, "table", 32, "none"],
  MXFP4: [4, "float", 32, "none"],
};

/** The grid of a GGUF tensor; `undefined` for types that are not quantized or not known. */
export function ggufQuantization(dtype: string, shape: readonly number[]): Quantization | undefined {
  if (!Object.hasOwn(GGUF_GRIDS, dtype)) return undefined;
  const [bits, codes, groupSize, offset] = GGUF_GRIDS[dtype]!;
  return {
    bits,
    codes,
    axis: Math.max(0, shape.length - 1),
    groupSize,
    groupRows: 1,
    offset,
    indexed: false,
  };
}
