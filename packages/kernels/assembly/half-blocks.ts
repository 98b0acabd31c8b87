/**
 * Faster ways from quantized values to F16, for blocks whose range is known: what they write is what `put` of
 * block-output.ts writes. Each keeps the largest magnitude so far in all lanes of `maximum`, and looks for it only where
 * a block's scale allows a larger one.
 */
import { put } from "./block-output";
import {
  BYTE_16,
  FIVE_TO_8,
  HALF_ROUND,
  LOWEST_BIT,
  MAGNITUDE,
  MAX_HALF,
  MIN_NORMAL_16,
  MIN_NORMAL_HALF,
  MINUS_ZERO,
  ONE_TO_4,
  RAMP_0,
  RAMP_12,
  RAMP_4,
  RAMP_8,
  RAMP_MINUS_4,
  RAMP_MINUS_8,
  SIGN_16,
  SIGN_8,
  SIGNS_BELOW_8,
} from "./constants";
import { halfCodes, halves, largest, maxMagnitude, quarter0, quarter1, quarter2, quarter3 } from "./half";

/** The largest lane, in all lanes. */
@inline
export function spread(maximum: v128): v128 {
  return f32x4.splat(largest(maximum));
}

/** Lane `index` in all lanes. */
@inline
export function lane(v: v128, index: i32): v128 {
  return i8x16.swizzle(v, i32x4.splat(0x03020100 + index * 0x04040404));
}

/** Four F32 values in turn: those of the indices 0 to 3, 4 to 7, 8 to 11, 12 to 15. */
let values0: v128 = i32x4.splat(0);
let values1: v128 = i32x4.splat(0);
let values2: v128 = i32x4.splat(0);
let values3: v128 = i32x4.splat(0);

/** The larger of `maximum` and of the values that the indices `q0` and `q1` choose. */
function largestChosen(q0: v128, q1: v128, maximum: v128): v128 {
  let present = 0;
  for (let i = 0; i < 16; i++) {
    const index = i8x16.splat(<i8>i);
    if (v128.any_true(v128.or(i8x16.eq(q0, index), i8x16.eq(q1, index)))) present |= 1 << i;
  }
  const bits = i32x4.splat(present);
  maximum = maxMagnitude(maximum, v128.and(values0, chosen(bits, i32x4(1, 2, 4, 8))));
  maximum = maxMagnitude(maximum, v128.and(values1, chosen(bits, i32x4(16, 32, 64, 128))));
  maximum = maxMagnitude(maximum, v128.and(values2, chosen(bits, i32x4(256, 512, 1024, 2048))));
  maximum = maxMagnitude(maximum, v128.and(values3, chosen(bits, i32x4(4096, 8192, 16384, 32768))));
  return spread(maximum);
}

@inline
function chosen(bits: v128, wanted: v128): v128 {
  return i32x4.eq(v128.and(bits, wanted), wanted);
}

/** 16 codes at `dst`, whose bytes are in two tables. */
@inline
function storeChosen(dst: usize, q: v128, lower: v128, upper: v128): void {
  const low = i8x16.swizzle(lower, q);
  const high = i8x16.swizzle(upper, q);
  v128.store(dst, i8x16.shuffle(low, high, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
  v128.store(dst, i8x16.shuffle(low, high, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31), 16);
}

/**
 * Writes 32 of 16 values: those that `q0` and `q1`, bytes below 16, choose. Sixteen roundings serve for 32.
 *
 * @returns the new maximum.
 */
@inline
export function putChosen(
  dst: usize,
  q0: v128,
  q1: v128,
  t0: v128,
  t1: v128,
  t2: v128,
  t3: v128,
  maximum: v128,
): v128 {
  const bound = maxMagnitude(maxMagnitude(maxMagnitude(v128.and(t0, MAGNITUDE), t1), t2), t3);
  if (v128.any_true(i32x4.gt_s(bound, maximum))) {
    values0 = t0;
    values1 = t1;
    values2 = t2;
    values3 = t3;
    maximum = largestChosen(q0, q1, maximum);
  }
  const c0 = halves(t0, t1);
  const c1 = halves(t2, t3);
  const lower = i8x16.narrow_i16x8_u(v128.and(c0, BYTE_16), v128.and(c1, BYTE_16));
  const upper = i8x16.narrow_i16x8_u(i16x8.shr_u(c0, 8), i16x8.shr_u(c1, 8));
  storeChosen(dst, q0, lower, upper);
  storeChosen(dst + 32, q1, lower, upper);
  return maximum;
}

/**
 * Writes 64 values scale · q + minimum, q below 4, where each sixteen have a scale and a minimum of their own: lanes of `scales` and `minima`. Sixteen
 * roundings serve for 64.
 *
 * @returns the new maximum.
 */
@inline
export function putChosen64(
  dst: usize,
  q0: v128,
  q1: v128,
  q2: v128,
  q3: v128,
  scales: v128,
  minima: v128,
  maximum: v128,
): v128 {
  const t0 = f32x4.add(f32x4.mul(lane(scales, 0), RAMP_0), lane(minima, 0));
  const t1 = f32x4.add(f32x4.mul(lane(scales, 1), RAMP_0), lane(minima, 1));
  const t2 = f32x4.add(f32x4.mul(lane(scales, 2), RAMP_0), lane(minima, 2));
  const t3 = f32x4.add(f32x4.mul(lane(scales, 3), RAMP_0), lane(minima, 3));
  if (!isQuiet(maxMagnitude(maxMagnitude(maxMagnitude(v128.and(t0, MAGNITUDE), t1), t2), t3), maximum)) {
    values0 = scales;
    values1 = minima;
    return put64Loudly(dst, q0, q1, q2, q3, maximum);
  }
  const c0 = halves(t0, t1);
  const c1 = halves(t2, t3);
  const lower = i8x16.narrow_i16x8_u(v128.and(c0, BYTE_16), v128.and(c1, BYTE_16));
  const upper = i8x16.narrow_i16x8_u(i16x8.shr_u(c0, 8), i16x8.shr_u(c1, 8));
  storeChosen(dst, q0, lower, upper);
  storeChosen(dst + 32, v128.or(q1, i8x16.splat(4)), lower, upper);
  storeChosen(dst + 64, v128.or(q2, i8x16.splat(8)), lower, upper);
  storeChosen(dst + 96, v128.or(q3, i8x16.splat(12)), lower, upper);
  return maximum;
}

/** What `putChosen64` writes, of the scales `values0` and the minima `values1`, and the largest of it. */
function put64Loudly(dst: usize, q0: v128, q1: v128, q2: v128, q3: v128, maximum: v128): v128 {
  maximum = put<u16>(dst, q0, lane(values0, 0), lane(values1, 0), maximum);
  maximum = put<u16>(dst + 32, q1, lane(values0, 1), lane(values1, 1), maximum);
  maximum = put<u16>(dst + 64, q2, lane(values0, 2), lane(values1, 2), maximum);
  return spread(put<u16>(dst + 96, q3, lane(values0, 3), lane(values1, 3), maximum));
}

/** Writes 32 values scale · (q − 8), q below 16: eight roundings serve, since they do not see signs. @returns the new maximum. */
@inline
export function putSymmetric(dst: usize, q0: v128, q1: v128, scale: v128, maximum: v128): v128 {
  const magnitude = v128.and(scale, MAGNITUDE);
  const m0 = f32x4.mul(magnitude, ONE_TO_4);
  const m1 = f32x4.mul(magnitude, FIVE_TO_8);
  if (v128.any_true(i32x4.gt_s(m1, maximum))) {
    values0 = f32x4.mul(scale, RAMP_MINUS_8);
    values1 = f32x4.mul(scale, RAMP_MINUS_4);
    values2 = f32x4.mul(scale, RAMP_0);
    values3 = f32x4.mul(scale, RAMP_4);
    maximum = largestChosen(q0, q1, maximum);
  }
  const none = i32x4.splat(0);
  const codes = i16x8.narrow_i32x4_u(halfCodes(m0), halfCodes(m1));
  const lower = i8x16.shuffle(codes, none, 14, 12, 10, 8, 6, 4, 2, 0, 16, 0, 2, 4, 6, 8, 10, 12);
  const upper = i8x16.shuffle(codes, none, 15, 13, 11, 9, 7, 5, 3, 1, 16, 1, 3, 5, 7, 9, 11, 13);
  const sign = v128.and(i32x4.shr_s(scale, 31), SIGN_8);
  const signed = v128.xor(upper, v128.xor(sign, SIGNS_BELOW_8));
  storeChosen(dst, q0, lower, signed);
  storeChosen(dst + 32, q1, lower, signed);
  return maximum;
}

/** Writes 32 values scale · q + minimum, q below 16. @returns the new maximum. */
@inline
export function putRamp(dst: usize, q0: v128, q1: v128, scale: v128, minimum: v128, maximum: v128): v128 {
  const t0 = f32x4.add(f32x4.mul(scale, RAMP_0), minimum);
  const t1 = f32x4.add(f32x4.mul(scale, RAMP_4), minimum);
  const t2 = f32x4.add(f32x4.mul(scale, RAMP_8), minimum);
  const t3 = f32x4.add(f32x4.mul(scale, RAMP_12), minimum);
  return putChosen(dst, q0, q1, t0, t1, t2, t3, maximum);
}

/** F16 codes of four magnitudes that are 0 or normal in F16 and below 65504, rounded to nearest even; 0 gives less than 0. */
@inline
function normalCodes(magnitudes: v128): v128 {
  const odd = v128.and(i32x4.shr_u(magnitudes, 13), LOWEST_BIT);
  return i32x4.shr_s(i32x4.add(i32x4.add(magnitudes, odd), HALF_ROUND), 13);
}

/** Whether no magnitude of the lanes of `tops` is above `maximum` or beyond F16. */
@inline
export function isQuiet(tops: v128, maximum: v128): bool {
  return !v128.any_true(i32x4.gt_s(tops, i32x4.min_s(maximum, MAX_HALF)));
}

/** The largest magnitudes of scale · q + minimum, q from 0 to `most`. */
@inline
export function topOfSums(scale: v128, minimum: v128, most: v128): v128 {
  const last = f32x4.add(f32x4.mul(scale, most), minimum);
  return maxMagnitude(v128.and(minimum, MAGNITUDE), last);
}

/** Lanes that are not 0 and below F16's normal range. */
@inline
export function tiny(scales: v128): v128 {
  const magnitudes = v128.and(scales, MAGNITUDE);
  return v128.and(i32x4.lt_s(magnitudes, MIN_NORMAL_HALF), i32x4.gt_s(magnitudes, i32x4.splat(0)));
}

/** Eight products with integers of 16 bits. */
@inline
function productCodes(q: v128, scale: v128, sign: v128): v128 {
  const magnitudes = i16x8.abs(q);
  const v0 = f32x4.mul(scale, f32x4.convert_i32x4_s(i32x4.extend_low_i16x8_u(magnitudes)));
  const v1 = f32x4.mul(scale, f32x4.convert_i32x4_s(i32x4.extend_high_i16x8_u(magnitudes)));
  const codes = i16x8.narrow_i32x4_u(normalCodes(v0), normalCodes(v1));
  return v128.or(codes, v128.and(v128.xor(q, sign), SIGN_16));
}

/** Writes 16 products of signed bytes with a scale that is not `tiny`, in a block that `isQuiet`. */
@inline
export function putProducts(dst: usize, q: v128, scale: v128): void {
  const magnitude = f32x4.abs(scale);
  const sign = i32x4.shr_s(scale, 31);
  v128.store(dst, productCodes(i16x8.extend_low_i8x16_s(q), magnitude, sign));
  v128.store(dst, productCodes(i16x8.extend_high_i8x16_s(q), magnitude, sign), 16);
}

/** Writes 32 products of signed bytes, none beyond ±`most`. @returns the new maximum. */
@inline
export function putScaled(dst: usize, q0: v128, q1: v128, scale: v128, most: v128, maximum: v128): v128 {
  if (isQuiet(f32x4.mul(f32x4.abs(scale), most), maximum) && !v128.any_true(tiny(scale))) {
    putProducts(dst, q0, scale);
    putProducts(dst + 32, q1, scale);
    return maximum;
  }
  return putLoudly(dst, q0, scale, dst + 32, q1, scale, MINUS_ZERO, maximum);
}

/** F16 codes of eight magnitudes; at most 0x03ff where one is below the normal range, which makes it wrong. */
@inline
function quickCodes(v0: v128, v1: v128): v128 {
  return i16x8.narrow_i32x4_u(normalCodes(v128.and(v0, MAGNITUDE)), normalCodes(v128.and(v1, MAGNITUDE)));
}

@inline
function withSigns(codes: v128, v0: v128, v1: v128): v128 {
  return v128.or(codes, v128.and(i16x8.narrow_i32x4_s(v0, v1), SIGN_16));
}

/** Writes 32 values scale · q + minimum of a block that `isQuiet`. @returns the maximum, which is as it was. */
@inline
export function putSums(dst: usize, q0: v128, q1: v128, scale: v128, minimum: v128, maximum: v128): v128 {
  const v0 = f32x4.add(f32x4.mul(scale, quarter0(q0)), minimum);
  const v1 = f32x4.add(f32x4.mul(scale, quarter1(q0)), minimum);
  const v2 = f32x4.add(f32x4.mul(scale, quarter2(q0)), minimum);
  const v3 = f32x4.add(f32x4.mul(scale, quarter3(q0)), minimum);
  const c0 = quickCodes(v0, v1);
  const c1 = quickCodes(v2, v3);
  v128.store(dst, withSigns(c0, v0, v1));
  v128.store(dst, withSigns(c1, v2, v3), 16);
  const v4 = f32x4.add(f32x4.mul(scale, quarter0(q1)), minimum);
  const v5 = f32x4.add(f32x4.mul(scale, quarter1(q1)), minimum);
  const v6 = f32x4.add(f32x4.mul(scale, quarter2(q1)), minimum);
  const v7 = f32x4.add(f32x4.mul(scale, quarter3(q1)), minimum);
  const c2 = quickCodes(v4, v5);
  const c3 = quickCodes(v6, v7);
  v128.store(dst, withSigns(c2, v4, v5), 32);
  v128.store(dst, withSigns(c3, v6, v7), 48);
  const least = v128.min<u16>(v128.min<u16>(c0, c1), v128.min<u16>(c2, c3));
  if (i16x8.all_true(i16x8.ge_u(least, MIN_NORMAL_16))) return maximum;
  return putLoudly(dst, q0, scale, dst + 32, q1, scale, minimum, maximum);
}

/** Writes 16 values, and 16 more, as `put` does: two at once, so that V8 does not inline this. @returns the new maximum. */
export function putLoudly(
  dst0: usize,
  q0: v128,
  scale0: v128,
  dst1: usize,
  q1: v128,
  scale1: v128,
  minimum: v128,
  maximum: v128,
): v128 {
  return spread(put<u16>(dst1, q1, scale1, minimum, put<u16>(dst0, q0, scale0, minimum, maximum)));
}
