/** Scales and offsets of groups of F16 or BF16 codes, four groups to a vector. */
import { BEYOND_HALF, MAGNITUDE_16 } from "./constants";
import { halfCodes, roundToHalf, widenHalves } from "./half";
import { lanesMaxima, lanesMost } from "./ranges";

/** Groups whose scales are found at once: between them, the steps of a long chain of divisions overlap. */
export const AHEAD: i32 = 64;
const WORDS: usize = 4 * AHEAD;
/** What is found of each, a 32-bit word at `work` and these distances from it: the scale as F32, one / scale, … */
export const INVERSE: usize = WORDS;
/** … the F16 code of the scale, the offset, … */
export const CODE: usize = 2 * WORDS;
export const OFFSET: usize = 3 * WORDS;
/** … and whether coremltools' arithmetic would overflow. */
export const WIDE: usize = 4 * WORDS;

@inline
function magnitudes(address: usize): v128 {
  return v128.and(v128.load(address), MAGNITUDE_16);
}

@inline
function magnitudes32(address: usize): v128 {
  return v128.max<u16>(magnitudes(address), magnitudes(address + 16));
}

@inline
function magnitudes64(address: usize): v128 {
  return v128.max<u16>(magnitudes32(address), magnitudes32(address + 32));
}

/** The largest magnitudes of the eight lanes. */
@inline
function groupMagnitudes(src: usize, bytes: usize): v128 {
  const end = src + bytes;
  let most = i16x8.splat(0);
  for (; src + 32 <= end; src += 32) most = v128.max<u16>(most, magnitudes32(src));
  for (; src < end; src += 2) most = v128.max<u16>(most, v128.and(v128.load16_splat(src), MAGNITUDE_16));
  return most;
}

/** Stores the largest magnitudes of `groups` groups, rounded up to fours: the last one stands for those missing. */
@inline
function findMagnitudes(src: usize, groups: i32, bytes: usize, work: usize): void {
  const last = src + bytes * <usize>(groups - 1);
  if (bytes == 64) {
    // The usual blocks.
    for (; src + 192 <= last; src += 256, work += 16) {
      const maxima = lanesMaxima(magnitudes64(src), magnitudes64(src + 64), magnitudes64(src + 128), magnitudes64(src + 192));
      v128.store(work, maxima);
    }
  }
  for (; src <= last; src += 4 * bytes, work += 16) {
    const b = min(src + bytes, last);
    const c = min(b + bytes, last);
    const d = min(c + bytes, last);
    const maxima = lanesMaxima(
      groupMagnitudes(src, bytes),
      groupMagnitudes(b, bytes),
      groupMagnitudes(c, bytes),
      groupMagnitudes(d, bytes),
    );
    v128.store(work, maxima);
  }
}

/** The most of the codes as signed numbers: the largest positive value, or a negative number. */
@inline
function signedMost(src: usize, bytes: usize): v128 {
  const end = src + bytes;
  let most = v128.load16_splat(src);
  for (; src + 16 <= end; src += 16) most = v128.max<i16>(most, v128.load(src));
  for (; src < end; src += 2) most = v128.max<i16>(most, v128.load16_splat(src));
  return most;
}

/** The most of the codes as unsigned numbers: the least negative value, or a positive number. */
@inline
function unsignedMost(src: usize, bytes: usize): v128 {
  const end = src + bytes;
  let most = v128.load16_splat(src);
  for (; src + 16 <= end; src += 16) most = v128.max<u16>(most, v128.load(src));
  for (; src < end; src += 2) most = v128.max<u16>(most, v128.load16_splat(src));
  return most;
}

/** As `findMagnitudes`: the signed most, and at `INVERSE` the unsigned most of the groups. */
@inline
function findRanges(src: usize, groups: i32, bytes: usize, work: usize): void {
  const last = src + bytes * <usize>(groups - 1);
  for (; src <= last; src += 4 * bytes, work += 16) {
    const b = min(src + bytes, last);
    const c = min(b + bytes, last);
    const d = min(c + bytes, last);
    const signed = lanesMost(
      signedMost(src, bytes),
      signedMost(b, bytes),
      signedMost(c, bytes),
      signedMost(d, bytes),
    );
    const unsigned = lanesMaxima(
      unsignedMost(src, bytes),
      unsignedMost(b, bytes),
      unsignedMost(c, bytes),
      unsignedMost(d, bytes),
    );
    v128.store(work, signed);
    v128.store(work + INVERSE, unsigned);
  }
}

/** F16 values, as F32, of codes in the lower halves of the lanes. */
@inline
function valuesOf(codes: v128, bf16: bool): v128 {
  const upper = i32x4.shl(codes, 16);
  return bf16 ? roundToHalf(upper) : widenHalves(i32x4.shr_s(upper, 16));
}

/** scale = F16(max |w| / half), half = 7 or 127: coremltools' F16(F16(2 max) / 2 half) wherever 2 max is finite. */
@inline
function symmetricScales(work: usize, one: v128, half: f32, bf16: bool): void {
  const largest = valuesOf(v128.load(work), bf16);
  // The largest F16 whose product with 7, or 127, is finite in F16.
  const most = f32x4.splat(half == 7 ? 9352 : 515.5);
  const scale = f32x4.pmin(roundToHalf(f32x4.div(largest, f32x4.splat(half))), most);
  v128.store(work, scale);
  v128.store(work + INVERSE, f32x4.div(one, scale));
  v128.store(work + CODE, halfCodes(scale));
  v128.store(work + WIDE, f32x4.gt(largest, f32x4.splat(32752)));
}

/** coremltools' mode "linear", every step rounded to F16; in F32 where a step is not finite in F16. */
@inline
function affineScales(work: usize, one: v128, low: f32, high: f32, bf16: bool): void {
  const none = f32x4.splat(0);
  const hi = f32x4.pmax(none, valuesOf(v128.load(work), bf16));
  const lo = f32x4.pmin(none, valuesOf(v128.load(work + INVERSE), bf16));
  const exact = f32x4.sub(hi, lo);
  const rounded = roundToHalf(exact);
  const range = v128.bitselect(exact, rounded, f32x4.ge(rounded, BEYOND_HALF));
  const scale = roundToHalf(f32x4.div(range, f32x4.splat(high - low)));
  const lowHi = f32x4.mul(f32x4.splat(low), hi);
  const highLo = f32x4.mul(f32x4.splat(high), lo);
  const shift = roundToHalf(f32x4.sub(roundToHalf(lowHi), roundToHalf(highLo)));
  const inHalf = roundToHalf(f32x4.div(shift, range));
  const inFloat = f32x4.div(f32x4.sub(lowHi, highLo), exact);
  // Neither is below where a step was infinite or, from that, NaN.
  const usable = v128.and(f32x4.lt(rounded, BEYOND_HALF), f32x4.lt(f32x4.abs(shift), BEYOND_HALF));
  const offset = f32x4.nearest(v128.bitselect(inHalf, inFloat, usable));
  const clamped = f32x4.pmin(f32x4.pmax(offset, f32x4.splat(low)), f32x4.splat(high));
  v128.store(work, scale);
  v128.store(work + INVERSE, f32x4.div(one, scale));
  v128.store(work + CODE, halfCodes(scale));
  // A group of zeros has 0 / 0; NaN converts to 0.
  v128.store(work + OFFSET, i32x4.trunc_sat_f32x4_s(v128.bitselect(clamped, offset, f32x4.eq(offset, offset))));
  v128.store(work + WIDE, v128.not(usable));
}

/**
 * Fills `work` for at most `AHEAD` groups of `bytes` bytes.
 *
 * @param one - what the inverses are of.
 */
@inline
export function findScales(
  src: usize,
  groups: i32,
  bytes: usize,
  work: usize,
  one: f32,
  low: i32,
  high: i32,
  affine: bool,
  bf16: bool,
): void {
  if (affine) findRanges(src, groups, bytes, work);
  else findMagnitudes(src, groups, bytes, work);
  for (const end = work + ((<usize>groups) << 2); work < end; work += 16) {
    if (affine) affineScales(work, f32x4.splat(one), <f32>low, <f32>high, bf16);
    else symmetricScales(work, f32x4.splat(one), <f32>((high - low) >> 1), bf16);
  }
}
