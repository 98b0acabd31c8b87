import { HALF_BITS, REBIAS, UPPER } from "./constants";

/**
 * Products of a matrix W [rows, stride] with rows of x. Contracts of all kernels: `rows` is a multiple of
 * `ROW_BLOCK`, `stride` (elements) a multiple of 8, padding holds zeros, x rows of a GEMM come in fours.
 *
 * 16-bit weights are taken apart in pairs, so their x is in pair order (`prepare_pairs`): of each eight values first
 * the four with even, then the four with odd index.
 */
const ROW_BLOCK: i32 = 12;

/** dst = x · factor in pair order, for `count` values (a multiple of 8); `dst` may be `x`. */
export function prepare_pairs(x: usize, dst: usize, count: i32, factor: f32): void {
  const factors = f32x4.splat(factor);
  for (const end = x + (<usize>count << 2); x < end; x += 32, dst += 32) {
    const low = v128.load(x);
    const high = v128.load(x, 16);
    v128.store(dst, f32x4.mul(i32x4.shuffle(low, high, 0, 2, 4, 6), factors));
    v128.store(dst, f32x4.mul(i32x4.shuffle(low, high, 1, 3, 5, 7), factors), 16);
  }
}

@inline
function sum(v: v128): f32 {
  const pair = f32x4.add(v, i32x4.shuffle(v, v, 2, 3, 0, 1));
  return f32x4.extract_lane(pair, 0) + f32x4.extract_lane(pair, 1);
}

@inline
function evenHalves(pairs: v128): v128 {
  return v128.and(i32x4.shr_s(i32x4.shl(pairs, 16), 3), HALF_BITS);
}

@inline
function oddHalves(pairs: v128): v128 {
  return v128.and(i32x4.shr_s(pairs, 3), HALF_BITS);
}

@inline
function evenBf16(pairs: v128): v128 {
  return i32x4.shl(pairs, 16);
}

@inline
function oddBf16(pairs: v128): v128 {
  return v128.and(pairs, UPPER);
}

/**
 * y = W · x · factor. Weights are read row by row in one stream, which the processor reads ahead: four rows at once
 * ran at half the speed from memory (rows of 576). `x` holds 2^112 times its values divided by `factor`, or as near
 * as F32 reaches.
 */
export function gemv_f16(w: usize, x: usize, y: usize, rows: i32, stride: i32, factor: f32): void {
  const rowBytes = <usize>stride << 1;
  for (const end = y + (<usize>rows << 2); y < end; y += 4) {
    let even = f32x4.splat(0);
    let odd = f32x4.splat(0);
    let p = x;
    for (const stop = w + rowBytes; w < stop; w += 16, p += 32) {
      const pairs = v128.load(w);
      even = f32x4.add(even, f32x4.mul(evenHalves(pairs), v128.load(p)));
      odd = f32x4.add(odd, f32x4.mul(oddHalves(pairs), v128.load(p, 16)));
    }
    store<f32>(y, sum(f32x4.add(even, odd)) * factor);
  }
}

/** y = W · x. */
export function gemv_bf16(w: usize, x: usize, y: usize, rows: i32, stride: i32): void {
  const rowBytes = <usize>stride << 1;
  for (const end = y + (<usize>rows << 2); y < end; y += 4) {
    let even = f32x4.splat(0);
    let odd = f32x4.splat(0);
    let p = x;
    for (const stop = w + rowBytes; w < stop; w += 16, p += 32) {
      const pairs = v128.load(w);
      even = f32x4.add(even, f32x4.mul(evenBf16(pairs), v128.load(p)));
      odd = f32x4.add(odd, f32x4.mul(oddBf16(pairs), v128.load(p, 16)));
    }
    store<f32>(y, sum(f32x4.add(even, odd)));
  }
}

/** y = W · x; x in its own order. */
export function gemv_f32(w: usize, x: usize, y: usize, rows: i32, stride: i32): void {
  const rowBytes = <usize>stride << 2;
  for (const end = y + (<usize>rows << 2); y < end; y += 4) {
    let even = f32x4.splat(0);
    let odd = f32x4.splat(0);
    let p = x;
    for (const stop = w + rowBytes; w < stop; w += 32, p += 32) {
      even = f32x4.add(even, f32x4.mul(v128.load(w), v128.load(p)));
      odd = f32x4.add(odd, f32x4.mul(v128.load(w, 16), v128.load(p, 16)));
    }
    store<f32>(y, sum(f32x4.add(even, odd)));
  }
}

/** Four rows of x times three rows of W into y; `rowBytes` of both x and W, `yBytes` between rows of y. */
@inline
function block4x3(w: usize, x: usize, y: usize, rowBytes: usize, yBytes: usize): void {
  let a0 = f32x4.splat(0);
  let a1 = f32x4.splat(0);
  let a2 = f32x4.splat(0);
  let b0 = f32x4.splat(0);
  let b1 = f32x4.splat(0);
  let b2 = f32x4.splat(0);
  let c0 = f32x4.splat(0);
  let c1 = f32x4.splat(0);
  let c2 = f32x4.splat(0);
  let d0 = f32x4.splat(0);
  let d1 = f32x4.splat(0);
  let d2 = f32x4.splat(0);
  for (const stop = w + rowBytes; w < stop; w += 16, x += 16) {
    const w0 = v128.load(w);
    const w1 = v128.load(w + rowBytes);
    const w2 = v128.load(w + 2 * rowBytes);
    const xa = v128.load(x);
    a0 = f32x4.add(a0, f32x4.mul(xa, w0));
    a1 = f32x4.add(a1, f32x4.mul(xa, w1));
    a2 = f32x4.add(a2, f32x4.mul(xa, w2));
    const xb = v128.load(x + rowBytes);
    b0 = f32x4.add(b0, f32x4.mul(xb, w0));
    b1 = f32x4.add(b1, f32x4.mul(xb, w1));
    b2 = f32x4.add(b2, f32x4.mul(xb, w2));
    const xc = v128.load(x + 2 * rowBytes);
    c0 = f32x4.add(c0, f32x4.mul(xc, w0));
    c1 = f32x4.add(c1, f32x4.mul(xc, w1));
    c2 = f32x4.add(c2, f32x4.mul(xc, w2));
    const xd = v128.load(x + 3 * rowBytes);
    d0 = f32x4.add(d0, f32x4.mul(xd, w0));
    d1 = f32x4.add(d1, f32x4.mul(xd, w1));
    d2 = f32x4.add(d2, f32x4.mul(xd, w2));
  }
  storeRow(y, a0, a1, a2);
  storeRow(y + yBytes, b0, b1, b2);
  storeRow(y + 2 * yBytes, c0, c1, c2);
  storeRow(y + 3 * yBytes, d0, d1, d2);
}

@inline
function storeRow(y: usize, v0: v128, v1: v128, v2: v128): void {
  store<f32>(y, sum(v0));
  store<f32>(y, sum(v1), 4);
  store<f32>(y, sum(v2), 8);
}

/** `ROW_BLOCK` rows of F32 weights times all rows of x. */
function tile(w: usize, x: usize, y: usize, m: i32, rowBytes: usize, yBytes: usize): void {
  for (let i = 0; i < m; i += 4, x += 4 * rowBytes, y += 4 * yBytes) {
    for (let r: usize = 0; r < <usize>ROW_BLOCK; r += 3) {
      block4x3(w + r * rowBytes, x, y + (r << 2), rowBytes, yBytes);
    }
  }
}

/** y [m, rows] = x [m, stride] · Wᵀ; `m` is a multiple of 4. */
export function gemm_f32(w: usize, x: usize, y: usize, rows: i32, stride: i32, m: i32): void {
  const rowBytes = <usize>stride << 2;
  const yBytes = <usize>rows << 2;
  for (const end = y + yBytes; y < end; y += <usize>ROW_BLOCK << 2, w += <usize>ROW_BLOCK * rowBytes) {
    tile(w, x, y, m, rowBytes, yBytes);
  }
}

/** As `gemm_f32`, with x in pair order; `scratch` holds `ROW_BLOCK` rows of F32. */
export function gemm_f16(w: usize, x: usize, y: usize, rows: i32, stride: i32, m: i32, scratch: usize): void {
  const yBytes = <usize>rows << 2;
  for (const end = y + yBytes; y < end; y += <usize>ROW_BLOCK << 2) {
    let p = scratch;
    for (const stop = w + ((<usize>ROW_BLOCK * stride) << 1); w < stop; w += 16, p += 32) {
      const pairs = v128.load(w);
      v128.store(p, f32x4.mul(evenHalves(pairs), REBIAS));
      v128.store(p, f32x4.mul(oddHalves(pairs), REBIAS), 16);
    }
    tile(scratch, x, y, m, <usize>stride << 2, yBytes);
  }
}

/** As `gemm_f16`. */
export function gemm_bf16(w: usize, x: usize, y: usize, rows: i32, stride: i32, m: i32, scratch: usize): void {
  const yBytes = <usize>rows << 2;
  for (const end = y + yBytes; y < end; y += <usize>ROW_BLOCK << 2) {
    let p = scratch;
    for (const stop = w + ((<usize>ROW_BLOCK * stride) << 1); w < stop; w += 16, p += 32) {
      const pairs = v128.load(w);
      v128.store(p, evenBf16(pairs));
      v128.store(p, oddBf16(pairs), 16);
    }
    tile(scratch, x, y, m, <usize>stride << 2, yBytes);
  }
}
