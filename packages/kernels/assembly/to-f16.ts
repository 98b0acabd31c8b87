import {
  BELOW_NORMAL_BF16,
  BEYOND_HALF_BF16,
  BIAS_BF16,
  MAGNITUDE_16,
  MAX_HALF_CODE,
  MOST_8,
  ONE_16,
  SIGN_16,
} from "./constants";
import { halfAt, halves, highNibbles, largest, lowNibbles, maxMagnitude, widenHalves } from "./half";
import { putRamp, putScaled, putSymmetric } from "./half-blocks";

/** All kernels here return the largest magnitude of the source in F32: NaN when one value is NaN. */
export function f32_to_f16(src: usize, dst: usize, count: i32): f32 {
  const end = dst + (<usize>count << 1);
  let maximum = i32x4.splat(0);
  for (; dst + 16 <= end; src += 32, dst += 16) {
    const low = v128.load(src);
    const high = v128.load(src, 16);
    maximum = maxMagnitude(maxMagnitude(maximum, low), high);
    v128.store(dst, halves(low, high));
  }
  for (; dst < end; src += 4, dst += 2) {
    const value = v128.load32_zero(src);
    maximum = maxMagnitude(maximum, value);
    store<i16>(dst, i16x8.extract_lane_s(halves(value, value), 0));
  }
  return largest(maximum);
}

/** F16 codes of eight BF16 codes by way of F32. */
@inline
function halvesOfBf16(codes: v128): v128 {
  return halves(
    i32x4.shl(i32x4.extend_low_i16x8_u(codes), 16),
    i32x4.shl(i32x4.extend_high_i16x8_u(codes), 16),
  );
}

/** Whether one of eight BF16 magnitudes is not zero and below the smallest normal F16. */
@inline
function anySubnormal(a: v128): v128 {
  return i16x8.lt_u(i16x8.sub(a, ONE_16), BELOW_NORMAL_BF16);
}

/** F16 magnitudes of BF16 magnitudes that are zero or normal in F16: a change of bias, exact. */
@inline
function rebias(a: v128): v128 {
  const clamped = v128.min<u16>(a, BEYOND_HALF_BF16);
  const codes = i16x8.shl(i16x8.sub_sat_u(clamped, BIAS_BF16), 3);
  return v128.min<u16>(codes, MAX_HALF_CODE);
}

export function bf16_to_f16(src: usize, dst: usize, count: i32): f32 {
  const end = dst + (<usize>count << 1);
  let maximum = i16x8.splat(0);
  for (; dst + 32 <= end; src += 32, dst += 32) {
    const v0 = v128.load(src);
    const v1 = v128.load(src, 16);
    const a0 = v128.and(v0, MAGNITUDE_16);
    const a1 = v128.and(v1, MAGNITUDE_16);
    maximum = v128.max<u16>(maximum, v128.max<u16>(a0, a1));
    if (v128.any_true(v128.or(anySubnormal(a0), anySubnormal(a1)))) {
      v128.store(dst, halvesOfBf16(v0));
      v128.store(dst, halvesOfBf16(v1), 16);
    } else {
      v128.store(dst, v128.or(rebias(a0), v128.and(v0, SIGN_16)));
      v128.store(dst, v128.or(rebias(a1), v128.and(v1, SIGN_16)), 16);
    }
  }
  for (; dst < end; src += 2, dst += 2) {
    const code = i16x8.splat(load<i16>(src));
    maximum = v128.max<u16>(maximum, v128.and(code, MAGNITUDE_16));
    store<i16>(dst, i16x8.extract_lane_s(halvesOfBf16(code), 0));
  }
  const low = i32x4.shl(i32x4.extend_low_i16x8_u(maximum), 16);
  return largest(i32x4.max_u(low, i32x4.shl(i32x4.extend_high_i16x8_u(maximum), 16)));
}

/** Copies; `src` and `dst` may be the same. */
export function f16_to_f16(src: usize, dst: usize, count: i32): f32 {
  const end = dst + (<usize>count << 1);
  let maximum = i16x8.splat(0);
  for (; dst + 16 <= end; src += 16, dst += 16) {
    const codes = v128.load(src);
    maximum = v128.max<u16>(maximum, v128.and(codes, MAGNITUDE_16));
    v128.store(dst, codes);
  }
  for (; dst < end; src += 2, dst += 2) {
    const code = load<i16>(src);
    maximum = v128.max<u16>(maximum, v128.and(i16x8.splat(code), MAGNITUDE_16));
    store<i16>(dst, code);
  }
  const low = widenHalves(i32x4.extend_low_i16x8_u(maximum));
  return largest(i32x4.max_u(low, widenHalves(i32x4.extend_high_i16x8_u(maximum))));
}

/** F32 to BF16, rounded to nearest even. */
export function f32_to_bf16(src: usize, dst: usize, count: i32): f32 {
  const end = dst + (<usize>count << 1);
  let maximum = i32x4.splat(0);
  for (; dst < end; src += 4, dst += 2) {
    const value = v128.load32_zero(src);
    maximum = maxMagnitude(maximum, value);
    const bits = load<u32>(src);
    store<u16>(dst, <u16>((bits + 0x7fff + ((bits >> 16) & 1)) >> 16));
  }
  return largest(maximum);
}

/** `count` is a multiple of 32, as for all block types. */
export function q8_0_to_f16(src: usize, dst: usize, count: i32): f32 {
  const end = dst + (<usize>count << 1);
  let maximum = i32x4.splat(0);
  for (; dst < end; src += 34, dst += 64) {
    const scale = halfAt(src);
    maximum = putScaled(dst, v128.load(src, 2), v128.load(src, 18), scale, MOST_8, maximum);
  }
  return largest(maximum);
}

export function q4_0_to_f16(src: usize, dst: usize, count: i32): f32 {
  const end = dst + (<usize>count << 1);
  let maximum = i32x4.splat(0);
  for (; dst < end; src += 18, dst += 64) {
    const scale = halfAt(src);
    const nibbles = v128.load(src, 2);
    maximum = putSymmetric(dst, lowNibbles(nibbles), highNibbles(nibbles), scale, maximum);
  }
  return largest(maximum);
}

export function q4_1_to_f16(src: usize, dst: usize, count: i32): f32 {
  const end = dst + (<usize>count << 1);
  let maximum = i32x4.splat(0);
  for (; dst < end; src += 20, dst += 64) {
    const scale = halfAt(src);
    const minimum = halfAt(src + 2);
    const nibbles = v128.load(src, 4);
    maximum = putRamp(dst, lowNibbles(nibbles), highNibbles(nibbles), scale, minimum, maximum);
  }
  return largest(maximum);
}
