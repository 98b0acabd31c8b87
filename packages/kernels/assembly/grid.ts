/**
 * Values that lie on a grid back to its integers. The twin is src/plain/grid.ts.
 */

/** Of a group, F32: 1 / scale, minimum, and the scale and offset that are stored. */
const MINIMUM: usize = 4;
const SCALE: usize = 8;
const OFFSET: usize = 12;
const GROUP_BYTES: usize = 16;

/** The lowest byte of each lane. */
const LOW_BYTES: v128 = i8x16(0, 4, 8, 12, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1);
const BYTE_32: v128 = i32x4.splat(255);

@inline
function nearestCodes(x: v128, minimum: v128, inverse: v128, least: v128, most: v128): v128 {
  return f32x4.min(f32x4.max(f32x4.nearest(f32x4.mul(f32x4.sub(x, minimum), inverse)), least), most);
}

@inline
function errorOf(x: v128, q: v128, scale: v128, offset: v128): v128 {
  return f32x4.sub(x, f32x4.mul(scale, f32x4.sub(q, offset)));
}

/** Integers of which the lowest byte is left. */
@inline
function lowBytes(q: v128): v128 {
  return v128.and(i32x4.trunc_sat_f32x4_s(q), BYTE_32);
}

@inline
function square(x: v128): v128 {
  return f32x4.mul(x, x);
}

@inline
function sumOfSquares(a: v128, b: v128, c: v128, d: v128): v128 {
  return f32x4.add(f32x4.add(square(a), square(b)), f32x4.add(square(c), square(d)));
}

@inline
function largestOf(a: v128, b: v128, c: v128, d: v128): v128 {
  return f32x4.pmax(f32x4.pmax(f32x4.abs(a), f32x4.abs(b)), f32x4.pmax(f32x4.abs(c), f32x4.abs(d)));
}

/**
 * Integers of `elements` F32 values, one byte each: those nearest to (value − minimum) / scale, from `low` to `high`. `skip`
 * elements of the first group lie before them.
 *
 * `sums` gets what storing loses: F64 Σ (value − scale · (integer − offset))², F64 Σ value², F32 max |error|.
 * Writes at most 3 bytes beyond.
 */
export function grid_codes(src: usize, dst: usize, elements: i32, group: i32, skip: i32, groups: usize, low: i32, high: i32, sums: usize): void {
  const least = f32x4.splat(<f32>low);
  const most = f32x4.splat(<f32>high);
  let largest = v128.load32_splat(sums, 16);
  let squaredError = f64x2.splat(0);
  let squares = f64x2.splat(0);
  for (let left = elements; left > 0; groups += GROUP_BYTES, skip = 0) {
    const length = min(group - skip, left);
    left -= length;
    const inverse = v128.load32_splat(groups);
    const minimum = v128.load32_splat(groups, MINIMUM);
    const scale = v128.load32_splat(groups, SCALE);
    const offset = v128.load32_splat(groups, OFFSET);
    let errors = f32x4.splat(0);
    let all = f32x4.splat(0);
    let done = 0;
    for (; done + 16 <= length; done += 16, src += 64, dst += 16) {
      const x0 = v128.load(src);
      const x1 = v128.load(src, 16);
      const x2 = v128.load(src, 32);
      const x3 = v128.load(src, 48);
      const q0 = nearestCodes(x0, minimum, inverse, least, most);
      const q1 = nearestCodes(x1, minimum, inverse, least, most);
      const q2 = nearestCodes(x2, minimum, inverse, least, most);
      const q3 = nearestCodes(x3, minimum, inverse, least, most);
      const a = i16x8.narrow_i32x4_u(lowBytes(q0), lowBytes(q1));
      const b = i16x8.narrow_i32x4_u(lowBytes(q2), lowBytes(q3));
      v128.store(dst, i8x16.narrow_i16x8_u(a, b));
      const e0 = errorOf(x0, q0, scale, offset);
      const e1 = errorOf(x1, q1, scale, offset);
      const e2 = errorOf(x2, q2, scale, offset);
      const e3 = errorOf(x3, q3, scale, offset);
      errors = f32x4.add(errors, sumOfSquares(e0, e1, e2, e3));
      all = f32x4.add(all, sumOfSquares(x0, x1, x2, x3));
      largest = f32x4.pmax(largest, largestOf(e0, e1, e2, e3));
    }
    for (; done < length; done += 4, src += 16, dst += 4) {
      // What lies behind the group is taken for zeros and counts nothing.
      const rest = length - done;
      const x = tail(v128.load(src), rest);
      const q = nearestCodes(x, minimum, inverse, least, most);
      v128.store32_lane(dst, i8x16.swizzle(i32x4.trunc_sat_f32x4_s(q), LOW_BYTES), 0);
      const error = tail(errorOf(x, q, scale, offset), rest);
      errors = f32x4.add(errors, square(error));
      all = f32x4.add(all, square(x));
      largest = f32x4.pmax(largest, f32x4.abs(error));
    }
    src -= <usize>(done - length) << 2;
    dst -= <usize>(done - length);
    squaredError = f64x2.add(squaredError, wide(errors));
    squares = f64x2.add(squares, wide(all));
  }
  store<f64>(sums, load<f64>(sums) + f64x2.extract_lane(squaredError, 0) + f64x2.extract_lane(squaredError, 1));
  store<f64>(sums, load<f64>(sums, 8) + f64x2.extract_lane(squares, 0) + f64x2.extract_lane(squares, 1), 8);
  store<f32>(sums, max(max(f32x4.extract_lane(largest, 0), f32x4.extract_lane(largest, 1)), max(f32x4.extract_lane(largest, 2), f32x4.extract_lane(largest, 3))), 16);
}

/** Zeros in all lanes from `lanes` on. */
@inline
function tail(x: v128, lanes: i32): v128 {
  return v128.and(x, i32x4.gt_s(i32x4.splat(lanes), i32x4(0, 1, 2, 3)));
}

/** Sums of pairs of lanes in F64. */
@inline
function wide(x: v128): v128 {
  return f64x2.add(f64x2.promote_low_f32x4(x), f64x2.promote_low_f32x4(i32x4.shuffle(x, x, 2, 3, 0, 1)));
}
