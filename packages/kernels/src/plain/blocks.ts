import { f16Value } from "./float16.ts";

export type Visit = (value: number, index: number) => void;
export type BlockReader = (view: DataView, at: number, visit: Visit) => void;

/** ggml's `kvalues_iq4nl`. */
const IQ4_VALUES = [-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113];
/** Magnitudes of E2M1 floats: 1 sign, 2 exponent and 1 mantissa bits (OCP Microscaling Formats 1.0). */
const E2M1 = [0, 0.5, 1, 1.5, 2, 3, 4, 6];

const { fround } = Math;

/**
 * How the bytes of one GGUF block become values, one element at a time. Products and sums are rounded to F32 in the
 * order of gguf-py's quants.py.
 */
export const GGUF_BLOCK_READERS = {
  Q8_0: (view, at, visit) => {
    const scale = halfAt(view, at);
    for (let i = 0; i < 32; i++) visit(fround(scale * view.getInt8(at + 2 + i)), i);
  },
  Q4_0: (view, at, visit) => {
    const scale = halfAt(view, at);
    for (let i = 0; i < 32; i++) visit(fround(scale * (nibble(view, at + 2, i) - 8)), i);
  },
  Q4_1: (view, at, visit) => {
    const scale = halfAt(view, at);
    const minimum = halfAt(view, at + 2);
    for (let i = 0; i < 32; i++) visit(affine(scale, nibble(view, at + 4, i), minimum), i);
  },
  Q5_0: (view, at, visit) => {
    const scale = halfAt(view, at);
    const fifth = view.getUint32(at + 2, true);
    for (let i = 0; i < 32; i++) {
      visit(fround(scale * (nibble(view, at + 6, i) + 16 * ((fifth >>> i) & 1) - 16)), i);
    }
  },
  Q5_1: (view, at, visit) => {
    const scale = halfAt(view, at);
    const minimum = halfAt(view, at + 2);
    const fifth = view.getUint32(at + 4, true);
    for (let i = 0; i < 32; i++) {
      visit(affine(scale, nibble(view, at + 8, i) + 16 * ((fifth >>> i) & 1), minimum), i);
    }
  },
  Q2_K: (view, at, visit) => {
    const d = halfAt(view, at + 80);
    const dMin = halfAt(view, at + 82);
    for (let i = 0; i < 256; i++) {
      const packed = view.getUint8(at + (i >> 4));
      const minimum = -fround(dMin * (packed >> 4));
      visit(affine(fround(d * (packed & 15)), twoBits(view, at + 16, i), minimum), i);
    }
  },
  Q3_K: (view, at, visit) => {
    const d = halfAt(view, at + 108);
    for (let i = 0; i < 256; i++) {
      const third = (view.getUint8(at + (i & 31)) >> (i >> 5)) & 1;
      const scale = q3Scale(view, at + 96, i >> 4);
      visit(fround(fround(d * scale) * (twoBits(view, at + 32, i) - (third ? 0 : 4))), i);
    }
  },
  Q4_K: (view, at, visit) => {
    for (let i = 0; i < 256; i++) {
      const { scale, minimum } = k4Scale(view, at, i >> 5);
      visit(affine(scale, nibbleOf64(view, at + 16, i), minimum), i);
    }
  },
  Q5_K: (view, at, visit) => {
    for (let i = 0; i < 256; i++) {
      const { scale, minimum } = k4Scale(view, at, i >> 5);
      const fifth = (view.getUint8(at + 16 + (i & 31)) >> (i >> 5)) & 1;
      visit(affine(scale, nibbleOf64(view, at + 48, i) + 16 * fifth, minimum), i);
    }
  },
  Q6_K: (view, at, visit) => {
    const d = halfAt(view, at + 208);
    for (let i = 0; i < 256; i++) {
      // In each half of 128: bytes 0–63 hold the low nibbles of 0–63, then the high ones those of 64–127.
      const byte = view.getUint8(at + 64 * (i >> 7) + (i & 63));
      const low = i & 64 ? byte >> 4 : byte & 15;
      const upper = twoBits(view, at + 128, i);
      const scale = fround(d * view.getInt8(at + 192 + (i >> 4)));
      visit(fround(scale * (low + 16 * upper - 32)), i);
    }
  },
  IQ4_NL: (view, at, visit) => {
    const scale = halfAt(view, at);
    for (let i = 0; i < 32; i++) visit(fround(scale * IQ4_VALUES[nibble(view, at + 2, i)]!), i);
  },
  IQ4_XS: (view, at, visit) => {
    const d = halfAt(view, at);
    for (let i = 0; i < 256; i++) {
      const run = i >> 5;
      const low = (view.getUint8(at + 4 + (run >> 1)) >> (4 * (run & 1))) & 15;
      const upper = (view.getUint16(at + 2, true) >> (2 * run)) & 3;
      const scale = fround(d * (low + 16 * upper - 32));
      visit(fround(scale * IQ4_VALUES[nibble(view, at + 8 + 16 * run, i & 31)]!), i);
    }
  },
  MXFP4: (view, at, visit) => {
    const scale = 2 ** (view.getUint8(at) - 127);
    for (let i = 0; i < 32; i++) {
      const code = nibble(view, at + 1, i);
      // gguf-py's table has no −0.
      visit(fround(scale * E2M1[code & 7]! * (code > 8 ? -1 : 1)), i);
    }
  },
} as const satisfies Record<string, BlockReader>;

export function halfAt(view: DataView, at: number): number {
  return f16Value(view.getUint16(at, true));
}

function affine(scale: number, q: number, minimum: number): number {
  return fround(fround(scale * q) + minimum);
}

/** Element `i` of a block of 32: low nibbles are elements 0–15, high nibbles 16–31. */
function nibble(view: DataView, at: number, i: number): number {
  return i < 16 ? view.getUint8(at + i) & 15 : view.getUint8(at + i - 16) >> 4;
}

/** Element `i` of 256: each 32 bytes hold 64, the first 32 in the low nibbles. */
function nibbleOf64(view: DataView, at: number, i: number): number {
  const byte = view.getUint8(at + 32 * (i >> 6) + (i & 31));
  return i & 32 ? byte >> 4 : byte & 15;
}

/** Element `i` of 256: each 32 bytes hold 128, 32 in each two bits. */
function twoBits(view: DataView, at: number, i: number): number {
  return (view.getUint8(at + 32 * (i >> 7) + (i & 31)) >> (2 * ((i >> 5) & 3))) & 3;
}

/** Scale `index` of 16 in 12 bytes: low nibbles of 0–7, then their high ones are 8–15; two bits of each in four bytes. */
export function q3Scale(view: DataView, at: number, index: number): number {
  const low = (view.getUint8(at + (index & 7)) >> (index < 8 ? 0 : 4)) & 15;
  const high = (view.getUint8(at + 8 + (index & 3)) >> (2 * (index >> 2))) & 3;
  return low + 16 * high - 32;
}

/** The scale and the negated minimum of run `index` of 8 in a Q4_K or Q5_K block at `at`. */
export function k4Scale(view: DataView, at: number, index: number): { scale: number; minimum: number } {
  const byte = (offset: number) => view.getUint8(at + 4 + offset);
  const [q, m] =
    index < 4
      ? [byte(index) & 63, byte(index + 4) & 63]
      : [
          (byte(index + 4) & 15) | ((byte(index - 4) >> 6) << 4),
          (byte(index + 4) >> 4) | ((byte(index) >> 6) << 4),
        ];
  return { scale: fround(halfAt(view, at) * q), minimum: -fround(halfAt(view, at + 2) * m) };
}
