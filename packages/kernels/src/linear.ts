import { f16Code, f16Value } from "./plain/float16.ts";

/** How a weight becomes integers with a scale a group: what Core ML's `constexpr_blockwise_shift_scale` undoes. */
export interface LinearEncoding {
  readonly kind: "linear";
  readonly dtype: "int4" | "int8" | "uint4" | "uint8";
  /** `asymmetric` is coremltools' mode "linear": an offset a group, whose range holds 0. */
  readonly mode: "symmetric" | "asymmetric";
  /** A channel is a row; blocks lie within rows. */
  readonly granularity: "per_tensor" | "per_channel" | "per_block";
  /** Elements of a block; it divides the length of a row. */
  readonly blockSize?: number | undefined;
}

/** The integers of an encoding. */
export interface LinearRange {
  readonly bits: 4 | 8;
  readonly low: number;
  readonly high: number;
  /** Offset of the symmetric mode: 0 for signed integers. */
  readonly zero: number;
  readonly affine: boolean;
}

export function linearRange({ dtype, mode }: Pick<LinearEncoding, "dtype" | "mode">): LinearRange {
  const bits = dtype.endsWith("4") ? 4 : 8;
  const signed = dtype.startsWith("int");
  const half = 2 ** (bits - 1);
  if (mode === "asymmetric") {
    return { bits, low: signed ? -half : 0, high: (signed ? half : 2 * half) - 1, zero: 0, affine: true };
  }
  const zero = signed ? 0 : half - 1;
  return { bits, low: zero - half + 1, high: zero + half - 1, zero, affine: false };
}

/** Whether an offset is stored: always in the asymmetric mode, and for unsigned integers. */
export function hasOffset({ affine, zero }: LinearRange): boolean {
  return affine || zero !== 0;
}

/** Elements that share a scale. */
export function linearGroupSize(encoding: LinearEncoding, rows: number, cols: number): number {
  if (encoding.granularity === "per_tensor") return rows * cols;
  return encoding.granularity === "per_channel" ? cols : (encoding.blockSize ?? cols);
}

/** Bytes of `count` integers of that many bits, packed from the lowest bits on. */
export function packedBytes(count: number, bits: number): number {
  return Math.ceil((count * bits) / 8);
}

/** A group's parameters. */
export interface GroupScale {
  /** An F16 code and its value. */
  readonly code: number;
  readonly scale: number;
  readonly zero: number;
  /** Whether coremltools' F16 arithmetic would overflow: its scale or offset would be useless. */
  readonly wide: boolean;
}

/** From here on twice the magnitude is infinite in F16. */
const WIDE_MAGNITUDE = 32752;
/** The largest F16 scales whose product with 7 and 127 is finite in F16. */
const MAX_SCALE = { 4: 9352, 8: 515.5 } as const;

/**
 * F16(max |w| / q), q the largest integer: coremltools' F16(F16(2 max) / 2q) wherever 2 max is finite in F16. Beyond,
 * it stays so small that the largest integer has a finite F16.
 *
 * @param magnitude - F16 code of max |w|.
 */
export function symmetricScale(magnitude: number, { bits, low, high, zero }: LinearRange): GroupScale {
  const largest = f16Value(magnitude);
  const code = f16Code(Math.min(largest / ((high - low) / 2), MAX_SCALE[bits]));
  return { code, scale: f16Value(code), zero, wide: largest > WIDE_MAGNITUDE };
}

/**
 * coremltools' mode "linear" for values between `least` and `most`: every step is rounded to F16. Where a step
 * overflows, steps are not rounded.
 */
export function affineScale(least: number, most: number, { low, high }: LinearRange): GroupScale {
  const lo = Math.min(0, least);
  const hi = Math.max(0, most);
  const rounded = roundToHalf(hi - lo);
  const range = Number.isFinite(rounded) ? rounded : hi - lo;
  const code = f16Code(range / (high - low));
  const shift = roundToHalf(roundToHalf(low * hi) - roundToHalf(high * lo));
  const wide = !(Number.isFinite(rounded) && Number.isFinite(shift));
  const offset = wide
    ? Math.fround(Math.fround(low * hi - high * lo) / Math.fround(hi - lo))
    : roundToHalf(shift / range);
  const zero = Math.min(Math.max(roundHalfEven(offset), low), high);
  // A group of zeros has 0 / 0; numpy's cast makes 0 of NaN.
  return { code, scale: f16Value(code), zero: Number.isNaN(zero) ? 0 : zero, wide };
}

/** The nearest F16, infinite beyond the range as IEEE 754 has it. */
export function roundToHalf(value: number): number {
  return Math.abs(value) >= 65520 ? Math.sign(value) * Number.POSITIVE_INFINITY : f16Value(f16Code(value));
}

export function roundHalfEven(value: number): number {
  if (!(Math.abs(value) < 2 ** 51)) return value;
  const magic = value < 0 ? -(2 ** 52) : 2 ** 52;
  return value + magic - magic;
}

/** The value of a number that orders F16 codes by value: negative codes have their magnitude bits inverted. */
export function valueOfKey(key: number): number {
  return f16Value((key < 0 ? key ^ 0x7fff : key) & 0xffff);
}

/** What quantizing has cost, as sums that add up over parts of a weight. */
export interface ErrorSums {
  /** Σ (w − w′)², w the F16 weight and w′ = scale · (q − zero), not rounded. */
  squaredError: number;
  /** Σ w². */
  squares: number;
  /** max |w − w′|. */
  maxError: number;
  /** Values beyond the integers' range. */
  saturated: number;
  /** Groups whose scale is 0: all zeros, or too small for F16. On a grid of the checkpoint, all that keep one value only. */
  zeroGroups: number;
  /** Groups too wide for coremltools' F16 arithmetic, which got the scale and offset that F32 gives. */
  wideScales: number;
}

export function noErrors(): ErrorSums {
  return { squaredError: 0, squares: 0, maxError: 0, saturated: 0, zeroGroups: 0, wideScales: 0 };
}

export function addErrors(sums: ErrorSums, more: ErrorSums): void {
  sums.squaredError += more.squaredError;
  sums.squares += more.squares;
  sums.maxError = Math.max(sums.maxError, more.maxError);
  sums.saturated += more.saturated;
  sums.zeroGroups += more.zeroGroups;
  sums.wideScales += more.wideScales;
}

/** How well a weight survived its encoding. */
export interface ErrorFigures {
  readonly elements: number;
  /** Mean squared error. */
  readonly mse: number;
  /** 10 log₁₀(Σ w² / Σ error²): Infinity when nothing was lost. */
  readonly snrDb: number;
  readonly maxError: number;
  readonly saturated: number;
  readonly zeroGroups: number;
  readonly wideScales: number;
}

export function errorFigures(sums: ErrorSums, elements: number): ErrorFigures {
  const { squaredError, squares, maxError, saturated, zeroGroups, wideScales } = sums;
  const snrDb = squaredError === 0 ? Number.POSITIVE_INFINITY : 10 * Math.log10(squares / squaredError);
  return {
    elements,
    mse: elements === 0 ? 0 : squaredError / elements,
    snrDb,
    maxError,
    saturated,
    zeroGroups,
    wideScales,
  };
}
