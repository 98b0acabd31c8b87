import { BYTE_16, HALF_BITS, LOWER, HALF_PLACE, HALF_PLACES, TO_FRACTION, TO_INTEGER } from "./constants";
import { halfAt, roundToHalf } from "./half";

/** Sums of one weight, in memory: see `ErrorSums` in src/linear.ts. */
const SQUARED_ERROR: usize = 0;
const SQUARES: usize = 8;
const MAX_ERROR: usize = 16;
const SATURATED: usize = 24;
export const ZERO_GROUPS: usize = 28;
export const WIDE_SCALES: usize = 32;

/** Below this F16 is subnormal, and a scale so coarse that quotients leave the range. */
export const MIN_NORMAL: f32 = 0.00006103515625;

/** 2^112: the difference of the exponent biases as a factor. */
export const REBIAS_SCALE: f32 = 5192296858534827628530496329220096.0;

/** Bytes whose squares 32-bit lanes sum before they go to F64: a square has at most 26 bits, and each lane gets 128. */
const FLUSH_BYTES: usize = 1024;

/**
 * What runs have summed since the last flush, in units of the weights: Σ(w − w′)², Σw², the largest 2^12 |w − w′| of
 * each lane; values beyond the range.
 *
 * With w / scale = q + d, runs sum q², qd and d² as integers, d with twelve fraction bits: errors are exact to
 * 2^-13 of the scale, and integers leave the float units, which are few, to the quotients.
 */
export let squaredErrors: v128 = i32x4.splat(0);
export let squares: v128 = i32x4.splat(0);
export let maxError: v128 = i32x4.splat(0);
export let saturated: v128 = i32x4.splat(0);

/** Adds to them from outside of this file. */
export function addRun(errors: v128, all: v128, most: v128, out: v128): void {
  squaredErrors = f32x4.add(squaredErrors, errors);
  squares = f32x4.add(squares, all);
  maxError = f32x4.pmax(maxError, most);
  saturated = i16x8.add(saturated, out);
}

/** F32 values of the even one of two F16 in each lane, times 2^-112. */
@inline
export function evenHalves(codes: v128): v128 {
  return v128.and(i32x4.shr_s(i32x4.shl(codes, 16), 3), HALF_BITS);
}

@inline
export function oddHalves(codes: v128): v128 {
  return v128.and(i32x4.shr_s(codes, 3), HALF_BITS);
}

/**
 * Integers nearest to F16(w / scale), of eight x = w · inverse.
 *
 * `inverse` is 2^112 / scale rounded to F32, `scale` a normal F16. A product with it rounds to the same integer as
 * F16's quotient: there are 1024 mantissas of w and of the scale, and trying all of them finds no exception. Nor
 * is such a quotient ever halfway between two F16 (an odd number of twelve bits times another has more than eleven
 * bits), so adding half a place and cutting off rounds it.
 */
@inline
export function integersOf(x0: v128, x1: v128): v128 {
  const y0 = f32x4.add(v128.and(i32x4.add(x0, HALF_PLACE), HALF_PLACES), TO_INTEGER);
  const y1 = f32x4.add(v128.and(i32x4.add(x1, HALF_PLACE), HALF_PLACES), TO_INTEGER);
  return pairs(y0, y1);
}

/** x − q with twelve fraction bits. */
@inline
export function restsOf(x0: v128, x1: v128, q: v128): v128 {
  return i16x8.sub(pairs(f32x4.add(x0, TO_FRACTION), f32x4.add(x1, TO_FRACTION)), i16x8.shl(q, 12));
}

/** Eight q + zero as bytes. */
@inline
export function storeBytes(dst: usize, q: v128, zero: v128): void {
  const bytes = v128.and(i16x8.add(q, zero), BYTE_16);
  v128.store64_lane(dst, i8x16.narrow_i16x8_u(bytes, bytes), 0);
}

/** Eight elements a turn. Even and odd ones go apart, so that F16 bits move to F32 places without unpacking. */
@inline
function runFast(
  src: usize,
  dst: usize,
  bytes: usize,
  scale: f32,
  zero: v128,
  low: v128,
  high: v128,
  clamp: bool,
): void {
  const end = src + bytes;
  const inverse = f32x4.splat(<f32>REBIAS_SCALE / scale);
  let qq = i32x4.splat(0);
  let qd = i32x4.splat(0);
  let dd = i32x4.splat(0);
  let most = i32x4.splat(0);
  let out = saturated;
  for (; src < end; src += 16, dst += 8) {
    const codes = v128.load(src);
    const x0 = f32x4.mul(evenHalves(codes), inverse);
    const x1 = f32x4.mul(oddHalves(codes), inverse);
    let q = integersOf(x0, x1);
    if (clamp) {
      const within = v128.min<i16>(v128.max<i16>(q, low), high);
      out = i16x8.sub(out, i16x8.ne(within, q));
      q = within;
    }
    const d = restsOf(x0, x1, q);
    qq = i32x4.add(qq, i32x4.dot_i16x8_s(q, q));
    qd = i32x4.add(qd, i32x4.dot_i16x8_s(q, d));
    dd = i32x4.add(dd, i32x4.dot_i16x8_s(d, d));
    most = v128.max<u16>(most, v128.abs<i16>(d));
    storeBytes(dst, q, zero);
  }
  saturated = out;
  const scales = f32x4.splat(scale);
  const square = f32x4.mul(scales, scales);
  squaredErrors = f32x4.add(squaredErrors, f32x4.mul(squaredErrorsOf(dd), square));
  squares = f32x4.add(squares, f32x4.mul(squaresOf(qq, qd, dd), square));
  maxError = f32x4.pmax(maxError, f32x4.mul(largestOf(most), scales));
}

/** Σd² from its integers. */
@inline
export function squaredErrorsOf(dd: v128): v128 {
  return f32x4.mul(f32x4.convert_i32x4_s(dd), f32x4.splat(1.0 / 16777216.0));
}

/** Σ(q + d)². */
@inline
export function squaresOf(qq: v128, qd: v128, dd: v128): v128 {
  const cross = f32x4.mul(f32x4.convert_i32x4_s(qd), f32x4.splat(1.0 / 2048.0));
  return f32x4.add(f32x4.add(f32x4.convert_i32x4_s(qq), cross), squaredErrorsOf(dd));
}

/** 2^12 times the larger |d| of each pair. */
@inline
export function largestOf(d: v128): v128 {
  return f32x4.convert_i32x4_s(i32x4.max_u(i32x4.shr_u(d, 16), v128.and(d, LOWER)));
}

/** The low halves of the lanes, by turns. */
@inline
function pairs(even: v128, odd: v128): v128 {
  return i16x8.shuffle(even, i32x4.shl(odd, 16), 0, 9, 2, 11, 4, 13, 6, 15);
}

@inline
function sumLanes(v: v128): f64 {
  const pairs = f64x2.add(f64x2.promote_low_f32x4(v), f64x2.promote_low_f32x4(i64x2.shuffle(v, v, 1, 0)));
  return f64x2.extract_lane(pairs, 0) + f64x2.extract_lane(pairs, 1);
}

@inline
function addTo(address: usize, value: f64): void {
  store<f64>(address, load<f64>(address) + value);
}

/** Moves what runs have summed to the sums in memory. */
export function flush(sums: usize): void {
  addTo(sums + SQUARED_ERROR, sumLanes(squaredErrors));
  addTo(sums + SQUARES, sumLanes(squares));
  const pair = f32x4.pmax(maxError, i32x4.shuffle(maxError, maxError, 2, 3, 0, 1));
  const largest = f32x4.extract_lane(f32x4.pmax(pair, i32x4.shuffle(pair, pair, 1, 0, 3, 2)), 0);
  const error = <f64>largest / 4096.0;
  if (error > load<f64>(sums + MAX_ERROR)) store<f64>(sums + MAX_ERROR, error);
  const counts = i32x4.dot_i16x8_s(saturated, i16x8.splat(1));
  const halves = i32x4.add(counts, i32x4.shuffle(counts, counts, 2, 3, 0, 1));
  const count = i32x4.extract_lane(halves, 0) + i32x4.extract_lane(halves, 1);
  store<i32>(sums + SATURATED, load<i32>(sums + SATURATED) + count);
  squaredErrors = squares = maxError = saturated = i32x4.splat(0);
}

/** Any scale, one element a turn. 0 / 0 gives code 0, as the cast of NaN does in numpy. */
function runSlow(
  src: usize,
  dst: usize,
  count: i32,
  scale: f32,
  zero: i32,
  low: i32,
  high: i32,
  sums: usize,
): void {
  const end = src + ((<usize>count) << 1);
  for (; src < end; src += 2, dst++) {
    const w = f32x4.extract_lane(halfAt(src), 0);
    const square = <f64>w * <f64>w;
    addTo(sums + SQUARES, square);
    if (w == 0 && scale == 0) {
      store<i8>(dst, 0);
      continue;
    }
    const rounded = nearest(f32x4.extract_lane(roundToHalf(f32x4.splat(w / scale)), 0)) + <f32>zero;
    const q = min(max(rounded, <f32>low), <f32>high);
    store<i8>(dst, <i8>(<i32>q));
    const error = abs(<f64>w - (<f64>q - <f64>zero) * <f64>scale);
    addTo(sums + SQUARED_ERROR, error * error);
    if (error > load<f64>(sums + MAX_ERROR)) store<f64>(sums + MAX_ERROR, error);
    if (q != rounded) store<i32>(sums + SATURATED, load<i32>(sums + SATURATED) + 1);
  }
}

/**
 * One group, or a part of one: bytes clamp(round(F16(w / scale)) + zero, low, high) at `dst`, errors added to `sums`.
 *
 * @param symmetric - the scale is F16(max |w| / q), so that no quotient of a normal scale leaves the range.
 */
export function quantize_run(
  src: usize,
  dst: usize,
  count: i32,
  scale: f32,
  zero: i32,
  low: i32,
  high: i32,
  symmetric: bool,
  sums: usize,
): void {
  let done: i32 = 0;
  if (scale >= MIN_NORMAL) {
    const offset = i16x8.splat(<i16>zero);
    const least = i16x8.splat(<i16>(low - zero));
    const most = i16x8.splat(<i16>(high - zero));
    done = count & ~7;
    for (let at: usize = 0, end = (<usize>done) << 1; at < end; at += FLUSH_BYTES) {
      const bytes = min(FLUSH_BYTES, end - at);
      if (symmetric) runFast(src + at, dst + (at >> 1), bytes, scale, offset, least, most, false);
      else runFast(src + at, dst + (at >> 1), bytes, scale, offset, least, most, true);
    }
    flush(sums);
  }
  runSlow(src + ((<usize>done) << 1), dst + done, count - done, scale, zero, low, high, sums);
}
