/**
 * ggml's K-quants of two and three bits, blocks of 256, to F16 or F32, as in k-quants.ts. Sixteen values share a scale, and are one of four or of eight:
 * where the output is F16, those are rounded and chosen from.
 */
import { bytes16, endOf, put } from "./block-output";
import { MINUS_ZERO, NIBBLE, RAMP_0, RAMP_MINUS_4, THIRTY_TWO, TWO_BITS } from "./constants";
import { halfAt, highNibbles, largest, lowNibbles, quarter0, quarter1, quarter2, quarter3 } from "./half";
import { lane, putChosen, putChosen64 } from "./half-blocks";

/** Two runs of 32 values, from the lowest bits of `q0` and `q1`; four scales and minima. */
@inline
function q2_k_runs<T>(dst: usize, q0: v128, q1: v128, scales: v128, minima: v128, maximum: v128): v128 {
  const i0 = v128.and(q0, TWO_BITS);
  const i1 = v128.and(q1, TWO_BITS);
  const i2 = v128.and(i16x8.shr_u(q0, 2), TWO_BITS);
  const i3 = v128.and(i16x8.shr_u(q1, 2), TWO_BITS);
  if (sizeof<T>() == 2) return putChosen64(dst, i0, i1, i2, i3, scales, minima, maximum);
  put<T>(dst, i0, lane(scales, 0), lane(minima, 0), maximum);
  put<T>(dst + bytes16<T>(), i1, lane(scales, 1), lane(minima, 1), maximum);
  put<T>(dst + 2 * bytes16<T>(), i2, lane(scales, 2), lane(minima, 2), maximum);
  return put<T>(dst + 3 * bytes16<T>(), i3, lane(scales, 3), lane(minima, 3), maximum);
}

@inline
function q2_k<T>(src: usize, dst: usize, count: i32): f32 {
  const end = endOf<T>(dst, count);
  let maximum = i32x4.splat(0);
  for (; dst < end; src += 84, dst += 16 * bytes16<T>()) {
    const d = halfAt(src + 80);
    const minusMin = f32x4.neg(halfAt(src + 82));
    const bytes = v128.load(src);
    const s = lowNibbles(bytes);
    const m = highNibbles(bytes);
    // Thirty-two bytes hold 128 values: two bits of each for every run of 32.
    const q0 = v128.load(src, 16);
    const q1 = v128.load(src, 32);
    const q2 = v128.load(src, 48);
    const q3 = v128.load(src, 64);
    const by = 4 * bytes16<T>();
    const s0 = f32x4.mul(d, quarter0(s));
    const m0 = f32x4.mul(minusMin, quarter0(m));
    maximum = q2_k_runs<T>(dst, q0, q1, s0, m0, maximum);
    const s1 = f32x4.mul(d, quarter1(s));
    const m1 = f32x4.mul(minusMin, quarter1(m));
    maximum = q2_k_runs<T>(dst + by, i16x8.shr_u(q0, 4), i16x8.shr_u(q1, 4), s1, m1, maximum);
    const s2 = f32x4.mul(d, quarter2(s));
    const m2 = f32x4.mul(minusMin, quarter2(m));
    maximum = q2_k_runs<T>(dst + 2 * by, q2, q3, s2, m2, maximum);
    const s3 = f32x4.mul(d, quarter3(s));
    const m3 = f32x4.mul(minusMin, quarter3(m));
    maximum = q2_k_runs<T>(dst + 3 * by, i16x8.shr_u(q2, 4), i16x8.shr_u(q3, 4), s3, m3, maximum);
  }
  return largest(maximum);
}

/** The sixteen scales of a Q3_K block, signed bytes: four bits in one place, two in another, around 32. */
@inline
export function q3_k_signed_scales(scales: usize): v128 {
  const bytes = v128.load64_zero(scales);
  const low = v128.and(i64x2.shuffle(bytes, i16x8.shr_u(bytes, 4), 0, 2), NIBBLE);
  const upper = load<u32>(scales, 8);
  const high = v128.and(i32x4(upper, upper >> 2, upper >> 4, upper >> 6), TWO_BITS);
  return i8x16.sub(v128.or(low, i16x8.shl(high, 4)), THIRTY_TWO);
}

/** A run of 32 values: the lowest two bits of `q0` and `q1`, the lowest of `h0` and `h1` above them, around 4. */
@inline
function q3_k_run<T>(dst: usize, q0: v128, q1: v128, h0: v128, h1: v128, s0: v128, s1: v128, maximum: v128): v128 {
  const four = i8x16.splat(4);
  const i0 = v128.or(v128.and(q0, TWO_BITS), v128.and(i16x8.shl(h0, 2), four));
  const i1 = v128.or(v128.and(q1, TWO_BITS), v128.and(i16x8.shl(h1, 2), four));
  if (sizeof<T>() == 2) {
    const t0 = f32x4.mul(s0, RAMP_MINUS_4);
    const t1 = f32x4.mul(s0, RAMP_0);
    const second = v128.or(i1, i8x16.splat(8));
    return putChosen(dst, i0, second, t0, t1, f32x4.mul(s1, RAMP_MINUS_4), f32x4.mul(s1, RAMP_0), maximum);
  }
  put<T>(dst, i8x16.sub(i0, four), s0, MINUS_ZERO, maximum);
  return put<T>(dst + bytes16<T>(), i8x16.sub(i1, four), s1, MINUS_ZERO, maximum);
}

/** Four runs of 32 values; the lowest four bits of the bytes `h0` and `h1` are their third bits. */
@inline
function q3_k_half<T>(qs: usize, dst: usize, h0: v128, h1: v128, s0: v128, s1: v128, maximum: v128): v128 {
  const q0 = v128.load(qs);
  const q1 = v128.load(qs, 16);
  const by = 2 * bytes16<T>();
  maximum = q3_k_run<T>(dst, q0, q1, h0, h1, lane(s0, 0), lane(s0, 1), maximum);
  maximum = q3_k_next<T>(dst + by, q0, q1, h0, h1, 1, lane(s0, 2), lane(s0, 3), maximum);
  maximum = q3_k_next<T>(dst + 2 * by, q0, q1, h0, h1, 2, lane(s1, 0), lane(s1, 1), maximum);
  return q3_k_next<T>(dst + 3 * by, q0, q1, h0, h1, 3, lane(s1, 2), lane(s1, 3), maximum);
}

/** The run that starts `index` fields of two bits and of one bit further. */
@inline
function q3_k_next<T>(
  dst: usize,
  q0: v128,
  q1: v128,
  h0: v128,
  h1: v128,
  index: i32,
  s0: v128,
  s1: v128,
  maximum: v128,
): v128 {
  const l0 = i16x8.shr_u(q0, 2 * index);
  const l1 = i16x8.shr_u(q1, 2 * index);
  return q3_k_run<T>(dst, l0, l1, i16x8.shr_u(h0, index), i16x8.shr_u(h1, index), s0, s1, maximum);
}

@inline
function q3_k<T>(src: usize, dst: usize, count: i32): f32 {
  const end = endOf<T>(dst, count);
  let maximum = i32x4.splat(0);
  for (; dst < end; src += 110, dst += 16 * bytes16<T>()) {
    const d = halfAt(src + 108);
    const scales = q3_k_signed_scales(src + 96);
    const s0 = f32x4.mul(d, quarter0(scales));
    const s1 = f32x4.mul(d, quarter1(scales));
    const s2 = f32x4.mul(d, quarter2(scales));
    const s3 = f32x4.mul(d, quarter3(scales));
    // The third bits: where one is clear, 4 is subtracted.
    const h0 = v128.load(src);
    const h1 = v128.load(src, 16);
    maximum = q3_k_half<T>(src + 32, dst, h0, h1, s0, s1, maximum);
    const second = dst + 8 * bytes16<T>();
    maximum = q3_k_half<T>(src + 64, second, i16x8.shr_u(h0, 4), i16x8.shr_u(h1, 4), s2, s3, maximum);
  }
  return largest(maximum);
}

export function q2_k_to_f16(src: usize, dst: usize, count: i32): f32 {
  return q2_k<u16>(src, dst, count);
}

export function q2_k_to_f32(src: usize, dst: usize, count: i32): void {
  q2_k<f32>(src, dst, count);
}

export function q3_k_to_f16(src: usize, dst: usize, count: i32): f32 {
  return q3_k<u16>(src, dst, count);
}

export function q3_k_to_f32(src: usize, dst: usize, count: i32): void {
  q3_k<f32>(src, dst, count);
}
