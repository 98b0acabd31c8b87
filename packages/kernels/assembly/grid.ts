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

/**
 * Integers of `count` F32 values, one byte each: those nearest to (value − minimum) / scale, from `low` to `high`. `skip` elements
 * of the first group lie before them.
 *
 * `sums` gets what storing loses: F64 Σ (value − scale · (integer − offset))², F64 Σ value², F32 max |error|.
 * Writes at most 3 bytes beyond.
 */
export function grid_codes(src: usize, dst: usize, count: i32, group: i32, skip: i32, groups: usize, low: i32, high: i32, sums: usize): void {
  const least = f32x4.splat(<f32>low);
  const most = f32x4.splat(<f32>high);
  let squaredError: f64 = load<f64>(sums);
  let squares: f64 = load<f64>(sums, 8);
  let largest = f32x4.splat(load<f32>(sums, 16));
  for (let left = count; left > 0; groups += GROUP_BYTES, skip = 0) {
    const length = min(group - skip, left);
    left -= length;
    const inverse = v128.load32_splat(groups);
    const minimum = v128.load32_splat(groups, MINIMUM);
    const scale = v128.load32_splat(groups, SCALE);
    const offset = v128.load32_splat(groups, OFFSET);
    let errors = f32x4.splat(0);
    let all = f32x4.splat(0);
    let done = 0;
    for (; done < length; done += 4, src += 16, dst += 4) {
      let x = v128.load(src);
      const rest = length - done;
      // What lies behind the group is taken for its last value and counts nothing.
      if (rest < 4) x = tail(x, rest);
      const q = f32x4.min(f32x4.max(f32x4.nearest(f32x4.mul(f32x4.sub(x, minimum), inverse)), least), most);
      v128.store32_lane(dst, i8x16.swizzle(i32x4.trunc_sat_f32x4_s(q), LOW_BYTES), 0);
      let error = f32x4.sub(x, f32x4.mul(scale, f32x4.sub(q, offset)));
      if (rest < 4) error = tail(error, rest);
      errors = f32x4.add(errors, f32x4.mul(error, error));
      all = f32x4.add(all, f32x4.mul(x, x));
      largest = f32x4.pmax(largest, f32x4.abs(error));
    }
    src -= <usize>(done - length) << 2;
    dst -= <usize>(done - length);
    squaredError += <f64>total(errors);
    squares += <f64>total(all);
  }
  store<f64>(sums, squaredError);
  store<f64>(sums, squares, 8);
  store<f32>(sums, max(max(f32x4.extract_lane(largest, 0), f32x4.extract_lane(largest, 1)), max(f32x4.extract_lane(largest, 2), f32x4.extract_lane(largest, 3))), 16);
}

/** Zeros in all lanes from `count` on. */
@inline
function tail(x: v128, count: i32): v128 {
  return v128.and(x, i32x4.gt_s(i32x4.splat(count), i32x4(0, 1, 2, 3)));
}

@inline
function total(x: v128): f32 {
  return f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1) + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3));
}
