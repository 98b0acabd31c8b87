/**
 * GGUF blocks with a fifth bit or a table to F16 or F32, written once for both outputs. Scales, products and sums are rounded to F32 one by one, in gguf-py's
 * order. `count` is a multiple of the block's elements.
 */
import { bytes16, endOf, put } from "./block-output";
import {
  BIT_5,
  E2M1_0,
  E2M1_12,
  E2M1_4,
  E2M1_8,
  E2M1_TWICE,
  IQ4_0,
  IQ4_12,
  IQ4_4,
  IQ4_8,
  IQ4_VALUES,
  MINUS_ZERO,
  MOST_5,
  MOST_5_UNSIGNED,
  SIXTEEN,
} from "./constants";
import { halfAt, highNibbles, largest, lowNibbles } from "./half";
import { isQuiet, putChosen, putLoudly, putScaled, putSums, topOfSums } from "./half-blocks";

/** 0x10 in byte i where bit i of `bits` is set. */
@inline
function fifthBits(bits: i32): v128 {
  const spread = i8x16.shuffle(i32x4.splat(bits), i32x4.splat(bits), 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1);
  const set = i8x16.eq(v128.and(spread, BIT_5), BIT_5);
  return v128.and(set, SIXTEEN);
}

@inline
function q5_0<T>(src: usize, dst: usize, count: i32): f32 {
  const end = endOf<T>(dst, count);
  let maximum = i32x4.splat(0);
  for (; dst < end; src += 22, dst += 2 * bytes16<T>()) {
    const scale = halfAt(src);
    const fifth = load<u32>(src, 2);
    const nibbles = v128.load(src, 6);
    const low = v128.or(lowNibbles(nibbles), fifthBits(fifth));
    const high = v128.or(highNibbles(nibbles), fifthBits(fifth >> 16));
    const q0 = i8x16.sub(low, SIXTEEN);
    const q1 = i8x16.sub(high, SIXTEEN);
    if (sizeof<T>() == 2) {
      maximum = putScaled(dst, q0, q1, scale, MOST_5, maximum);
    } else {
      put<T>(dst, q0, scale, MINUS_ZERO, maximum);
      put<T>(dst + bytes16<T>(), q1, scale, MINUS_ZERO, maximum);
    }
  }
  return largest(maximum);
}

@inline
function q5_1<T>(src: usize, dst: usize, count: i32): f32 {
  const end = endOf<T>(dst, count);
  let maximum = i32x4.splat(0);
  for (; dst < end; src += 24, dst += 2 * bytes16<T>()) {
    const scale = halfAt(src);
    const minimum = halfAt(src + 2);
    const fifth = load<u32>(src, 4);
    const nibbles = v128.load(src, 8);
    const low = v128.or(lowNibbles(nibbles), fifthBits(fifth));
    const high = v128.or(highNibbles(nibbles), fifthBits(fifth >> 16));
    if (sizeof<T>() == 2 && isQuiet(topOfSums(scale, minimum, MOST_5_UNSIGNED), maximum)) {
      maximum = putSums(dst, low, high, scale, minimum, maximum);
    } else if (sizeof<T>() == 2) {
      maximum = putLoudly(dst, low, scale, dst + 32, high, scale, minimum, maximum);
    } else {
      put<T>(dst, low, scale, minimum, maximum);
      put<T>(dst + bytes16<T>(), high, scale, minimum, maximum);
    }
  }
  return largest(maximum);
}

/** scale · table[nibble], blocks of 32; `v0` to `v3` are the table in F32. */
@inline
function nibbleTable<T>(
  dst: usize,
  nibbles: v128,
  table: v128,
  v0: v128,
  v1: v128,
  v2: v128,
  v3: v128,
  scale: v128,
  maximum: v128,
): v128 {
  const q0 = lowNibbles(nibbles);
  const q1 = highNibbles(nibbles);
  if (sizeof<T>() == 2) {
    const t0 = f32x4.mul(scale, v0);
    const t1 = f32x4.mul(scale, v1);
    return putChosen(dst, q0, q1, t0, t1, f32x4.mul(scale, v2), f32x4.mul(scale, v3), maximum);
  }
  put<T>(dst, i8x16.swizzle(table, q0), scale, MINUS_ZERO, maximum);
  return put<T>(dst + bytes16<T>(), i8x16.swizzle(table, q1), scale, MINUS_ZERO, maximum);
}

@inline
function iq4Table<T>(dst: usize, nibbles: v128, scale: v128, maximum: v128): v128 {
  return nibbleTable<T>(dst, nibbles, IQ4_VALUES, IQ4_0, IQ4_4, IQ4_8, IQ4_12, scale, maximum);
}

@inline
function e2m1Table<T>(dst: usize, nibbles: v128, scale: v128, maximum: v128): v128 {
  return nibbleTable<T>(dst, nibbles, E2M1_TWICE, E2M1_0, E2M1_4, E2M1_8, E2M1_12, scale, maximum);
}

@inline
function iq4_nl<T>(src: usize, dst: usize, count: i32): f32 {
  const end = endOf<T>(dst, count);
  let maximum = i32x4.splat(0);
  for (; dst < end; src += 18, dst += 2 * bytes16<T>()) {
    maximum = iq4Table<T>(dst, v128.load(src, 2), halfAt(src), maximum);
  }
  return largest(maximum);
}

/** Half of the power of two that an E8M0 byte means, since the table holds twice the values. */
@inline
function halfPower(exponent: u32): v128 {
  return i32x4.splat(exponent < 2 ? 0x00200000 << exponent : (exponent - 1) << 23);
}

@inline
function mxfp4<T>(src: usize, dst: usize, count: i32): f32 {
  const end = endOf<T>(dst, count);
  let maximum = i32x4.splat(0);
  for (; dst < end; src += 17, dst += 2 * bytes16<T>()) {
    maximum = e2m1Table<T>(dst, v128.load(src, 1), halfPower(load<u8>(src)), maximum);
  }
  return largest(maximum);
}

@inline
function iq4_xs<T>(src: usize, dst: usize, count: i32): f32 {
  const end = endOf<T>(dst, count);
  let maximum = i32x4.splat(0);
  while (dst < end) {
    const d = halfAt(src);
    let upper = <i32>load<u16>(src, 2);
    let lower = load<i32>(src, 4);
    src += 8;
    for (const stop = dst + 16 * bytes16<T>(); dst < stop; dst += 2 * bytes16<T>(), src += 16) {
      const scale = ((lower & 15) | ((upper & 3) << 4)) - 32;
      const dl = f32x4.mul(d, f32x4.splat(<f32>scale));
      maximum = iq4Table<T>(dst, v128.load(src), dl, maximum);
      upper >>= 2;
      lower >>= 4;
    }
  }
  return largest(maximum);
}

export function q5_0_to_f16(src: usize, dst: usize, count: i32): f32 {
  return q5_0<u16>(src, dst, count);
}

export function q5_0_to_f32(src: usize, dst: usize, count: i32): void {
  q5_0<f32>(src, dst, count);
}

export function q5_1_to_f16(src: usize, dst: usize, count: i32): f32 {
  return q5_1<u16>(src, dst, count);
}

export function q5_1_to_f32(src: usize, dst: usize, count: i32): void {
  q5_1<f32>(src, dst, count);
}

export function iq4_nl_to_f16(src: usize, dst: usize, count: i32): f32 {
  return iq4_nl<u16>(src, dst, count);
}

export function iq4_nl_to_f32(src: usize, dst: usize, count: i32): void {
  iq4_nl<f32>(src, dst, count);
}

export function iq4_xs_to_f16(src: usize, dst: usize, count: i32): f32 {
  return iq4_xs<u16>(src, dst, count);
}

export function iq4_xs_to_f32(src: usize, dst: usize, count: i32): void {
  iq4_xs<f32>(src, dst, count);
}

export function mxfp4_to_f16(src: usize, dst: usize, count: i32): f32 {
  return mxfp4<u16>(src, dst, count);
}

export function mxfp4_to_f32(src: usize, dst: usize, count: i32): void {
  mxfp4<f32>(src, dst, count);
}
