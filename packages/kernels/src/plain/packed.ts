/**
 * The definitions of the kernels in assembly/packed.ts: steps from codes in tensors of their own to values.
 */
import { f16Value } from "./float16.ts";

/** Bits of the integers that packed sources hold. */
export type CodeBits = 1 | 2 | 3 | 4 | 5 | 6 | 8;

/** Code `index` of a little-endian stream of `bits` a code. */
export function plainCode(bytes: Uint8Array, index: number, bits: CodeBits): number {
  let code = 0;
  for (let bit = 0; bit < bits; bit++) {
    const at = index * bits + bit;
    code |= ((bytes[at >> 3]! >> (at & 7)) & 1) << bit;
  }
  return code;
}

/** Words `[rows, cols]` to `[cols, rows]`. */
export function plainTranspose(words: Uint32Array, rows: number, cols: number): Uint32Array {
  return Uint32Array.from(words, (_, at) => words[(at % rows) * cols + Math.floor(at / rows)]!);
}

/** Values of the small floats, by their code. Source: OCP 8-bit Floating Point and Microscaling Formats 1.0. */
export const PLAIN_FLOATS = {
  /** 1 sign, 4 exponent (bias 7), 3 mantissa bits; no infinities, one NaN of each sign. */
  F8_E4M3: (code: number): number => {
    const magnitude = code & 127;
    if (magnitude === 127) return Number.NaN;
    const exponent = Math.max(magnitude >> 3, 1);
    const mantissa = (magnitude & 7) + (magnitude >> 3 === 0 ? 0 : 8);
    return (code & 128 ? -1 : 1) * mantissa * 2 ** (exponent - 10);
  },
  /** An F16 without its lower byte. */
  F8_E5M2: (code: number): number => f16Value(code << 8),
  F4_E2M1: (code: number): number => (code & 8 ? -1 : 1) * [0, 0.5, 1, 1.5, 2, 3, 4, 6][code & 7]!,
  F8_E8M0: (code: number): number => (code === 255 ? Number.NaN : 2 ** (code - 127)),
  I8: (code: number): number => (code << 24) >> 24,
  I4: (code: number): number => (code << 28) >> 28,
};

export interface PlainGroup {
  readonly scale: number;
  readonly zero: number;
  /** −0 adds nothing. */
  readonly bias: number;
}

/** (value − zero) · scale + bias, each operation rounded to F32. */
export function plainAffine(value: number, { scale, zero, bias }: PlainGroup): number {
  return Math.fround(Math.fround(Math.fround(value - zero) * scale) + bias);
}
