import {
  affineScale,
  type ErrorSums,
  type GroupScale,
  type LinearRange,
  noErrors,
  roundHalfEven,
  roundToHalf,
  symmetricScale,
} from "../linear.ts";
import { f16Code, f16Value } from "./float16.ts";

/** Integers, one a byte and not packed, with the scale (F16 code) and offset of each group. */
export interface LinearGroups {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly scale: Uint16Array<ArrayBuffer>;
  readonly offset: Uint8Array<ArrayBuffer>;
  readonly sums: ErrorSums;
}

/** The definition of `quantizeLinearGroups`. */
export function plainQuantizeLinearGroups(
  codes: Uint16Array,
  groupSize: number,
  range: LinearRange,
): LinearGroups {
  const groups = codes.length / groupSize;
  const bytes = new Uint8Array(codes.length);
  const scale = new Uint16Array(groups);
  const offset = new Uint8Array(groups);
  const sums = noErrors();
  for (let group = 0; group < groups; group++) {
    const begin = group * groupSize;
    const values = Array.from(codes.subarray(begin, begin + groupSize), f16Value);
    const of = plainScale(values, range);
    scale[group] = of.code;
    offset[group] = of.zero;
    if (of.scale === 0) sums.zeroGroups++;
    if (of.wide) sums.wideScales++;
    values.forEach((value, i) => {
      bytes[begin + i] = quantize(value, of, range, sums);
    });
  }
  return { bytes, scale, offset, sums };
}

function plainScale(values: readonly number[], range: LinearRange): GroupScale {
  const least = values.reduce((a, b) => Math.min(a, b), 0);
  const most = values.reduce((a, b) => Math.max(a, b), 0);
  if (range.affine) return affineScale(least, most, range);
  return symmetricScale(f16Code(Math.max(-least, most)), range);
}

/** coremltools: clip(round(F16(w / scale)) + zero), where 0 / 0 becomes 0. */
function quantize(value: number, { scale, zero }: GroupScale, range: LinearRange, sums: ErrorSums): number {
  sums.squares += value * value;
  if (value === 0 && scale === 0) return 0;
  const rounded = roundHalfEven(roundToHalf(value / scale)) + zero;
  const q = Math.min(Math.max(rounded, range.low), range.high);
  if (q !== rounded) sums.saturated++;
  const error = Math.abs(value - scale * (q - zero));
  sums.squaredError += error * error;
  sums.maxError = Math.max(sums.maxError, error);
  return q;
}
