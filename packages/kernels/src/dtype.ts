/** Element types as safetensors headers and GGUF tensor infos spell them. */
export type Dtype = keyof typeof DTYPES;

/**
 * Bytes of one block and elements in it. Plain types are blocks of one element; GGUF's quantized types hold 32 or 256
 * (sources: the safetensors format document; ggml's block structures).
 */
export const DTYPES = {
  BOOL: { blockElements: 1, blockBytes: 1 },
  U8: { blockElements: 1, blockBytes: 1 },
  I8: { blockElements: 1, blockBytes: 1 },
  U16: { blockElements: 1, blockBytes: 2 },
  I16: { blockElements: 1, blockBytes: 2 },
  U32: { blockElements: 1, blockBytes: 4 },
  I32: { blockElements: 1, blockBytes: 4 },
  U64: { blockElements: 1, blockBytes: 8 },
  I64: { blockElements: 1, blockBytes: 8 },
  F8_E4M3: { blockElements: 1, blockBytes: 1 },
  F8_E5M2: { blockElements: 1, blockBytes: 1 },
  F8_E8M0: { blockElements: 1, blockBytes: 1 },
  F16: { blockElements: 1, blockBytes: 2 },
  BF16: { blockElements: 1, blockBytes: 2 },
  F32: { blockElements: 1, blockBytes: 4 },
  F64: { blockElements: 1, blockBytes: 8 },
  /** fp16 scale, then 32 int8. */
  Q8_0: { blockElements: 32, blockBytes: 34 },
  /** fp16 scale, then 16 bytes of nibbles (low nibbles are elements 0–15); value = scale · (q − 8). */
  Q4_0: { blockElements: 32, blockBytes: 18 },
  /** fp16 scale and fp16 minimum, then 16 bytes of nibbles; value = scale · q + minimum. */
  Q4_1: { blockElements: 32, blockBytes: 20 },
  /** fp16 scale, 32 fifth bits, then 16 bytes of nibbles; value = scale · (q − 16). */
  Q5_0: { blockElements: 32, blockBytes: 22 },
  /** fp16 scale and fp16 minimum, 32 fifth bits, 16 bytes of nibbles; value = scale · q + minimum. */
  Q5_1: { blockElements: 32, blockBytes: 24 },
  // K-quants: 256 elements with one fp16 scale (and one of minima), which 16 or 8 small integers refine.
  /** 16 scales and minima of 4 bits, 2-bit codes. */
  Q2_K: { blockElements: 256, blockBytes: 84 },
  /** 3-bit codes, the third bit apart; 16 scales of 6 bits. */
  Q3_K: { blockElements: 256, blockBytes: 110 },
  /** 8 scales and 8 minima of 6 bits, 4-bit codes. */
  Q4_K: { blockElements: 256, blockBytes: 144 },
  /** As Q4_K, with fifth bits. */
  Q5_K: { blockElements: 256, blockBytes: 176 },
  /** 6-bit codes, 16 scales of 8 bits. */
  Q6_K: { blockElements: 256, blockBytes: 210 },
  /** fp16 scale, then 16 bytes of nibbles that select from a table. */
  IQ4_NL: { blockElements: 32, blockBytes: 18 },
  /** The same in blocks of 256 with 8 scales of 6 bits. */
  IQ4_XS: { blockElements: 256, blockBytes: 136 },
  /** E8M0 scale, then 16 bytes of nibbles that are E2M1 floats. */
  MXFP4: { blockElements: 32, blockBytes: 17 },
} as const satisfies Record<string, { blockElements: number; blockBytes: number }>;

/** Types a weight can be widened from: what `WeightExpr` sources may hold. */
export const FLOAT_DTYPES = [
  ...(["F64", "F32", "F16", "BF16"] as const),
  ...(["Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "IQ4_NL", "MXFP4"] as const),
  ...(["Q2_K", "Q3_K", "Q4_K", "Q5_K", "Q6_K", "IQ4_XS"] as const),
] as const;
export type FloatDtype = (typeof FLOAT_DTYPES)[number];

export function isFloatDtype(dtype: string): dtype is FloatDtype {
  return (FLOAT_DTYPES as readonly string[]).includes(dtype);
}

/** Bytes that `elements` values take; the count must fill whole blocks. */
export function byteLengthOf(dtype: Dtype, elements: number): number {
  const { blockElements, blockBytes } = DTYPES[dtype];
  return (elements / blockElements) * blockBytes;
}

export function elementCount(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}
