/** Largest finite F16, 65504, as F32 bits. */
export const MAX_HALF: i32 = 0x477fe000;
/** All bits but the sign of an F32. */
export const MAGNITUDE: i32 = 0x7fffffff;
/** 2^112: the distance between the exponent biases of F32 and F16. */
const REBIAS: f32 = 5192296858534827628530496329220096.0;

/**
 * F16 codes of four magnitudes (F32 bits, sign clear), rounded to nearest even; beyond 65504 gives 65504.
 *
 * With E the exponent of a value, at least that of the smallest normal F16, adding 2^(E+13) leaves the value in
 * units of the last F16 place in the low bits of the sum: one path for normals and subnormals.
 */
@inline
export function halfCodes(magnitudes: v128): v128 {
  const a = i32x4.min_u(magnitudes, i32x4.splat(MAX_HALF));
  const exponent = i32x4.max_u(v128.and(a, i32x4.splat(0x7f800000)), i32x4.splat(0x38800000));
  const magic = i32x4.add(exponent, i32x4.splat(13 << 23));
  const sum = f32x4.add(a, magic);
  return i32x4.sub(i32x4.add(sum, i32x4.shr_u(exponent, 13)), i32x4.add(magic, i32x4.splat(113 << 10)));
}

/** F16 codes with signs of eight F32 values. */
@inline
export function halves(low: v128, high: v128): v128 {
  const mask = i32x4.splat(MAGNITUDE);
  const codes = i16x8.narrow_i32x4_u(halfCodes(v128.and(low, mask)), halfCodes(v128.and(high, mask)));
  // Saturating to 16 bits keeps the sign bit of each lane.
  const signs = v128.and(i16x8.narrow_i32x4_s(low, high), i16x8.splat(<i16>0x8000));
  return v128.or(codes, signs);
}

/** The larger magnitude bits lane by lane; NaN sorts above Inf, Inf above all else. */
@inline
export function maxMagnitude(maximum: v128, values: v128): v128 {
  return i32x4.max_u(maximum, v128.and(values, i32x4.splat(MAGNITUDE)));
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
  const small = v128.and(i32x4.shl(extended, 13), i32x4.splat(0x8fffe000));
  const value = f32x4.mul(small, f32x4.splat(REBIAS));
  const special = f32x4.ge(f32x4.abs(value), f32x4.splat(65536.0));
  return v128.or(value, v128.and(special, i32x4.splat(0x7f800000)));
}

/** F32 value of the F16 code at `address`, in all lanes. */
@inline
export function halfAt(address: usize): v128 {
  return widenHalves(i32x4.splat(<i32>load<i16>(address)));
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
