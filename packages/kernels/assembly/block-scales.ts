import { BEYOND_HALF, MAGNITUDE_16 } from "./constants";
import { roundToHalf, widenHalves } from "./half";
import { lanesMaxima, lanesMost, ordered } from "./ranges";

/** Of four blocks: the scales, exact as F32; whether coremltools' arithmetic would overflow; the offsets. */
export let scales: v128 = i32x4.splat(0);
export let wide: v128 = i32x4.splat(0);
export let offsets: v128 = i32x4.splat(0);

/** scale = F16(max |w| / half), half = 7 or 127: coremltools' F16(F16(2 max) / 2 half) wherever 2 max is finite. */
@inline
function symmetricScales(magnitudes: v128, half: f32): void {
  const largest = widenHalves(magnitudes);
  // The largest F16 whose product with 7, or 127, is finite in F16.
  const most = f32x4.splat(half == 7 ? 9352 : 515.5);
  scales = f32x4.pmin(roundToHalf(f32x4.div(largest, f32x4.splat(half))), most);
  wide = f32x4.gt(largest, f32x4.splat(32752));
}

/** F32 values of 16-bit numbers in the order of values. */
@inline
function valuesOf(keys: v128): v128 {
  return widenHalves(i32x4.shr_s(i32x4.shl(ordered(keys), 16), 16));
}

/** coremltools' mode "linear", every step rounded to F16; in F32 where a step is not finite in F16. */
@inline
function affineScales(least: v128, most: v128, low: f32, high: f32): void {
  const none = f32x4.splat(0);
  const lo = f32x4.pmin(none, valuesOf(least));
  const hi = f32x4.pmax(none, valuesOf(most));
  const exact = f32x4.sub(hi, lo);
  const rounded = roundToHalf(exact);
  const range = v128.bitselect(exact, rounded, f32x4.ge(rounded, BEYOND_HALF));
  scales = roundToHalf(f32x4.div(range, f32x4.splat(high - low)));
  const lowHi = f32x4.mul(f32x4.splat(low), hi);
  const highLo = f32x4.mul(f32x4.splat(high), lo);
  const shift = roundToHalf(f32x4.sub(roundToHalf(lowHi), roundToHalf(highLo)));
  const inHalf = roundToHalf(f32x4.div(shift, range));
  const inFloat = f32x4.div(f32x4.sub(lowHi, highLo), exact);
  // Neither is below where a step was infinite or, from that, NaN.
  const usable = v128.and(f32x4.lt(rounded, BEYOND_HALF), f32x4.lt(f32x4.abs(shift), BEYOND_HALF));
  wide = v128.not(usable);
  const offset = f32x4.nearest(v128.bitselect(inHalf, inFloat, usable));
  const clamped = f32x4.pmin(f32x4.pmax(offset, f32x4.splat(low)), f32x4.splat(high));
  // A group of zeros has 0 / 0; NaN converts to 0.
  offsets = i32x4.trunc_sat_f32x4_s(v128.bitselect(clamped, offset, f32x4.eq(offset, offset)));
}

@inline
function blockMagnitude(src: usize, bytes: usize): v128 {
  let m = i16x8.splat(0);
  for (let at: usize = 0; at < bytes; at += 16) m = v128.max<u16>(m, v128.and(v128.load(src + at), MAGNITUDE_16));
  return m;
}

@inline
function blockMost(src: usize, bytes: usize, flip: v128): v128 {
  let m = v128.xor(ordered(v128.load(src)), flip);
  for (let at: usize = 16; at < bytes; at += 16) m = v128.max<i16>(m, v128.xor(ordered(v128.load(src + at)), flip));
  return m;
}

/** Scales and offsets of four blocks at once: their maxima meet in the lanes of one vector. */
@inline
export function fourScales(a: usize, b: usize, c: usize, d: usize, bytes: usize, affine: bool, low: i32, high: i32): void {
  if (!affine) {
    const magnitudes = lanesMaxima(
      blockMagnitude(a, bytes),
      blockMagnitude(b, bytes),
      blockMagnitude(c, bytes),
      blockMagnitude(d, bytes),
    );
    symmetricScales(magnitudes, <f32>((high - low) >> 1));
    return;
  }
  const none = i32x4.splat(0);
  const all = i32x4.splat(-1);
  const most = lanesMost(
    blockMost(a, bytes, none),
    blockMost(b, bytes, none),
    blockMost(c, bytes, none),
    blockMost(d, bytes, none),
  );
  const below = lanesMost(
    blockMost(a, bytes, all),
    blockMost(b, bytes, all),
    blockMost(c, bytes, all),
    blockMost(d, bytes, all),
  );
  affineScales(v128.not(below), most, <f32>low, <f32>high);
}
