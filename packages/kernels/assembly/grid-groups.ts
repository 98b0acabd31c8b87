/**
 * What is stored for the groups of a grid. The twin is `plainGridGroup` in src/plain/grid.ts. Steps are in F64, where
 * quotients of F32 numbers keep what rounding to F16 has to know.
 */
import { widenHalves } from "./half";

/** 1 in F16. */
const ONE: i32 = 0x3c00;
/** See `MAX_OFFSET` of the twin. */
const MAX_OFFSET: f64 = 32768;
/** The smallest normal F32: one over less can be infinite. */
const MIN_NORMAL: f64 = 1.1754943508222875e-38;

/** An F16 code, rounded once to nearest even; beyond 65504 gives 65504. */
@inline
function halfCode(value: f64): i32 {
  const bits = reinterpret<u64>(value);
  const sign = <i32>(bits >> 48) & 0x8000;
  const magnitude = abs(value);
  if (magnitude >= 65520) return sign | 0x7bff;
  const exponent = max((<i32>(bits >> 52) & 2047) - 1023, -14);
  const units = nearest(magnitude * reinterpret<f64>(<u64>(1033 - exponent) << 52));
  return sign | (((exponent + 14) << 10) + <i32>units);
}

@inline
function halfValue(code: i32): f64 {
  return <f64>f32x4.extract_lane(widenHalves(i32x4.splat((code << 16) >> 16)), 0);
}

/**
 * Finds the parameters of `count` groups of F32 scales and minima: those of `grid_codes` at `groups`, and what is
 * written, 16 bits each: F16 codes of scales, and of offsets unless these are integers.
 *
 * @param kind - 0 without offsets, 1 with F16 ones, 2 with integers up to `high`.
 * @param skip - groups at the beginning that are not counted.
 * @returns how many groups have become one constant each.
 */
export function grid_groups(scales: usize, minima: usize, count: i32, skip: i32, kind: i32, high: i32, groups: usize, scaleCodes: usize, offsets: usize): i32 {
  let constants = 0;
  for (let i = 0; i < count; i++, scales += 4, minima += 4, groups += 16, scaleCodes += 2, offsets += 2) {
    const scale = <f64>load<f32>(scales);
    const minimum = <f64>load<f32>(minima);
    const usable = abs(scale) >= MIN_NORMAL;
    let inverse: f64 = usable ? 1 / scale : 0;
    let code = halfCode(scale);
    let constant = (code & 0x7fff) == 0;
    let offsetCode = 0;
    let offset: f64 = 0;
    if (kind == 2) {
      if (usable) offset = min(max(nearest(-minimum / scale), 0), <f64>high);
      offsetCode = <i32>offset;
    } else if (kind == 1) {
      offset = -minimum / halfValue(code);
      if (!(abs(offset) <= MAX_OFFSET)) {
        constant = true;
        code = ONE;
        offset = -minimum;
        inverse = 0;
      }
      offsetCode = halfCode(offset);
      offset = halfValue(offsetCode);
    }
    store<u16>(scaleCodes, <u16>code);
    store<u16>(offsets, <u16>offsetCode);
    store<f32>(groups, <f32>inverse);
    store<f32>(groups, <f32>minimum, 4);
    store<f32>(groups, <f32>halfValue(code), 8);
    store<f32>(groups, <f32>offset, 12);
    if (constant && i >= skip) constants++;
  }
  return constants;
}
