import { f16Code, f16Value } from "@pippin/kernels";
import type { LinearTarget } from "./target.ts";

/** Scale and zero point of one block; `scale` is the value of an F16. */
export interface BlockScale {
  readonly scale: number;
  readonly zero: number;
}

/** The range of a target's codes. */
export interface CodeRange {
  readonly low: number;
  readonly high: number;
}

/** Symmetric codes use the most negative integer too, with a scale whose sign brings the longer side there. */
export function codeRange({ bits, offset }: LinearTarget): CodeRange {
  return offset === "none"
    ? { low: -(2 ** (bits - 1)), high: 2 ** (bits - 1) - 1 }
    : { low: 0, high: 2 ** bits - 1 };
}

/** The largest finite F16 that a scale may be: its product with the largest code stays finite too. */
const MAX_SCALE = { 4: 4096, 8: 256 } as const;

function half(value: number): number {
  return f16Value(f16Code(value));
}

/**
 * Scales worth trying for values between `least` and `most`: the one that holds them all, and ones that clip them by the
 * factors of `shrink`.
 */
export function blockScales(
  target: LinearTarget,
  least: number,
  most: number,
  shrink: readonly number[],
): BlockScale[] {
  const { bits, offset } = target;
  const { low, high } = codeRange(target);
  const limit = MAX_SCALE[bits];
  if (offset === "none") {
    const longer = Math.max(-least, most);
    const sign = most > -least ? -1 : 1;
    return shrink.flatMap((factor) => [
      { scale: half(Math.min((longer * factor) / high, limit)), zero: 0 },
      { scale: sign * half(Math.min((longer * factor) / -low, limit)), zero: 0 },
    ]);
  }
  // An integer zero point has to be a code, so the range holds 0.
  const from = offset === "integer" ? Math.min(0, least) : least;
  const to = offset === "integer" ? Math.max(0, most) : most;
  return shrink.map((factor) => {
    const middle = offset === "integer" ? 0 : (from + to) / 2;
    const [lo, hi] = [middle + (from - middle) * factor, middle + (to - middle) * factor];
    // Equal values need a step all the same: their zero point would be infinite.
    const step = (hi - lo) / high || Math.abs(lo) / high;
    const scale = half(Math.min(step, limit));
    if (scale === 0) return { scale, zero: 0 };
    const zero = offset === "integer" ? Math.round(-lo / scale) : half(-lo / scale);
    return { scale, zero: offset === "integer" ? Math.min(Math.max(zero, low), high) : zero };
  });
}

/** The scale of plain rounding: nothing is clipped, signed codes are symmetric. */
export function plainScale(target: LinearTarget, least: number, most: number): BlockScale {
  return blockScales(target, least, most, [1])[0]!;
}
