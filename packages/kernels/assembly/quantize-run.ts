import { BYTE_16, EVEN_THIRTEENTH, HALF_BITS, HALF_PLACE, HALF_PLACES, TO_INTEGER, UPPER } from "./constants";
import { roundToHalf, widenHalves } from "./half";
import { addElement, addRun, countSaturated, flush } from "./quantize-sums";

/** Below this F16 is subnormal, and a scale so coarse that quotients leave the range. */
export const MIN_NORMAL: f32 = 0.00006103515625;

/** 2^112: the difference of the exponent biases as a factor. */
export const REBIAS_SCALE: f32 = 5192296858534827628530496329220096.0;

/** Bytes of codes in a run: each lane of its sums gets 64 times the squares of four elements. */
const RUN_BYTES: usize = 2048;
/** Elements of 64 runs. */
const SUMMED_ELEMENTS: i32 = 65536;
/** Bytes of codes that a turn of a run takes. */
const TURN_BYTES: usize = 32;

/** The offset of a group as bytes. */
let zeros: v128 = i32x4.splat(0);
/** The least and the largest integer less the offset, plus `TO_INTEGER`. */
let lows: v128 = i32x4.splat(0);
let highs: v128 = i32x4.splat(0);

@inline
export function setOffset(zero: i32, low: i32, high: i32): void {
  zeros = i8x16.splat(<i8>zero);
  lows = f32x4.splat(12582912 + <f32>(low - zero));
  highs = f32x4.splat(12582912 + <f32>(high - zero));
}

/** F32 values of the even one of two codes in each lane; those of F16 times 2^-112. */
@inline
function evenValues(codes: v128, bf16: bool): v128 {
  if (bf16) return i32x4.shl(codes, 16);
  return v128.and(i32x4.dot_i16x8_s(codes, EVEN_THIRTEENTH), HALF_BITS);
}

@inline
function oddValues(codes: v128, bf16: bool): v128 {
  if (bf16) return v128.and(codes, UPPER);
  return v128.and(i32x4.shr_s(codes, 3), HALF_BITS);
}

/**
 * Integers nearest to F16(w / scale), of four x = w · inverse, as F32 plus `TO_INTEGER`: in two's complement they stand
 * in the lowest bits.
 *
 * `inverse` is 1 / scale rounded to F32, `scale` a normal F16. A product with it rounds to the same integer as F16's
 * quotient: there are 1024 mantissas of w and of the scale, and trying all of them finds no exception. Nor is such a
 * quotient ever halfway between two F16 (an odd number of twelve bits times another has more than eleven bits), so
 * adding half a place and cutting off rounds it.
 */
@inline
function integersOf(x: v128): v128 {
  return f32x4.add(v128.and(i32x4.add(x, HALF_PLACE), HALF_PLACES), TO_INTEGER);
}

/** x less its integer: exact, but for the place that x has lost. */
@inline
function restOf(x: v128, integers: v128): v128 {
  return f32x4.sub(x, f32x4.sub(integers, TO_INTEGER));
}

@inline
function sumOfSquares(a: v128, b: v128, c: v128, d: v128): v128 {
  return f32x4.add(
    f32x4.add(f32x4.mul(a, a), f32x4.mul(b, b)),
    f32x4.add(f32x4.mul(c, c), f32x4.mul(d, d)),
  );
}

/** The low halves of the lanes, by turns. */
@inline
function pairs(even: v128, odd: v128): v128 {
  return i16x8.shuffle(even, i32x4.shl(odd, 16), 0, 9, 2, 11, 4, 13, 6, 15);
}

@inline
function within(integers: v128, low: v128, high: v128): v128 {
  return f32x4.pmin(f32x4.pmax(integers, low), high);
}

/**
 * Encodes a multiple of 16 elements of one group, a byte each at `dst`. Even and odd ones of eight go apart, so that 16
 * bits move to the places of F32 without unpacking.
 *
 * @param scale - a normal F16 in all lanes.
 * @param inverse - 1 / scale for BF16, `REBIAS_SCALE` / scale for F16.
 * @param clamps - whether quotients may leave the range; if not, they fit a signed byte before the offset is added.
 * @param quiet - whether no error can be the largest one: see `quietScale`.
 */
@inline
export function encodeRuns(
  src: usize,
  dst: usize,
  bytes: usize,
  scale: v128,
  inverse: v128,
  sums: usize,
  bf16: bool,
  clamps: bool,
  quiet: bool,
): void {
  const end = src + bytes;
  const zero = zeros;
  const low = lows;
  const high = highs;
  while (src < end) {
    let errors = i32x4.splat(0);
    let squares = i32x4.splat(0);
    let most = i32x4.splat(0);
    let inside = i32x4.splat(0);
    const begin = src;
    for (const stop = min(src + RUN_BYTES, end); src < stop; src += TURN_BYTES, dst += 16) {
      const a = v128.load(src);
      const b = v128.load(src, 16);
      const x0 = f32x4.mul(evenValues(a, bf16), inverse);
      const x1 = f32x4.mul(oddValues(a, bf16), inverse);
      const x2 = f32x4.mul(evenValues(b, bf16), inverse);
      const x3 = f32x4.mul(oddValues(b, bf16), inverse);
      let q0 = integersOf(x0);
      let q1 = integersOf(x1);
      let q2 = integersOf(x2);
      let q3 = integersOf(x3);
      if (clamps) {
        const c0 = within(q0, low, high);
        const c1 = within(q1, low, high);
        const c2 = within(q2, low, high);
        const c3 = within(q3, low, high);
        inside = i32x4.add(inside, i32x4.add(f32x4.eq(q0, c0), f32x4.eq(q1, c1)));
        inside = i32x4.add(inside, i32x4.add(f32x4.eq(q2, c2), f32x4.eq(q3, c3)));
        q0 = c0;
        q1 = c1;
        q2 = c2;
        q3 = c3;
      }
      const d0 = restOf(x0, q0);
      const d1 = restOf(x1, q1);
      const d2 = restOf(x2, q2);
      const d3 = restOf(x3, q3);
      errors = f32x4.add(errors, sumOfSquares(d0, d1, d2, d3));
      squares = f32x4.add(squares, sumOfSquares(x0, x1, x2, x3));
      if (!quiet) {
        const larger = f32x4.pmax(f32x4.pmax(f32x4.mul(d0, d0), f32x4.mul(d1, d1)), f32x4.mul(d2, d2));
        most = f32x4.pmax(f32x4.pmax(most, f32x4.mul(d3, d3)), larger);
      }
      const a8 = pairs(q0, q1);
      const b8 = pairs(q2, q3);
      const integers = clamps
        ? i8x16.narrow_i16x8_u(v128.and(a8, BYTE_16), v128.and(b8, BYTE_16))
        : i8x16.narrow_i16x8_s(a8, b8);
      v128.store(dst, i8x16.add(integers, zero));
    }
    addRun(scale, errors, squares, most);
    if (clamps) {
      // Lanes count down where values are within.
      const two = i32x4.add(inside, i32x4.shuffle(inside, inside, 2, 3, 0, 1));
      const counted = i32x4.extract_lane(two, 0) + i32x4.extract_lane(two, 1);
      const saturated = <i32>((src - begin) >> 1) + counted;
      if (saturated != 0) countSaturated(sums, saturated);
    }
  }
}

/** Any scale, one element a turn. 0 / 0 gives code 0, as the cast of NaN does in numpy. */
export function encodeSlowly(
  src: usize,
  dst: usize,
  count: i32,
  scale: f32,
  zero: i32,
  low: i32,
  high: i32,
  sums: usize,
  bf16: bool,
): void {
  const end = src + ((<usize>count) << 1);
  for (; src < end; src += 2, dst++) {
    const code = i32x4.splat(<i32>load<i16>(src));
    const w = f32x4.extract_lane(bf16 ? roundToHalf(i32x4.shl(code, 16)) : widenHalves(code), 0);
    if (w == 0 && scale == 0) {
      store<i8>(dst, 0);
      continue;
    }
    const rounded = nearest(f32x4.extract_lane(roundToHalf(f32x4.splat(w / scale)), 0)) + <f32>zero;
    const q = min(max(rounded, <f32>low), <f32>high);
    store<i8>(dst, <i8>(<i32>q));
    addElement(sums, <f64>w, <f64>w - (<f64>q - <f64>zero) * <f64>scale);
    if (q != rounded) countSaturated(sums, 1);
  }
}

/**
 * One group of F16, or a part of one: bytes clamp(round(F16(w / scale)) + zero, low, high) at `dst`, errors added to
 * `sums`.
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
    setOffset(zero, low, high);
    const scales = f32x4.splat(scale);
    const inverses = f32x4.splat(REBIAS_SCALE / scale);
    for (; done + 16 <= count; done += SUMMED_ELEMENTS) {
      const bytes = (<usize>(min(count - done, SUMMED_ELEMENTS) & ~15)) << 1;
      const from = src + ((<usize>done) << 1);
      if (symmetric) encodeRuns(from, dst + done, bytes, scales, inverses, sums, false, false, false);
      else encodeRuns(from, dst + done, bytes, scales, inverses, sums, false, true, false);
      flush(sums);
    }
    done = count & ~15;
  }
  encodeSlowly(src + ((<usize>done) << 1), dst + done, count - done, scale, zero, low, high, sums, false);
}
