import { roundHalfEven } from "../linear.ts";
import { f16Code, f16Value } from "./float16.ts";

/** What the kernels know of a group of a grid: F32 numbers. */
export interface PlainGridGroup {
  readonly inverse: number;
  readonly minimum: number;
  /** As they are stored. */
  readonly scale: number;
  readonly offset: number;
}

/** A group with what is written for it. */
export interface StoredGridGroup extends PlainGridGroup {
  readonly scaleCode: number;
  /** F16, or the integer itself. */
  readonly offsetCode: number;
  /** Whether all of its values have become one. */
  readonly constant: boolean;
}

export interface GridCodes {
  /** One byte each, in two's complement. */
  readonly codes: Uint8Array;
  readonly maxError: number;
}

const { fround } = Math;

/** 1 in F16. */
const ONE = 0x3c00;
/**
 * From here on an offset in F16 has steps of 32 and is off by up to 16: no better than to take all of a group's 16 integers
 * for its minimum, which GGUF has in F16. A scale of 0 gets here as well.
 */
const MAX_OFFSET = 32768;
/** The smallest normal F32: one over less can be infinite. */
const MIN_NORMAL = 2 ** -126;

/**
 * The definition of `grid_groups`: parameters of a group whose values are scale · code + minimum (F32). Steps are in F64.
 *
 * @param high - the largest integer.
 */
export function plainGridGroup(
  { scale, minimum }: { readonly scale: number; readonly minimum: number },
  { kind, high }: { readonly kind: "none" | "float" | "integer"; readonly high: number },
): StoredGridGroup {
  const usable = Math.abs(scale) >= MIN_NORMAL;
  const inverse = usable ? fround(1 / scale) : 0;
  const scaleCode = f16Code(scale);
  const stored = f16Value(scaleCode);
  const known = { inverse, minimum, scale: stored, scaleCode, constant: stored === 0 };
  if (kind === "none") return { ...known, offset: 0, offsetCode: 0 };
  if (kind === "integer") {
    const offset = usable ? Math.min(Math.max(roundHalfEven(-minimum / scale), 0), high) : 0;
    return { ...known, offset, offsetCode: offset };
  }
  const offsetCode = f16Code(-minimum / stored);
  if (Math.abs(-minimum / stored) <= MAX_OFFSET)
    return { ...known, offset: f16Value(offsetCode), offsetCode };
  // 1 · (0 + minimum)
  const constantCode = f16Code(-minimum);
  return {
    ...{ inverse: 0, minimum, scale: 1, offset: f16Value(constantCode) },
    ...{ scaleCode: ONE, offsetCode: constantCode, constant: true },
  };
}

/** The definition of `grid_codes`: integers of F32 values, each step rounded to F32; the last one half to even. */
export function plainGridCodes(
  values: Float32Array,
  groupOf: (element: number) => PlainGridGroup,
  { low, high }: { readonly low: number; readonly high: number },
): GridCodes {
  let maxError = 0;
  const codes = Uint8Array.from(values, (value, element) => {
    const { inverse, minimum, scale, offset } = groupOf(element);
    const x = fround(fround(value - minimum) * inverse);
    const q = Math.min(Math.max(roundHalfEven(x), low), high);
    maxError = Math.max(maxError, Math.abs(fround(value - fround(scale * fround(q - offset)))));
    return q & 255;
  });
  return { codes, maxError };
}
