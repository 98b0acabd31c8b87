/**
 * GGUF blocks to F16 or F32: ggml's K-quants and the types with a fifth bit or a table. Written once for both
 * outputs: `T` is u16 for F16, f32 for F32. Scales, products and sums are rounded to F32 one by one, in gguf-py's
 * order. `count` is a multiple of the block's elements.
 */
import { BIT_5, E2M1_TWICE, IQ4_VALUES, MINUS_ZERO, NIBBLE, SIXTEEN, THIRTY_TWO, TWO_BITS } from "./constants";
import { halfAt, halves, largest, maxMagnitude, quarter0, quarter1, quarter2, quarter3 } from "./half";

/** Writes 16 values scale · q + minimum; `minimum` −0 adds nothing. @returns the new maximum. */
@inline
function put<T>(dst: usize, q: v128, scale: v128, minimum: v128, maximum: v128): v128 {
  const v0 = f32x4.add(f32x4.mul(scale, quarter0(q)), minimum);
  const v1 = f32x4.add(f32x4.mul(scale, quarter1(q)), minimum);
  const v2 = f32x4.add(f32x4.mul(scale, quarter2(q)), minimum);
  const v3 = f32x4.add(f32x4.mul(scale, quarter3(q)), minimum);
  if (sizeof<T>() == 4) {
    v128.store(dst, v0);
    v128.store(dst, v1, 16);
    v128.store(dst, v2, 32);
    v128.store(dst, v3, 48);
    return maximum;
  }
  v128.store(dst, halves(v0, v1));
  v128.store(dst, halves(v2, v3), 16);
  return maxMagnitude(maxMagnitude(maxMagnitude(maxMagnitude(maximum, v0), v1), v2), v3);
}

/** Bytes that 16 values of the output take. */
@inline
function bytes16<T>(): usize {
  return 16 * sizeof<T>();
}

@inline
function endOf<T>(dst: usize, count: i32): usize {
  return dst + <usize>count * sizeof<T>();
}

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

/** Bytes 0–3 of `q`, unsigned, as F32. */
@inline
function fourBytes(q: v128): v128 {
  return f32x4.convert_i32x4_u(i32x4.extend_low_i16x8_u(i16x8.extend_low_i8x16_u(q)));
}

/** Lane `lane` in all lanes. */
@inline
function lane(v: v128, index: i32): v128 {
  return i8x16.swizzle(v, i32x4.splat(0x03020100 + index * 0x04040404));
}

/** Two rows of 32 values, from the low and from the high nibbles of 32 bytes. */
@inline
function q4_k_pair<T>(qs: usize, dst: usize, scales: v128, minima: v128, index: i32, maximum: v128): v128 {
  const q0 = v128.load(qs);
  const q1 = v128.load(qs, 16);
  const lowScale = lane(scales, index);
  const lowMinimum = lane(minima, index);
  const highScale = lane(scales, index + 1);
  const highMinimum = lane(minima, index + 1);
  maximum = put<T>(dst, v128.and(q0, NIBBLE), lowScale, lowMinimum, maximum);
  maximum = put<T>(dst + bytes16<T>(), v128.and(q1, NIBBLE), lowScale, lowMinimum, maximum);
  maximum = put<T>(dst + 2 * bytes16<T>(), i8x16.shr_u(q0, 4), highScale, highMinimum, maximum);
  return put<T>(dst + 3 * bytes16<T>(), i8x16.shr_u(q1, 4), highScale, highMinimum, maximum);
}

@inline
function q4_k<T>(src: usize, dst: usize, count: i32): f32 {
  const end = endOf<T>(dst, count);
  let maximum = i32x4.splat(0);
  for (; dst < end; src += 144) {
    const d = halfAt(src);
    const minusMin = f32x4.neg(halfAt(src + 2));
    // Twelve bytes hold eight scales and eight minima of 6 bits (llama.cpp's get_scale_min_k4).
    const a = load<u32>(src, 4);
    const b = load<u32>(src, 8);
    const c = load<u32>(src, 12);
    const scales0 = f32x4.mul(d, fourBytes(i32x4.splat(a & 0x3f3f3f3f)));
    const scales1 = f32x4.mul(d, fourBytes(i32x4.splat((c & 0x0f0f0f0f) | ((a >> 2) & 0x30303030))));
    const minima0 = f32x4.mul(minusMin, fourBytes(i32x4.splat(b & 0x3f3f3f3f)));
    const minima1 = f32x4.mul(minusMin, fourBytes(i32x4.splat(((c >> 4) & 0x0f0f0f0f) | ((b >> 2) & 0x30303030))));
    maximum = q4_k_pair<T>(src + 16, dst, scales0, minima0, 0, maximum);
    maximum = q4_k_pair<T>(src + 48, dst + 4 * bytes16<T>(), scales0, minima0, 2, maximum);
    maximum = q4_k_pair<T>(src + 80, dst + 8 * bytes16<T>(), scales1, minima1, 0, maximum);
    maximum = q4_k_pair<T>(src + 112, dst + 12 * bytes16<T>(), scales1, minima1, 2, maximum);
    dst += 16 * bytes16<T>();
  }
  return largest(maximum);
}

/** As `q4_k_pair`; bits `2 · pair` and `2 · pair + 1` of the bytes `h0` and `h1` are the fifth ones. */
@inline
function q5_k_pair<T>(qs: usize, dst: usize, h0: v128, h1: v128, scales: v128, minima: v128, index: i32, maximum: v128): v128 {
  const q0 = v128.load(qs);
  const q1 = v128.load(qs, 16);
  const lowScale = lane(scales, index);
  const lowMinimum = lane(minima, index);
  const highScale = lane(scales, index + 1);
  const highMinimum = lane(minima, index + 1);
  const l0 = v128.or(v128.and(q0, NIBBLE), v128.and(i8x16.shl(h0, 4), SIXTEEN));
  const l1 = v128.or(v128.and(q1, NIBBLE), v128.and(i8x16.shl(h1, 4), SIXTEEN));
  const u0 = v128.or(i8x16.shr_u(q0, 4), v128.and(i8x16.shl(h0, 3), SIXTEEN));
  const u1 = v128.or(i8x16.shr_u(q1, 4), v128.and(i8x16.shl(h1, 3), SIXTEEN));
  maximum = put<T>(dst, l0, lowScale, lowMinimum, maximum);
  maximum = put<T>(dst + bytes16<T>(), l1, lowScale, lowMinimum, maximum);
  maximum = put<T>(dst + 2 * bytes16<T>(), u0, highScale, highMinimum, maximum);
  return put<T>(dst + 3 * bytes16<T>(), u1, highScale, highMinimum, maximum);
}

@inline
function q5_k<T>(src: usize, dst: usize, count: i32): f32 {
  const end = endOf<T>(dst, count);
  let maximum = i32x4.splat(0);
  for (; dst < end; src += 176) {
    const d = halfAt(src);
    const minusMin = f32x4.neg(halfAt(src + 2));
    const a = load<u32>(src, 4);
    const b = load<u32>(src, 8);
    const c = load<u32>(src, 12);
    const scales0 = f32x4.mul(d, fourBytes(i32x4.splat(a & 0x3f3f3f3f)));
    const scales1 = f32x4.mul(d, fourBytes(i32x4.splat((c & 0x0f0f0f0f) | ((a >> 2) & 0x30303030))));
    const minima0 = f32x4.mul(minusMin, fourBytes(i32x4.splat(b & 0x3f3f3f3f)));
    const minima1 = f32x4.mul(minusMin, fourBytes(i32x4.splat(((c >> 4) & 0x0f0f0f0f) | ((b >> 2) & 0x30303030))));
    const h0 = v128.load(src, 16);
    const h1 = v128.load(src, 32);
    const qs = src + 48;
    maximum = q5_k_pair<T>(qs, dst, h0, h1, scales0, minima0, 0, maximum);
    dst += 4 * bytes16<T>();
    maximum = q5_k_pair<T>(qs + 32, dst, i8x16.shr_u(h0, 2), i8x16.shr_u(h1, 2), scales0, minima0, 2, maximum);
    dst += 4 * bytes16<T>();
    maximum = q5_k_pair<T>(qs + 64, dst, i8x16.shr_u(h0, 4), i8x16.shr_u(h1, 4), scales1, minima1, 0, maximum);
    dst += 4 * bytes16<T>();
    maximum = q5_k_pair<T>(qs + 96, dst, i8x16.shr_u(h0, 6), i8x16.shr_u(h1, 6), scales1, minima1, 2, maximum);
    dst += 4 * bytes16<T>();
  }
  return largest(maximum);
}

/** d times the signed byte at `address`. */
@inline
function signedScale(d: v128, address: usize): v128 {
  return f32x4.mul(d, f32x4.splat(<f32>(<i32>load<i8>(address))));
}

@inline
function q6_k<T>(src: usize, dst: usize, count: i32): f32 {
  const end = endOf<T>(dst, count);
  let maximum = i32x4.splat(0);
  for (; dst < end; src += 210) {
    const d = halfAt(src + 208);
    // Each half of the block: 64 bytes of low nibbles, 32 bytes of upper bits, 8 scales, 128 values.
    for (let half: usize = 0; half < 2; half++) {
      const scales = src + 192 + 8 * half;
      // Sixteen bytes of upper bits serve the values i, i + 32, i + 64 and i + 96.
      for (let part: usize = 0; part < 2; part++) {
        const l0 = v128.load(src + 64 * half + 16 * part);
        const l1 = v128.load(src + 64 * half + 16 * part + 32);
        const h = v128.load(src + 128 + 32 * half + 16 * part);
        const to = dst + part * bytes16<T>();
        const q0 = v128.or(v128.and(l0, NIBBLE), i8x16.shl(v128.and(h, TWO_BITS), 4));
        const q1 = v128.or(v128.and(l1, NIBBLE), i8x16.shl(v128.and(i8x16.shr_u(h, 2), TWO_BITS), 4));
        const q2 = v128.or(i8x16.shr_u(l0, 4), i8x16.shl(v128.and(i8x16.shr_u(h, 4), TWO_BITS), 4));
        const q3 = v128.or(i8x16.shr_u(l1, 4), i8x16.shl(i8x16.shr_u(h, 6), 4));
        maximum = put<T>(to, i8x16.sub(q0, THIRTY_TWO), signedScale(d, scales + part), MINUS_ZERO, maximum);
        maximum = put<T>(to + 2 * bytes16<T>(), i8x16.sub(q1, THIRTY_TWO), signedScale(d, scales + part + 2), MINUS_ZERO, maximum);
        maximum = put<T>(to + 4 * bytes16<T>(), i8x16.sub(q2, THIRTY_TWO), signedScale(d, scales + part + 4), MINUS_ZERO, maximum);
        maximum = put<T>(to + 6 * bytes16<T>(), i8x16.sub(q3, THIRTY_TWO), signedScale(d, scales + part + 6), MINUS_ZERO, maximum);
      }
      dst += 8 * bytes16<T>();
    }
  }
  return largest(maximum);
}

@inline
function q2_k<T>(src: usize, dst: usize, count: i32): f32 {
  const end = endOf<T>(dst, count);
  let maximum = i32x4.splat(0);
  for (; dst < end; src += 84) {
    const d = halfAt(src + 80);
    const minusMin = f32x4.neg(halfAt(src + 82));
    let scales = src;
    // Thirty-two bytes hold 128 values: two bits of each for every run of 32.
    for (let half: usize = 0; half < 2; half++) {
      let q0 = v128.load(src + 16 + 32 * half);
      let q1 = v128.load(src + 32 + 32 * half);
      for (let run = 0; run < 4; run++) {
        const s0 = <i32>load<u8>(scales);
        const s1 = <i32>load<u8>(scales, 1);
        maximum = put<T>(
          dst,
          v128.and(q0, TWO_BITS),
          f32x4.mul(d, f32x4.splat(<f32>(s0 & 15))),
          f32x4.mul(minusMin, f32x4.splat(<f32>(s0 >> 4))),
          maximum,
        );
        maximum = put<T>(
          dst + bytes16<T>(),
          v128.and(q1, TWO_BITS),
          f32x4.mul(d, f32x4.splat(<f32>(s1 & 15))),
          f32x4.mul(minusMin, f32x4.splat(<f32>(s1 >> 4))),
          maximum,
        );
        q0 = i8x16.shr_u(q0, 2);
        q1 = i8x16.shr_u(q1, 2);
        scales += 2;
        dst += 2 * bytes16<T>();
      }
    }
  }
  return largest(maximum);
}

/** Scale `index` of a Q3_K block: four bits in one place, two in another, around 32. */
@inline
function q3_k_scale(scales: usize, index: usize): f32 {
  const low = (<i32>load<u8>(scales + (index & 7)) >> (<i32>(index >> 3) << 2)) & 15;
  const high = (<i32>load<u8>(scales + 8 + (index & 3)) >> (<i32>(index >> 2) << 1)) & 3;
  return <f32>((low | (high << 4)) - 32);
}

@inline
function q3_k<T>(src: usize, dst: usize, count: i32): f32 {
  const end = endOf<T>(dst, count);
  const four = i8x16.splat(4);
  let maximum = i32x4.splat(0);
  for (; dst < end; src += 110) {
    const d = halfAt(src + 108);
    const scales = src + 96;
    // The third bit counts down: where it is clear, 4 is subtracted. Its bit moves on with each run of 32.
    let h0 = v128.not(v128.load(src));
    let h1 = v128.not(v128.load(src, 16));
    let index: usize = 0;
    for (let half: usize = 0; half < 2; half++) {
      let q0 = v128.load(src + 32 + 32 * half);
      let q1 = v128.load(src + 48 + 32 * half);
      for (let run = 0; run < 4; run++) {
        const low = i8x16.sub(v128.and(q0, TWO_BITS), v128.and(i8x16.shl(h0, 2), four));
        const high = i8x16.sub(v128.and(q1, TWO_BITS), v128.and(i8x16.shl(h1, 2), four));
        maximum = put<T>(dst, low, f32x4.mul(d, f32x4.splat(q3_k_scale(scales, index))), MINUS_ZERO, maximum);
        maximum = put<T>(
          dst + bytes16<T>(),
          high,
          f32x4.mul(d, f32x4.splat(q3_k_scale(scales, index + 1))),
          MINUS_ZERO,
          maximum,
        );
        q0 = i8x16.shr_u(q0, 2);
        q1 = i8x16.shr_u(q1, 2);
        h0 = i8x16.shr_u(h0, 1);
        h1 = i8x16.shr_u(h1, 1);
        index += 2;
        dst += 2 * bytes16<T>();
      }
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

export function q2_k_to_f16(src: usize, dst: usize, count: i32): f32 {
  return q2_k<u16>(src, dst, count);
}

export function q2_k_to_f32(src: usize, dst: usize, count: i32): void {
  q2_k<f32>(src, dst, count);
}

export function q3_k_to_f16(src: usize, dst: usize, count: i32): f32 {
  return q3_k<u16>(src, dst, count);
}

export function q3_k_to_f32(src: usize, dst: usize, count: i32): void {
  q3_k<f32>(src, dst, count);
}

export function q4_k_to_f16(src: usize, dst: usize, count: i32): f32 {
  return q4_k<u16>(src, dst, count);
}

export function q4_k_to_f32(src: usize, dst: usize, count: i32): void {
  q4_k<f32>(src, dst, count);
}

export function q5_k_to_f16(src: usize, dst: usize, count: i32): f32 {
  return q5_k<u16>(src, dst, count);
}

export function q5_k_to_f32(src: usize, dst: usize, count: i32): void {
  q5_k<f32>(src, dst, count);
}

export function q6_k_to_f16(src: usize, dst: usize, count: i32): f32 {
  return q6_k<u16>(src, dst, count);
}

export function q6_k_to_f32(src: usize, dst: usize, count: i32): void {
  q6_k<f32>(src, dst, count);
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
