import {
  BEYOND_HALF,
  BIAS,
  EXPONENT,
  HALF_BITS,
  MAGNITUDE,
  MAX_HALF,
  MIN_NORMAL_HALF,
  NIBBLE,
  REBIAS,
  SIGN_16,
  THIRTEEN,
} from "./constants";

/**
 * F16 codes of four magnitudes (F32 bits, sign clear), rounded to nearest even; beyond 65504 gives 65504.
 *
 * With E the exponent of a value, at least that of the smallest normal F16, adding 2^(E+13) leaves the value in
 * units of the last F16 place in the low bits of the sum: one path for normals and subnormals.
 */
@inline
export function halfCodes(magnitudes: v128): v128 {
  const a = i32x4.min_u(magnitudes, MAX_HALF);
  const exponent = i32x4.max_u(v128.and(a, EXPONENT), MIN_NORMAL_HALF);
  const magic = i32x4.add(exponent, THIRTEEN);
  const sum = f32x4.add(a, magic);
  return i32x4.sub(i32x4.add(sum, i32x4.shr_u(exponent, 13)), i32x4.add(magic, BIAS));
}

/** F16 codes with signs of eight F32 values. */
@inline
export function halves(low: v128, high: v128): v128 {
  const codes = i16x8.narrow_i32x4_u(halfCodes(v128.and(low, MAGNITUDE)), halfCodes(v128.and(high, MAGNITUDE)));
  // Saturating to 16 bits keeps the sign bit of each lane.
  return v128.or(codes, v128.and(i16x8.narrow_i32x4_s(low, high), SIGN_16));
}

/** The larger magnitude bits lane by lane; NaN sorts above Inf, Inf above all else. */
@inline
export function maxMagnitude(maximum: v128, values: v128): v128 {
  return i32x4.max_u(maximum, v128.and(values, MAGNITUDE));
}

/** The largest of four magnitudes. */
@inline
export function largest(m: v128): f32 {
  const pair = i32x4.max_u(m, i32x4.shuffle(m, m, 2, 3, 0, 1));
  const one = i32x4.max_u(pair, i32x4.shuffle(pair, pair, 1, 0, 3, 2));
  return f32.reinterpret_i32(i32x4.extract_lane(one, 0));
}

/** F32 values of four F16 codes, each sign-extended to 32 bits; Inf and NaN keep their meaning. */
@inline
export function widenHalves(extended: v128): v128 {
  const value = f32x4.mul(v128.and(i32x4.shl(extended, 13), HALF_BITS), REBIAS);
  return v128.or(value, v128.and(f32x4.ge(f32x4.abs(value), BEYOND_HALF), EXPONENT));
}

/** F32 value of the F16 code at `address`, in all lanes. */
@inline
export function halfAt(address: usize): v128 {
  return widenHalves(i32x4.splat(<i32>load<i16>(address)));
}

@inline
export function lowNibbles(bytes: v128): v128 {
  return v128.and(bytes, NIBBLE);
}

/** Shifts of bytes are emulated; those of pairs of them are not. */
@inline
export function highNibbles(bytes: v128): v128 {
  return v128.and(i16x8.shr_u(bytes, 4), NIBBLE);
}

/** Bytes 0–3 of `q` as F32; `quarter1` to `quarter3` give the others. */
@inline
export function quarter0(q: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(i16x8.extend_low_i8x16_s(q)));
}

@inline
export function quarter1(q: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(i16x8.extend_low_i8x16_s(q)));
}

@inline
export function quarter2(q: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_s(i16x8.extend_high_i8x16_s(q)));
}

@inline
export function quarter3(q: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_s(i16x8.extend_high_i8x16_s(q)));
}

/** F32 values rounded to the nearest F16, ties to even; from 65520 on, infinity. */
@inline
export function roundToHalf(values: v128): v128 {
  const a = v128.and(values, MAGNITUDE);
  const magic = i32x4.add(i32x4.max_u(v128.and(a, EXPONENT), MIN_NORMAL_HALF), THIRTEEN);
  const rounded = f32x4.sub(f32x4.add(a, magic), magic);
  const infinite = v128.bitselect(EXPONENT, rounded, f32x4.ge(rounded, BEYOND_HALF));
  return v128.bitselect(infinite, values, MAGNITUDE);
}
