import { EIGHT, MINUS_ZERO, NIBBLE } from "./constants";
import { halfAt, quarter0, quarter1, quarter2, quarter3, widenHalves } from "./half";

export function f16_to_f32(src: usize, dst: usize, count: i32): void {
  const end = dst + (<usize>count << 2);
  for (; dst + 32 <= end; src += 16, dst += 32) {
    const codes = v128.load(src);
    v128.store(dst, widenHalves(i32x4.extend_low_i16x8_s(codes)));
    v128.store(dst, widenHalves(i32x4.extend_high_i16x8_s(codes)), 16);
  }
  for (; dst < end; src += 2, dst += 4) store<f32>(dst, f32x4.extract_lane(halfAt(src), 0));
}

export function bf16_to_f32(src: usize, dst: usize, count: i32): void {
  const end = dst + (<usize>count << 2);
  for (; dst + 32 <= end; src += 16, dst += 32) {
    const codes = v128.load(src);
    v128.store(dst, i32x4.shl(i32x4.extend_low_i16x8_u(codes), 16));
    v128.store(dst, i32x4.shl(i32x4.extend_high_i16x8_u(codes), 16), 16);
  }
  for (; dst < end; src += 2, dst += 4) store<i32>(dst, <i32>load<u16>(src) << 16);
}

/** Writes 16 F32 values scale · q + minimum; `minimum` −0 adds nothing. */
@inline
function storeBlock(dst: usize, q: v128, scale: v128, minimum: v128): void {
  v128.store(dst, f32x4.add(f32x4.mul(scale, quarter0(q)), minimum));
  v128.store(dst, f32x4.add(f32x4.mul(scale, quarter1(q)), minimum), 16);
  v128.store(dst, f32x4.add(f32x4.mul(scale, quarter2(q)), minimum), 32);
  v128.store(dst, f32x4.add(f32x4.mul(scale, quarter3(q)), minimum), 48);
}

/** `count` is a multiple of 32, as for all block types. */
export function q8_0_to_f32(src: usize, dst: usize, count: i32): void {
  const end = dst + (<usize>count << 2);
  for (; dst < end; src += 34, dst += 128) {
    const scale = halfAt(src);
    storeBlock(dst, v128.load(src, 2), scale, MINUS_ZERO);
    storeBlock(dst + 64, v128.load(src, 18), scale, MINUS_ZERO);
  }
}

export function q4_0_to_f32(src: usize, dst: usize, count: i32): void {
  const end = dst + (<usize>count << 2);
  for (; dst < end; src += 18, dst += 128) {
    const scale = halfAt(src);
    const nibbles = v128.load(src, 2);
    storeBlock(dst, i8x16.sub(v128.and(nibbles, NIBBLE), EIGHT), scale, MINUS_ZERO);
    storeBlock(dst + 64, i8x16.sub(i8x16.shr_u(nibbles, 4), EIGHT), scale, MINUS_ZERO);
  }
}

export function q4_1_to_f32(src: usize, dst: usize, count: i32): void {
  const end = dst + (<usize>count << 2);
  for (; dst < end; src += 20, dst += 128) {
    const scale = halfAt(src);
    const minimum = halfAt(src + 2);
    const nibbles = v128.load(src, 4);
    storeBlock(dst, v128.and(nibbles, NIBBLE), scale, minimum);
    storeBlock(dst + 64, i8x16.shr_u(nibbles, 4), scale, minimum);
  }
}
