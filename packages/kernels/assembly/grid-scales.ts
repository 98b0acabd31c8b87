/**
 * Where the blocks of GGUF hold scales and minima of their groups: value = scale · code + minimum. All take `blocks`
 * blocks at `src`, `stride` bytes apart, and write F32; minima of symmetric types are 0. The twin is src/plain/group-scales.ts.
 */
import { halfAt, quarter0, quarter1, quarter2, quarter3 } from "./half";
import { fourBytes } from "./k-quants";
import { q3_k_signed_scales } from "./k-quants-low";

@inline
function half(address: usize): f32 {
  return f32x4.extract_lane(halfAt(address), 0);
}

@inline
function storeSixteen(scales: usize, minima: usize, s0: v128, s1: v128, s2: v128, s3: v128): void {
  v128.store(scales, s0);
  v128.store(scales, s1, 16);
  v128.store(scales, s2, 32);
  v128.store(scales, s3, 48);
  const none = f32x4.splat(0);
  for (const end = minima + 64; minima < end; minima += 16) v128.store(minima, none);
}

/** Q4_0, Q5_0, Q8_0: one group, the scale comes first. */
export function whole_scales(src: usize, scales: usize, minima: usize, blocks: i32, stride: usize): void {
  for (; blocks > 0; blocks--, src += stride, scales += 4, minima += 4) {
    store<f32>(scales, half(src));
    store<f32>(minima, 0);
  }
}

/** Q4_1, Q5_1: one group, then its minimum. */
export function affine_scales(src: usize, scales: usize, minima: usize, blocks: i32, stride: usize): void {
  for (; blocks > 0; blocks--, src += stride, scales += 4, minima += 4) {
    store<f32>(scales, half(src));
    store<f32>(minima, half(src + 2));
  }
}

/** Sixteen groups: scales in the low nibbles of 16 bytes, minima in the high ones. */
export function q2_k_scales(src: usize, scales: usize, minima: usize, blocks: i32, stride: usize): void {
  for (; blocks > 0; blocks--, src += stride) {
    const d = half(src + 80);
    const minusMin = -half(src + 82);
    for (let run: usize = 0; run < 16; run++, scales += 4, minima += 4) {
      const packed = <i32>load<u8>(src + run);
      store<f32>(scales, d * <f32>(packed & 15));
      store<f32>(minima, minusMin * <f32>(packed >> 4));
    }
  }
}

/** Sixteen groups with signed scales of 6 bits. */
export function q3_k_scales(src: usize, scales: usize, minima: usize, blocks: i32, stride: usize): void {
  for (; blocks > 0; blocks--, src += stride, scales += 64, minima += 64) {
    const d = halfAt(src + 108);
    const s = q3_k_signed_scales(src + 96);
    const s2 = f32x4.mul(d, quarter2(s));
    storeSixteen(scales, minima, f32x4.mul(d, quarter0(s)), f32x4.mul(d, quarter1(s)), s2, f32x4.mul(d, quarter3(s)));
  }
}

/** Q4_K, Q5_K: eight groups; twelve bytes hold scales and minima of 6 bits, as `q4_k` of k-quants.ts reads them. */
export function q4_k_scales(src: usize, scales: usize, minima: usize, blocks: i32, stride: usize): void {
  for (; blocks > 0; blocks--, src += stride, scales += 32, minima += 32) {
    const d = halfAt(src);
    const minusMin = f32x4.neg(halfAt(src + 2));
    const a = load<u32>(src, 4);
    const b = load<u32>(src, 8);
    const c = load<u32>(src, 12);
    v128.store(scales, f32x4.mul(d, fourBytes(i32x4.splat(a & 0x3f3f3f3f))));
    v128.store(scales, f32x4.mul(d, fourBytes(i32x4.splat((c & 0x0f0f0f0f) | ((a >> 2) & 0x30303030)))), 16);
    v128.store(minima, f32x4.mul(minusMin, fourBytes(i32x4.splat(b & 0x3f3f3f3f))));
    const upper = ((c >> 4) & 0x0f0f0f0f) | ((b >> 2) & 0x30303030);
    v128.store(minima, f32x4.mul(minusMin, fourBytes(i32x4.splat(upper))), 16);
  }
}

/** Sixteen groups with signed bytes. */
export function q6_k_scales(src: usize, scales: usize, minima: usize, blocks: i32, stride: usize): void {
  for (; blocks > 0; blocks--, src += stride, scales += 64, minima += 64) {
    const d = halfAt(src + 208);
    const q = v128.load(src, 192);
    storeSixteen(
      scales,
      minima,
      f32x4.mul(d, quarter0(q)),
      f32x4.mul(d, quarter1(q)),
      f32x4.mul(d, quarter2(q)),
      f32x4.mul(d, quarter3(q)),
    );
  }
}
