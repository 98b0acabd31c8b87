/**
 * Vector constants of the inner loops. V8 builds a constant where it is used, three instructions each time round the
 * loop, and binaryen moves it there; loading a global is one. Measured on F32 → F16: 4.9 GB/s with literals, 13 with
 * these. So their values must be unknown to binaryen: they are computed when the module starts.
 */
@inline
function held(value: v128): v128 {
  // A memory has at most 65536 pages: the mask is zero.
  return v128.xor(value, i32x4.splat(memory.size() >> 31));
}

/** All bits but the sign of an F32. */
export const MAGNITUDE: v128 = held(i32x4.splat(0x7fffffff));
export const EXPONENT: v128 = held(i32x4.splat(0x7f800000));
/** Largest finite F16, 65504, as F32. */
export const MAX_HALF: v128 = held(i32x4.splat(0x477fe000));
/** 2^16, the first power of two that F16 lacks, as F32. */
export const BEYOND_HALF: v128 = held(i32x4.splat(0x47800000));
/** 2^-14, the smallest normal F16, as F32. */
export const MIN_NORMAL_HALF: v128 = held(i32x4.splat(0x38800000));
/** Thirteen as an F32 exponent: the mantissa bits F16 lacks. */
export const THIRTEEN: v128 = held(i32x4.splat(13 << 23));
/** Difference of the exponent biases, less one, at F16's exponent. */
export const BIAS: v128 = held(i32x4.splat(113 << 10));
/** 2^112 as F32: the difference of the exponent biases as a factor. */
export const REBIAS: v128 = held(i32x4.splat(0x77800000));
/** Bits of an F16 moved to their places in an F32: as a number, the value times 2^-112. */
export const HALF_BITS: v128 = held(i32x4.splat(0x8fffe000));
/** Factors of two 16-bit numbers: their dot product is the even one, its sign extended, times 2^13. */
export const EVEN_THIRTEENTH: v128 = held(i32x4.splat(1 << 13));
/** Minus zero: adding it changes nothing. */
export const MINUS_ZERO: v128 = held(i32x4.splat(0x80000000));
/** The odd one of two BF16 in 32 bits. */
export const UPPER: v128 = held(i32x4.splat(0xffff0000));

/** The sign, and all other bits, of 16-bit floats. */
export const SIGN_16: v128 = held(i16x8.splat(<i16>0x8000));
export const MAGNITUDE_16: v128 = held(i16x8.splat(0x7fff));
export const ONE_16: v128 = held(i16x8.splat(1));
/** In BF16: 2^-14 less one, 2^16, and the difference of the biases. */
export const BELOW_NORMAL_BF16: v128 = held(i16x8.splat(0x387f));
export const BEYOND_HALF_BF16: v128 = held(i16x8.splat(0x4780));
export const BIAS_BF16: v128 = held(i16x8.splat(0x3800));
/** Largest finite F16. */
export const MAX_HALF_CODE: v128 = held(i16x8.splat(0x7bff));

export const NIBBLE: v128 = held(i8x16.splat(15));
export const EIGHT: v128 = held(i8x16.splat(8));
export const SIXTEEN: v128 = held(i8x16.splat(16));
export const THIRTY_TWO: v128 = held(i8x16.splat(32));
export const TWO_BITS: v128 = held(i8x16.splat(3));
/** Bit i of a byte, for i from 0 to 7, twice. */
export const BIT_5: v128 = held(i8x16(1, 2, 4, 8, 16, 32, 64, -128, 1, 2, 4, 8, 16, 32, 64, -128));
/** What the 16 codes of IQ4_NL and IQ4_XS mean (ggml's kvalues_iq4nl). */
export const IQ4_VALUES: v128 = held(
  i8x16(-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113),
);
/** Twice what the 16 codes of E2M1 mean: integers (OCP Microscaling Formats 1.0). */
export const E2M1_TWICE: v128 = held(i8x16(0, 1, 2, 3, 4, 6, 8, 12, 0, -1, -2, -3, -4, -6, -8, -12));
/** Upper bytes of the F16 codes of the 16 values of E2M1. */
export const E2M1_HALF: v128 = held(
  i8x16(0x00, 0x38, 0x3c, 0x3e, 0x40, 0x42, 0x44, 0x46, -0x80, -0x48, -0x44, -0x42, -0x40, -0x3e, -0x3c, -0x3a),
);
/** The magnitude of an F8 in the upper byte of 16 bits, in 32-bit lanes. */
export const MAGNITUDE_7F: v128 = held(i32x4.splat(0x7f00));
export const NAN_32: v128 = held(i32x4.splat(0x7fc00000));
export const TWO_POW_8: v128 = held(f32x4.splat(256));

/** Half of the last place of F16 in the mantissa of an F32, and the bits from that place on. */
export const HALF_PLACE: v128 = held(i32x4.splat(0x1000));
export const HALF_PLACES: v128 = held(i32x4.splat(0xffffe000));
/** 1.5 · 2^23: added to a small number, its lowest mantissa bits are the nearest even integer in two's complement. */
export const TO_INTEGER: v128 = held(f32x4.splat(12582912.0));
/** 1.5 · 2^11: the same for twelve fraction bits. */
export const TO_FRACTION: v128 = held(f32x4.splat(3072.0));
export const BYTE_16: v128 = held(i16x8.splat(0xff));
export const LOW_NIBBLE_16: v128 = held(i16x8.splat(0x0f));
export const HIGH_NIBBLE_16: v128 = held(i16x8.splat(0xf0));
/** Magnitude bits of the even one of two F16. */
export const LOWER: v128 = held(i32x4.splat(0xffff));

/** The F32 values of four-bit codes: 0 to 15, less 8, of IQ4_NL, and twice those of E2M1. */
export const RAMP_0: v128 = held(f32x4(0, 1, 2, 3));
export const RAMP_4: v128 = held(f32x4(4, 5, 6, 7));
export const RAMP_8: v128 = held(f32x4(8, 9, 10, 11));
export const RAMP_12: v128 = held(f32x4(12, 13, 14, 15));
export const RAMP_MINUS_8: v128 = held(f32x4(-8, -7, -6, -5));
export const RAMP_MINUS_4: v128 = held(f32x4(-4, -3, -2, -1));
export const IQ4_0: v128 = held(f32x4(-127, -104, -83, -65));
export const IQ4_4: v128 = held(f32x4(-49, -35, -22, -10));
export const IQ4_8: v128 = held(f32x4(1, 13, 25, 38));
export const IQ4_12: v128 = held(f32x4(53, 69, 89, 113));
export const E2M1_0: v128 = held(f32x4(0, 1, 2, 3));
export const E2M1_4: v128 = held(f32x4(4, 6, 8, 12));
export const E2M1_8: v128 = held(f32x4(0, -1, -2, -3));
export const E2M1_12: v128 = held(f32x4(-4, -6, -8, -12));

export const ONE_TO_4: v128 = held(f32x4(1, 2, 3, 4));
export const FIVE_TO_8: v128 = held(f32x4(5, 6, 7, 8));
/** The signs of bytes: of all, and of the lower eight. */
export const SIGN_8: v128 = held(i8x16.splat(-128));
export const SIGNS_BELOW_8: v128 = held(i64x2(0x8080808080808080, 0));
/** The largest magnitudes of signed bytes, of five and of six bits, and of five unsigned bits. */
export const MOST_8: v128 = held(f32x4.splat(128));
export const MOST_5: v128 = held(f32x4.splat(16));
export const MOST_6: v128 = held(f32x4.splat(32));
export const MOST_5_UNSIGNED: v128 = held(f32x4.splat(31));

/** Just below half of the last place of F16 in an F32, less the difference of the exponent biases. */
export const HALF_ROUND: v128 = held(i32x4.splat(0x0fff - 0x38000000));
export const LOWEST_BIT: v128 = held(i32x4.splat(1));
/** The smallest normal F16. */
export const MIN_NORMAL_16: v128 = held(i16x8.splat(0x0400));
