/** Elements decoded at once: what the second-level cache holds as F32. */
export const PACKED_ELEMENTS = 65536;
/** Kernels write whole vectors, and codes are unpacked from a multiple of eight on. */
export const SLACK = 64;
/** Where the heap of a `PackedReader` holds them as F32. */
export const VALUES = 0;
/** And as F16 or BF16. */
export const OUTPUT: number = VALUES + 4 * (PACKED_ELEMENTS + 2 * SLACK);
/** Where the other areas begin. */
export const AREAS: number = OUTPUT + 2 * (PACKED_ELEMENTS + SLACK);

/** Decodes elements `begin` to `begin + count` of a packed source to F32 at `dst`. */
export interface PackedDecoder {
  decode(begin: number, count: number, dst: number): void;
}
