/**
 * Steps of reading quantized matrices whose codes, scales and offsets lie in tensors of their own: unpack codes to
 * bytes, bytes to F32, then scale group by group. Each step has its twin in src/plain/packed.ts.
 */
import { E2M1_HALF, EIGHT, MAGNITUDE_7F, NAN_32, NIBBLE, TWO_POW_8 } from "./constants";
import { quarter0, quarter1, quarter2, quarter3, widenHalves } from "./half";

/** Words `[rows, cols]` to `[cols, rows]`. */
export function transpose_words(src: usize, dst: usize, rows: i32, cols: i32): void {
  const from = <usize>cols << 2;
  const to = <usize>rows << 2;
  let row = 0;
  for (; row + 4 <= rows; row += 4) {
    let at = src + <usize>row * from;
    let out = dst + (<usize>row << 2);
    let col = 0;
    for (; col + 4 <= cols; col += 4, at += 16, out += 4 * to) {
      const a = v128.load(at);
      const b = v128.load(at + from);
      const c = v128.load(at + 2 * from);
      const d = v128.load(at + 3 * from);
      const ab0 = i32x4.shuffle(a, b, 0, 4, 1, 5);
      const cd0 = i32x4.shuffle(c, d, 0, 4, 1, 5);
      const ab1 = i32x4.shuffle(a, b, 2, 6, 3, 7);
      const cd1 = i32x4.shuffle(c, d, 2, 6, 3, 7);
      v128.store(out, i64x2.shuffle(ab0, cd0, 0, 2));
      v128.store(out + to, i64x2.shuffle(ab0, cd0, 1, 3));
      v128.store(out + 2 * to, i64x2.shuffle(ab1, cd1, 0, 2));
      v128.store(out + 3 * to, i64x2.shuffle(ab1, cd1, 1, 3));
    }
    for (; col < cols; col++, at += 4, out += to) {
      for (let i: usize = 0; i < 4; i++) store<u32>(out + (i << 2), load<u32>(at + i * from));
    }
  }
  for (; row < rows; row++) {
    const at = src + <usize>row * from;
    const out = dst + (<usize>row << 2);
    for (let col: usize = 0; col < <usize>cols; col++) store<u32>(out + col * to, load<u32>(at + (col << 2)));
  }
}

/**
 * A little-endian stream of codes of `bits` (1 to 6, or 8) bits to bytes. `count` is rounded up to a multiple of
 * 32; reads at most 16 and writes at most 32 bytes beyond.
 */
export function unpack_bits(src: usize, dst: usize, count: i32, bits: i32): void {
  const end = dst + <usize>count;
  if (bits == 8) {
    memory.copy(dst, src, <usize>count);
    return;
  }
  if (bits == 4) {
    for (; dst < end; src += 16, dst += 32) {
      const x = v128.load(src);
      const low = v128.and(x, NIBBLE);
      const high = i8x16.shr_u(x, 4);
      v128.store(dst, i8x16.shuffle(low, high, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23));
      v128.store(dst, i8x16.shuffle(low, high, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31), 16);
    }
    return;
  }
  const mask = (<u64>1 << bits) - 1;
  for (; dst < end; src += bits, dst += 8) {
    // Eight codes fill whole bytes.
    let word = load<u64>(src);
    for (let i: usize = 0; i < 8; i++) {
      store<u8>(dst + i, <u8>(word & mask));
      word >>= bits;
    }
  }
}

/** The nibble at bit `shift` of each of `count` words to bytes; writes at most 16 bytes beyond. */
export function unpack_nibble(src: usize, dst: usize, count: i32, shift: i32): void {
  const mask = i32x4.splat(15);
  for (const end = dst + <usize>count; dst < end; src += 64, dst += 16) {
    const a = v128.and(i32x4.shr_u(v128.load(src), shift), mask);
    const b = v128.and(i32x4.shr_u(v128.load(src, 16), shift), mask);
    const c = v128.and(i32x4.shr_u(v128.load(src, 32), shift), mask);
    const d = v128.and(i32x4.shr_u(v128.load(src, 48), shift), mask);
    v128.store(dst, i8x16.narrow_i16x8_u(i16x8.narrow_i32x4_u(a, b), i16x8.narrow_i32x4_u(c, d)));
  }
}

// The following write whole vectors of 16 values.

/** Unsigned bytes as F32. */
export function u8_to_f32(src: usize, dst: usize, count: i32): void {
  for (const end = dst + (<usize>count << 2); dst < end; src += 16, dst += 64) {
    const q = v128.load(src);
    const low = i16x8.extend_low_i8x16_u(q);
    const high = i16x8.extend_high_i8x16_u(q);
    v128.store(dst, f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(low)));
    v128.store(dst, f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(low)), 16);
    v128.store(dst, f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(high)), 32);
    v128.store(dst, f32x4.convert_i32x4_u(i32x4.extend_high_i16x8_u(high)), 48);
  }
}

/** Signed bytes as F32. */
export function i8_to_f32(src: usize, dst: usize, count: i32): void {
  for (const end = dst + (<usize>count << 2); dst < end; src += 16, dst += 64) {
    const q = v128.load(src);
    v128.store(dst, quarter0(q));
    v128.store(dst, quarter1(q), 16);
    v128.store(dst, quarter2(q), 32);
    v128.store(dst, quarter3(q), 48);
  }
}

/** Bytes 0–15 that are two's complement in four bits as F32. */
export function i4_to_f32(src: usize, dst: usize, count: i32): void {
  for (const end = dst + (<usize>count << 2); dst < end; src += 16, dst += 64) {
    const q = i8x16.sub(v128.xor(v128.load(src), EIGHT), EIGHT);
    v128.store(dst, quarter0(q));
    v128.store(dst, quarter1(q), 16);
    v128.store(dst, quarter2(q), 32);
    v128.store(dst, quarter3(q), 48);
  }
}

/** F32 of a table by index, one byte each. */
export function lookup_f32(src: usize, dst: usize, count: i32, table: usize): void {
  for (const end = dst + (<usize>count << 2); dst < end; src++, dst += 4) {
    store<f32>(dst, load<f32>(table + (<usize>load<u8>(src) << 2)));
  }
}

/** Four E4M3 codes, each in the upper byte of a sign-extended F16: its exponent is biased by 8 less, and it has no Inf. */
@inline
function widenE4m3(extended: v128): v128 {
  // Sign and the other seven bits go to their places in an F16.
  const magnitude = i32x4.shr_u(v128.and(extended, MAGNITUDE_7F), 1);
  const sign = v128.and(extended, i32x4.splat(0xffff8000));
  const value = f32x4.mul(widenHalves(v128.or(magnitude, sign)), TWO_POW_8);
  return v128.or(value, v128.and(i32x4.eq(v128.and(extended, MAGNITUDE_7F), MAGNITUDE_7F), NAN_32));
}

/** F8_E4M3 (fn: no infinities, magnitude 127 is NaN) as F32, exact. */
export function e4m3_to_f32(src: usize, dst: usize, count: i32): void {
  const zero = i32x4.splat(0);
  for (const end = dst + (<usize>count << 2); dst < end; src += 16, dst += 64) {
    const q = v128.load(src);
    const low = i8x16.shuffle(zero, q, 0, 16, 0, 17, 0, 18, 0, 19, 0, 20, 0, 21, 0, 22, 0, 23);
    const high = i8x16.shuffle(zero, q, 0, 24, 0, 25, 0, 26, 0, 27, 0, 28, 0, 29, 0, 30, 0, 31);
    v128.store(dst, widenE4m3(i32x4.extend_low_i16x8_s(low)));
    v128.store(dst, widenE4m3(i32x4.extend_high_i16x8_s(low)), 16);
    v128.store(dst, widenE4m3(i32x4.extend_low_i16x8_s(high)), 32);
    v128.store(dst, widenE4m3(i32x4.extend_high_i16x8_s(high)), 48);
  }
}

/** Bytes that are the upper halves of F16 codes as F32. */
@inline
function storeUpperHalves(dst: usize, q: v128): void {
  const zero = i32x4.splat(0);
  const low = i8x16.shuffle(zero, q, 0, 16, 0, 17, 0, 18, 0, 19, 0, 20, 0, 21, 0, 22, 0, 23);
  const high = i8x16.shuffle(zero, q, 0, 24, 0, 25, 0, 26, 0, 27, 0, 28, 0, 29, 0, 30, 0, 31);
  v128.store(dst, widenHalves(i32x4.extend_low_i16x8_s(low)));
  v128.store(dst, widenHalves(i32x4.extend_high_i16x8_s(low)), 16);
  v128.store(dst, widenHalves(i32x4.extend_low_i16x8_s(high)), 32);
  v128.store(dst, widenHalves(i32x4.extend_high_i16x8_s(high)), 48);
}

/** F8_E5M2, an F16 without its lower byte, as F32, exact. */
export function e5m2_to_f32(src: usize, dst: usize, count: i32): void {
  for (const end = dst + (<usize>count << 2); dst < end; src += 16, dst += 64) storeUpperHalves(dst, v128.load(src));
}

/** Bytes 0–15 that are E2M1 codes as F32, exact. */
export function e2m1_to_f32(src: usize, dst: usize, count: i32): void {
  for (const end = dst + (<usize>count << 2); dst < end; src += 16, dst += 64) {
    storeUpperHalves(dst, i8x16.swizzle(E2M1_HALF, v128.load(src)));
  }
}

/** E8M0 bytes, powers of two from 2^-127 on, as F32; 255 is NaN. */
export function e8m0_to_f32(src: usize, dst: usize, count: i32): void {
  for (const end = dst + (<usize>count << 2); dst < end; src += 1, dst += 4) {
    const e = <u32>load<u8>(src);
    store<u32>(dst, e == 0 ? 0x00400000 : e == 255 ? 0x7fc00000 : e << 23);
  }
}

/**
 * values = (values − zero) · scale + bias in place, with one of each for every `group` values; the first group has
 * `skip` values before the first. Each operation rounds to F32. Bias −0 adds nothing.
 */
export function affine_f32(
  values: usize,
  count: i32,
  group: i32,
  skip: i32,
  scales: usize,
  zeros: usize,
  biases: usize,
): void {
  const end = values + (<usize>count << 2);
  let stop = values + (<usize>(group - skip) << 2);
  for (; values < end; scales += 4, zeros += 4, biases += 4, stop += <usize>group << 2) {
    const scale = v128.load32_splat(scales);
    const zero = v128.load32_splat(zeros);
    const bias = v128.load32_splat(biases);
    if (stop > end) stop = end;
    for (; values + 16 <= stop; values += 16) {
      v128.store(values, f32x4.add(f32x4.mul(f32x4.sub(v128.load(values), zero), scale), bias));
    }
    for (; values < stop; values += 4) {
      store<f32>(values, (load<f32>(values) - load<f32>(zeros)) * load<f32>(scales) + load<f32>(biases));
    }
  }
}

/** values = (values − zeros[index]) · scales[index] in place: an index, I32, for each value. */
export function affine_indexed_f32(values: usize, count: i32, index: usize, scales: usize, zeros: usize): void {
  for (const end = values + (<usize>count << 2); values < end; values += 4, index += 4) {
    const at = <usize>load<u32>(index) << 2;
    store<f32>(values, (load<f32>(values) - load<f32>(zeros + at)) * load<f32>(scales + at));
  }
}
