import { roundHalfEven } from "../linear.ts";

/** What a group of a grid has, and what is stored of it. */
export interface PlainGridGroup {
  readonly inverse: number;
  readonly minimum: number;
  readonly scale: number;
  readonly offset: number;
}

export interface GridCodes {
  /** One byte each, in two's complement. */
  readonly codes: Uint8Array;
  readonly maxError: number;
}

const { fround } = Math;

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
