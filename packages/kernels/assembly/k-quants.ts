/**
 * ggml's K-quants of four to six bits, blocks of 256, to F16 or F32, written once for both outputs. Scales, products and sums are rounded to F32 one by one, in gguf-py's
 * order. `count` is a multiple of the block's elements.
 */
import { bytes16, endOf, put } from "./block-output";
import { MINUS_ZERO, MOST_5_UNSIGNED, MOST_6, SIXTEEN, THIRTY_TWO, TWO_BITS } from "./constants";
import { halfAt, highNibbles, largest, lowNibbles, maxMagnitude, quarter0, quarter1, quarter2, quarter3 } from "./half";
import { isQuiet, lane, putLoudly, putProducts, putRamp, putSums, tiny, topOfSums } from "./half-blocks";

/** Bytes 0–3 of `q`, unsigned, as F32. */
@inline
export function fourBytes(q: v128): v128 {
  return f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(q)));
}

/** Two rows of 32 values, from the low and from the high nibbles of 32 bytes. */
@inline
function q4_k_pair<T>(qs: usize, dst: usize, scales: v128, minima: v128, index: i32, maximum: v128): v128 {
  const b0 = v128.load(qs);
  const b1 = v128.load(qs, 16);
  const next = dst + 2 * bytes16<T>();
  maximum = q4_k_row<T>(dst, lowNibbles(b0), lowNibbles(b1), lane(scales, index), lane(minima, index), maximum);
  return q4_k_row<T>(next, highNibbles(b0), highNibbles(b1), lane(scales, index + 1), lane(minima, index + 1), maximum);
}

@inline
function q4_k_row<T>(dst: usize, q0: v128, q1: v128, scale: v128, minimum: v128, maximum: v128): v128 {
  if (sizeof<T>() == 2) return putRamp(dst, q0, q1, scale, minimum, maximum);
  maximum = put<T>(dst, q0, scale, minimum, maximum);
  return put<T>(dst + bytes16<T>(), q1, scale, minimum, maximum);
}

@inline
function q4_k<T>(src: usize, dst: usize, count: i32): f32 {
  const end = endOf<T>(dst, count);
  let maximum = i32x4.splat(0);
  for (; dst < end; src += 144) {
    const d = halfAt(src);
    const minusMin = f32x4.neg(halfAt(src + 2));
    // Twelve bytes hold eight scales and eight minima of 6 bits (llama.cpp's get_scale_min_k4).
    const a = load<u32>(src, 4);
    const b = load<u32>(src, 8);
    const c = load<u32>(src, 12);
    const scales0 = f32x4.mul(d, fourBytes(i32x4.splat(a & 0x3f3f3f3f)));
    const scales1 = f32x4.mul(d, fourBytes(i32x4.splat((c & 0x0f0f0f0f) | ((a >> 2) & 0x30303030))));
    const minima0 = f32x4.mul(minusMin, fourBytes(i32x4.splat(b & 0x3f3f3f3f)));
    const minima1 = f32x4.mul(minusMin, fourBytes(i32x4.splat(((c >> 4) & 0x0f0f0f0f) | ((b >> 2) & 0x30303030))));
    maximum = q4_k_pair<T>(src + 16, dst, scales0, minima0, 0, maximum);
    maximum = q4_k_pair<T>(src + 48, dst + 4 * bytes16<T>(), scales0, minima0, 2, maximum);
    maximum = q4_k_pair<T>(src + 80, dst + 8 * bytes16<T>(), scales1, minima1, 0, maximum);
    maximum = q4_k_pair<T>(src + 112, dst + 12 * bytes16<T>(), scales1, minima1, 2, maximum);
    dst += 16 * bytes16<T>();
  }
  return largest(maximum);
}

/** As `q4_k_pair`; the lowest two bits of the bytes `h0` and `h1` are the fifth ones. */
@inline
function q5_k_pair<T>(
  qs: usize,
  dst: usize,
  h0: v128,
  h1: v128,
  scales: v128,
  minima: v128,
  index: i32,
  quiet: bool,
  maximum: v128,
): v128 {
  const b0 = v128.load(qs);
  const b1 = v128.load(qs, 16);
  const l0 = v128.or(lowNibbles(b0), v128.and(i16x8.shl(h0, 4), SIXTEEN));
  const l1 = v128.or(lowNibbles(b1), v128.and(i16x8.shl(h1, 4), SIXTEEN));
  const u0 = v128.or(highNibbles(b0), v128.and(i16x8.shl(h0, 3), SIXTEEN));
  const u1 = v128.or(highNibbles(b1), v128.and(i16x8.shl(h1, 3), SIXTEEN));
  const next = dst + 2 * bytes16<T>();
  maximum = q5_k_row<T>(dst, l0, l1, lane(scales, index), lane(minima, index), quiet, maximum);
  return q5_k_row<T>(next, u0, u1, lane(scales, index + 1), lane(minima, index + 1), quiet, maximum);
}

@inline
function q5_k_row<T>(
  dst: usize,
  q0: v128,
  q1: v128,
  scale: v128,
  minimum: v128,
  quiet: bool,
  maximum: v128,
): v128 {
  if (sizeof<T>() == 2) {
    if (quiet) return putSums(dst, q0, q1, scale, minimum, maximum);
    return putLoudly(dst, q0, scale, dst + 32, q1, scale, minimum, maximum);
  }
  put<T>(dst, q0, scale, minimum, maximum);
  return put<T>(dst + bytes16<T>(), q1, scale, minimum, maximum);
}

@inline
function q5_k_rows<T>(
  src: usize,
  dst: usize,
  scales0: v128,
  minima0: v128,
  scales1: v128,
  minima1: v128,
  quiet: bool,
  maximum: v128,
): v128 {
  const h0 = v128.load(src, 16);
  const h1 = v128.load(src, 32);
  const h2 = i16x8.shr_u(h0, 4);
  const h3 = i16x8.shr_u(h1, 4);
  const qs = src + 48;
  const by = 4 * bytes16<T>();
  maximum = q5_k_pair<T>(qs, dst, h0, h1, scales0, minima0, 0, quiet, maximum);
  maximum = q5_k_pair<T>(qs + 32, dst + by, i16x8.shr_u(h0, 2), i16x8.shr_u(h1, 2), scales0, minima0, 2, quiet, maximum);
  maximum = q5_k_pair<T>(qs + 64, dst + 2 * by, h2, h3, scales1, minima1, 0, quiet, maximum);
  return q5_k_pair<T>(qs + 96, dst + 3 * by, i16x8.shr_u(h0, 6), i16x8.shr_u(h1, 6), scales1, minima1, 2, quiet, maximum);
}

@inline
function q5_k<T>(src: usize, dst: usize, count: i32): f32 {
  const end = endOf<T>(dst, count);
  let maximum = i32x4.splat(0);
  for (; dst < end; src += 176, dst += 16 * bytes16<T>()) {
    const d = halfAt(src);
    const minusMin = f32x4.neg(halfAt(src + 2));
    const a = load<u32>(src, 4);
    const b = load<u32>(src, 8);
    const c = load<u32>(src, 12);
    const scales0 = f32x4.mul(d, fourBytes(i32x4.splat(a & 0x3f3f3f3f)));
    const scales1 = f32x4.mul(d, fourBytes(i32x4.splat((c & 0x0f0f0f0f) | ((a >> 2) & 0x30303030))));
    const minima0 = f32x4.mul(minusMin, fourBytes(i32x4.splat(b & 0x3f3f3f3f)));
    const minima1 = f32x4.mul(minusMin, fourBytes(i32x4.splat(((c >> 4) & 0x0f0f0f0f) | ((b >> 2) & 0x30303030))));
    const tops0 = topOfSums(scales0, minima0, MOST_5_UNSIGNED);
    const tops1 = topOfSums(scales1, minima1, MOST_5_UNSIGNED);
    if (sizeof<T>() == 2 && isQuiet(maxMagnitude(tops0, tops1), maximum)) {
      maximum = q5_k_rows<T>(src, dst, scales0, minima0, scales1, minima1, true, maximum);
    } else {
      maximum = q5_k_rows<T>(src, dst, scales0, minima0, scales1, minima1, false, maximum);
    }
  }
  return largest(maximum);
}

/** 16 values scale · (q − 32), and 16 more behind them. */
@inline
function products<T>(dst: usize, q0: v128, scale0: v128, q1: v128, scale1: v128, quiet: bool, maximum: v128): v128 {
  const signed0 = i8x16.sub(q0, THIRTY_TWO);
  const signed1 = i8x16.sub(q1, THIRTY_TWO);
  const next = dst + bytes16<T>();
  if (sizeof<T>() == 2) {
    if (!quiet) return putLoudly(dst, signed0, scale0, next, signed1, scale1, MINUS_ZERO, maximum);
    putProducts(dst, signed0, scale0);
    putProducts(next, signed1, scale1);
    return maximum;
  }
  put<T>(dst, signed0, scale0, MINUS_ZERO, maximum);
  return put<T>(next, signed1, scale1, MINUS_ZERO, maximum);
}

/** Six bits: the low nibbles `q`, and two bits of `h`. */
@inline
function sixBits(q: v128, h: v128): v128 {
  return v128.or(q, i16x8.shl(v128.and(h, TWO_BITS), 4));
}

/** Half of a block: 64 bytes of low nibbles, 32 bytes of upper bits, 8 scales, 128 values. */
@inline
function q6_k_half<T>(lows: usize, highs: usize, dst: usize, s0: v128, s1: v128, quiet: bool, maximum: v128): v128 {
  const a = v128.load(lows);
  const b = v128.load(lows, 16);
  const c = v128.load(lows, 32);
  const d = v128.load(lows, 48);
  // Each byte of upper bits serves the values i, i + 32, i + 64 and i + 96.
  const h0 = v128.load(highs);
  const h1 = v128.load(highs, 16);
  const q0 = sixBits(lowNibbles(a), h0);
  const q1 = sixBits(lowNibbles(b), h1);
  maximum = products<T>(dst, q0, lane(s0, 0), q1, lane(s0, 1), quiet, maximum);
  const q2 = sixBits(lowNibbles(c), i16x8.shr_u(h0, 2));
  const q3 = sixBits(lowNibbles(d), i16x8.shr_u(h1, 2));
  maximum = products<T>(dst + 2 * bytes16<T>(), q2, lane(s0, 2), q3, lane(s0, 3), quiet, maximum);
  const q4 = sixBits(highNibbles(a), i16x8.shr_u(h0, 4));
  const q5 = sixBits(highNibbles(b), i16x8.shr_u(h1, 4));
  maximum = products<T>(dst + 4 * bytes16<T>(), q4, lane(s1, 0), q5, lane(s1, 1), quiet, maximum);
  const q6 = sixBits(highNibbles(c), i16x8.shr_u(h0, 6));
  const q7 = sixBits(highNibbles(d), i16x8.shr_u(h1, 6));
  return products<T>(dst + 6 * bytes16<T>(), q6, lane(s1, 2), q7, lane(s1, 3), quiet, maximum);
}

@inline
function q6_k<T>(src: usize, dst: usize, count: i32): f32 {
  const end = endOf<T>(dst, count);
  let maximum = i32x4.splat(0);
  for (; dst < end; src += 210, dst += 16 * bytes16<T>()) {
    const d = halfAt(src + 208);
    const bytes = v128.load(src, 192);
    const s0 = f32x4.mul(d, quarter0(bytes));
    const s1 = f32x4.mul(d, quarter1(bytes));
    const s2 = f32x4.mul(d, quarter2(bytes));
    const s3 = f32x4.mul(d, quarter3(bytes));
    const anyTiny = v128.any_true(v128.or(v128.or(tiny(s0), tiny(s1)), v128.or(tiny(s2), tiny(s3))));
    const most = maxMagnitude(maxMagnitude(maxMagnitude(f32x4.abs(s0), s1), s2), s3);
    const second = dst + 8 * bytes16<T>();
    if (sizeof<T>() == 2 && !anyTiny && isQuiet(f32x4.mul(most, MOST_6), maximum)) {
      maximum = q6_k_half<T>(src, src + 128, dst, s0, s1, true, maximum);
      maximum = q6_k_half<T>(src + 64, src + 160, second, s2, s3, true, maximum);
    } else {
      maximum = q6_k_half<T>(src, src + 128, dst, s0, s1, false, maximum);
      maximum = q6_k_half<T>(src + 64, src + 160, second, s2, s3, false, maximum);
    }
  }
  return largest(maximum);
}

export function q4_k_to_f16(src: usize, dst: usize, count: i32): f32 {
  return q4_k<u16>(src, dst, count);
}

export function q4_k_to_f32(src: usize, dst: usize, count: i32): void {
  q4_k<f32>(src, dst, count);
}

export function q5_k_to_f16(src: usize, dst: usize, count: i32): f32 {
  return q5_k<u16>(src, dst, count);
}

export function q5_k_to_f32(src: usize, dst: usize, count: i32): void {
  q5_k<f32>(src, dst, count);
}

export function q6_k_to_f16(src: usize, dst: usize, count: i32): f32 {
  return q6_k<u16>(src, dst, count);
}

export function q6_k_to_f32(src: usize, dst: usize, count: i32): void {
  q6_k<f32>(src, dst, count);
}
