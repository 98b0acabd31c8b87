/**
 * C += factor · Aᵀ · B for tiles of F32. A and B come in panels: of each row 4 values of A and 8 values of B side by side, so
 * that a block of C reads both in one stream each. (Rows as they lie would put each into the same few lines of the
 * first-level cache.)
 */

/** dst `[cols / width, depth, width]` = src `[depth, cols]`; `width` divides `cols` and is a multiple of 4. */
export function pack_panels(src: usize, dst: usize, depth: i32, cols: i32, width: i32): void {
  const stride = <usize>cols << 2;
  const bytes = <usize>width << 2;
  for (let column: usize = 0; column < stride; column += bytes) {
    let from = src + column;
    for (let k = 0; k < depth; k++, from += stride, dst += bytes) {
      for (let at: usize = 0; at < bytes; at += 16) v128.store(dst + at, v128.load(from + at));
    }
  }
}

@inline
function addTo(c: usize, factor: v128, low: v128, high: v128): void {
  v128.store(c, f32x4.add(v128.load(c), f32x4.mul(factor, low)));
  v128.store(c, f32x4.add(v128.load(c, 16), f32x4.mul(factor, high)), 16);
}

/** Four rows and eight columns of C. */
@inline
function block4x8(a: usize, b: usize, c: usize, depth: i32, stride: usize, factor: v128): void {
  let c0 = f32x4.splat(0);
  let c1 = f32x4.splat(0);
  let c2 = f32x4.splat(0);
  let c3 = f32x4.splat(0);
  let d0 = f32x4.splat(0);
  let d1 = f32x4.splat(0);
  let d2 = f32x4.splat(0);
  let d3 = f32x4.splat(0);
  for (const end = a + (<usize>depth << 4); a < end; a += 16, b += 32) {
    const low = v128.load(b);
    const high = v128.load(b, 16);
    const a0 = v128.load32_splat(a);
    c0 = f32x4.add(c0, f32x4.mul(a0, low));
    d0 = f32x4.add(d0, f32x4.mul(a0, high));
    const a1 = v128.load32_splat(a, 4);
    c1 = f32x4.add(c1, f32x4.mul(a1, low));
    d1 = f32x4.add(d1, f32x4.mul(a1, high));
    const a2 = v128.load32_splat(a, 8);
    c2 = f32x4.add(c2, f32x4.mul(a2, low));
    d2 = f32x4.add(d2, f32x4.mul(a2, high));
    const a3 = v128.load32_splat(a, 12);
    c3 = f32x4.add(c3, f32x4.mul(a3, low));
    d3 = f32x4.add(d3, f32x4.mul(a3, high));
  }
  addTo(c, factor, c0, d0);
  addTo(c + stride, factor, c1, d1);
  addTo(c + 2 * stride, factor, c2, d2);
  addTo(c + 3 * stride, factor, c3, d3);
}

/** C `[rows, cols]` += factor · Aᵀ · B, of panels with `depth` rows; `rows` is a multiple of 4, `cols` of 8. */
export function add_product(
  a: usize,
  b: usize,
  c: usize,
  depth: i32,
  rows: i32,
  cols: i32,
  factor: f32,
): void {
  const stride = <usize>cols << 2;
  const factors = f32x4.splat(factor);
  for (let row = 0; row < rows; row += 4, a += <usize>depth << 4, c += stride << 2) {
    let panel = b;
    for (let at: usize = 0; at < stride; at += 32, panel += <usize>depth << 5) {
      block4x8(a, panel, c + at, depth, stride, factors);
    }
  }
}
