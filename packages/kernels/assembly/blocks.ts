/**
 * GGUF blocks with a fifth bit or a table to F16 or F32, written once for both outputs. Scales, products and sums are rounded to F32 one by one, in gguf-py's
 * order. `count` is a multiple of the block's elements.
 */
import { bytes16, endOf, put } from "./block-output";
import { BIT_5, E2M1_TWICE, IQ4_VALUES, MINUS_ZERO, NIBBLE, SIXTEEN } from "./constants";
import { halfAt, largest } from "./half";

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
    const low = v128.or(v128.and(nibbles, NIBBLE), fifthBits(fifth));
    const high = v128.or(i8x16.shr_u(nibbles, 4), fifthBits(fifth >> 16));
    maximum = put<T>(dst, i8x16.sub(low, SIXTEEN), scale, MINUS_ZERO, maximum);
    maximum = put<T>(dst + bytes16<T>(), i8x16.sub(high, SIXTEEN), scale, MINUS_ZERO, maximum);
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
    const low = v128.or(v128.and(nibbles, NIBBLE), fifthBits(fifth));
    const high = v128.or(i8x16.shr_u(nibbles, 4), fifthBits(fifth >> 16));
    maximum = put<T>(dst, low, scale, minimum, maximum);
    maximum = put<T>(dst + bytes16<T>(), high, scale, minimum, maximum);
  }
  return largest(maximum);
}

/** scale · table[nibble]; blocks of 32. */
@inline
function nibbleTable<T>(dst: usize, nibbles: v128, table: v128, scale: v128, maximum: v128): v128 {
  const low = i8x16.swizzle(table, v128.and(nibbles, NIBBLE));
  const high = i8x16.swizzle(table, i8x16.shr_u(nibbles, 4));
  maximum = put<T>(dst, low, scale, MINUS_ZERO, maximum);
  return put<T>(dst + bytes16<T>(), high, scale, MINUS_ZERO, maximum);
}

@inline
function iq4_nl<T>(src: usize, dst: usize, count: i32): f32 {
  const end = endOf<T>(dst, count);
  let maximum = i32x4.splat(0);
  for (; dst < end; src += 18, dst += 2 * bytes16<T>()) {
    maximum = nibbleTable<T>(dst, v128.load(src, 2), IQ4_VALUES, halfAt(src), maximum);
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
    maximum = nibbleTable<T>(dst, v128.load(src, 1), E2M1_TWICE, halfPower(load<u8>(src)), maximum);
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
      maximum = nibbleTable<T>(dst, v128.load(src), IQ4_VALUES, dl, maximum);
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
