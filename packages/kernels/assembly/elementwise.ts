import { largest, maxMagnitude } from "./half";

/** values += 1, in place. */
export function add_one_f32(values: usize, count: i32): void {
  const end = values + ((<usize>count) << 2);
  const one = f32x4.splat(1.0);
  for (; values + 16 <= end; values += 16) v128.store(values, f32x4.add(v128.load(values), one));
  for (; values < end; values += 4) store<f32>(values, load<f32>(values) + 1.0);
}

/** values *= factor, in place. */
export function scale_f32(values: usize, count: i32, factor: f32): void {
  const end = values + ((<usize>count) << 2);
  const factors = f32x4.splat(factor);
  for (; values + 16 <= end; values += 16) v128.store(values, f32x4.mul(v128.load(values), factors));
  for (; values < end; values += 4) store<f32>(values, load<f32>(values) * factor);
}

/** The largest |value|; NaN when one is NaN. */
export function max_abs_f32(values: usize, count: i32): f32 {
  const end = values + ((<usize>count) << 2);
  let maximum = i32x4.splat(0);
  for (; values + 16 <= end; values += 16) maximum = maxMagnitude(maximum, v128.load(values));
  for (; values < end; values += 4) maximum = maxMagnitude(maximum, v128.load32_zero(values));
  return largest(maximum);
}
