/**
 * What runs have summed since the last flush, in units of the weights: Σ(w − w′)², Σw², the largest (w − w′)² of
 * each lane.
 *
 * Runs sum in lanes of F32 in units of the scale, and are short; with at most 64 of them before the sums go on in F64,
 * no sum is more than 2^-16 of itself off.
 */
let squaredErrors: v128 = i32x4.splat(0);
let squares: v128 = i32x4.splat(0);
let maxSquaredError: v128 = i32x4.splat(0);

/** Sums of one weight, in memory: see `ErrorSums` in src/linear.ts. */
const SQUARED_ERROR: usize = 0;
const SQUARES: usize = 8;
const MAX_ERROR: usize = 16;
const SATURATED: usize = 24;
const ZERO_GROUPS: usize = 28;
const WIDE_SCALES: usize = 32;

/** Adds a run's sums, in units of `scale`. */
@inline
export function addRun(scale: v128, errors: v128, all: v128, most: v128): void {
  const unit = f32x4.mul(scale, scale);
  squaredErrors = f32x4.add(squaredErrors, f32x4.mul(errors, unit));
  squares = f32x4.add(squares, f32x4.mul(all, unit));
  maxSquaredError = f32x4.pmax(maxSquaredError, f32x4.mul(most, unit));
}

@inline
function sumLanes(v: v128): f64 {
  const pairs = f64x2.add(f64x2.promote_low_f32x4(v), f64x2.promote_low_f32x4(i64x2.shuffle(v, v, 1, 0)));
  return f64x2.extract_lane(pairs, 0) + f64x2.extract_lane(pairs, 1);
}

@inline
function addTo(address: usize, value: f64): void {
  store<f64>(address, load<f64>(address) + value);
}

@inline
function count(address: usize, by: i32): void {
  store<i32>(address, load<i32>(address) + by);
}

/** Moves what runs have summed to the sums in memory. */
export function flush(sums: usize): void {
  addTo(sums + SQUARED_ERROR, sumLanes(squaredErrors));
  addTo(sums + SQUARES, sumLanes(squares));
  const pair = f32x4.pmax(maxSquaredError, i32x4.shuffle(maxSquaredError, maxSquaredError, 2, 3, 0, 1));
  noteError(sums, sqrt<f64>(f32x4.extract_lane(f32x4.pmax(pair, i32x4.shuffle(pair, pair, 1, 0, 3, 2)), 0)));
  squaredErrors = squares = maxSquaredError = i32x4.splat(0);
}

/** Adds one element. */
export function addElement(sums: usize, weight: f64, error: f64): void {
  addTo(sums + SQUARES, weight * weight);
  addTo(sums + SQUARED_ERROR, error * error);
  noteError(sums, abs(error));
}

@inline
function noteError(sums: usize, error: f64): void {
  if (error > load<f64>(sums + MAX_ERROR)) store<f64>(sums + MAX_ERROR, error);
}

/**
 * The largest scale that cannot make an error above those seen, when no quotient leaves the range: an error is at most half
 * of its scale, and what F16 rounds the quotient by: 2^-5 below 128.
 */
@inline
export function quietScale(sums: usize): f32 {
  return <f32>(load<f64>(sums + MAX_ERROR) / 0.54);
}

export function countSaturated(sums: usize, by: i32): void {
  count(sums + SATURATED, by);
}

export function countGroup(sums: usize, zero: bool, wide: bool): void {
  if (zero) count(sums + ZERO_GROUPS, 1);
  if (wide) count(sums + WIDE_SCALES, 1);
}
