/** Element types as safetensors headers and GGUF tensor infos spell them. */
export type Dtype = keyof typeof DTYPES;

/**
 * Bytes of one block and elements in it. Plain types are blocks of one element; GGUF's quantized types hold 32
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
} as const satisfies Record<string, { blockElements: number; blockBytes: number }>;

/** Types a weight can be widened from: what `WeightExpr` sources may hold. */
export const FLOAT_DTYPES = ["F64", "F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1"] as const;
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
