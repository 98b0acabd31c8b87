/**
 * Bits of one element, in the order of the reference implementation's `Dtype`: ascending alignment, which decides the
 * order of tensors in files that it writes. Source: safetensors/src/tensor.rs, version 0.8.
 */
export const SAFETENSORS_DTYPES = {
  BOOL: 8,
  F4: 4,
  F6_E2M3: 6,
  F6_E3M2: 6,
  U8: 8,
  I8: 8,
  F8_E5M2: 8,
  F8_E4M3: 8,
  F8_E8M0: 8,
  F8_E4M3FNUZ: 8,
  F8_E5M2FNUZ: 8,
  I16: 16,
  U16: 16,
  F16: 16,
  BF16: 16,
  I32: 32,
  U32: 32,
  F32: 32,
  C64: 64,
  F64: 64,
  I64: 64,
  U64: 64,
} as const satisfies Record<string, number>;

export type SafetensorsDtype = keyof typeof SAFETENSORS_DTYPES;

export function isSafetensorsDtype(name: string): name is SafetensorsDtype {
  return Object.hasOwn(SAFETENSORS_DTYPES, name);
}

const ALIGNMENT_ORDER: readonly string[] = Object.keys(SAFETENSORS_DTYPES);

/** Place of a dtype in the reference implementation's order. */
export function alignmentRank(dtype: SafetensorsDtype): number {
  return ALIGNMENT_ORDER.indexOf(dtype);
}
