import { LOWER, MAGNITUDE_16 } from "./constants";

/** The largest magnitude of F16 or BF16 as a code. */
export function magnitude_16(src: usize, count: i32): i32 {
  const end = src + ((<usize>count) << 1);
  let m0 = i16x8.splat(0);
  let m1 = i16x8.splat(0);
  for (; src + 32 <= end; src += 32) {
    m0 = v128.max<u16>(m0, v128.and(v128.load(src), MAGNITUDE_16));
    m1 = v128.max<u16>(m1, v128.and(v128.load(src, 16), MAGNITUDE_16));
  }
  for (; src < end; src += 2) m0 = v128.max<u16>(m0, v128.and(i16x8.splat(load<i16>(src)), MAGNITUDE_16));
  const m = v128.max<u16>(m0, m1);
  return i32x4.extract_lane(lanesMaxima(m, m, m, m), 0);
}

/** The largest of the eight magnitudes of each vector, as 32-bit lanes. */
@inline
export function lanesMaxima(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = v128.max<u16>(i64x2.shuffle(a, b, 0, 2), i64x2.shuffle(a, b, 1, 3));
  const cd = v128.max<u16>(i64x2.shuffle(c, d, 0, 2), i64x2.shuffle(c, d, 1, 3));
  const abcd = v128.max<u16>(i32x4.shuffle(ab, cd, 0, 2, 4, 6), i32x4.shuffle(ab, cd, 1, 3, 5, 7));
  return v128.and(v128.max<u16>(abcd, i32x4.shr_u(abcd, 16)), LOWER);
}

/** The same of signed numbers. */
@inline
export function lanesMost(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = v128.max<i16>(i64x2.shuffle(a, b, 0, 2), i64x2.shuffle(a, b, 1, 3));
  const cd = v128.max<i16>(i64x2.shuffle(c, d, 0, 2), i64x2.shuffle(c, d, 1, 3));
  const abcd = v128.max<i16>(i32x4.shuffle(ab, cd, 0, 2, 4, 6), i32x4.shuffle(ab, cd, 1, 3, 5, 7));
  return i32x4.shr_s(i32x4.shl(v128.max<i16>(abcd, i32x4.shr_u(abcd, 16)), 16), 16);
}

/** F16 codes in the order of their values, as signed numbers; its own inverse. */
@inline
export function ordered(codes: v128): v128 {
  return v128.xor(codes, v128.and(i16x8.shr_s(codes, 15), MAGNITUDE_16));
}

/** Widens the range at `range`: two 16-bit numbers in the order of values, the least and the most. */
export function range_f16(src: usize, count: i32, range: usize): void {
  const end = src + ((<usize>count) << 1);
  let least = i16x8.splat(load<i16>(range));
  let most = i16x8.splat(load<i16>(range, 2));
  for (; src + 16 <= end; src += 16) {
    const keys = ordered(v128.load(src));
    least = v128.min<i16>(least, keys);
    most = v128.max<i16>(most, keys);
  }
  for (; src < end; src += 2) {
    const keys = ordered(i16x8.splat(load<i16>(src)));
    least = v128.min<i16>(least, keys);
    most = v128.max<i16>(most, keys);
  }
  const below = v128.not(least);
  store<i16>(range, <i16>~i32x4.extract_lane(lanesMost(below, below, below, below), 0));
  store<i16>(range, <i16>i32x4.extract_lane(lanesMost(most, most, most, most), 0), 2);
}

