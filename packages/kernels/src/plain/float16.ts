/** Half of the distance beyond 65504: from here on, rounding to nearest would give infinity. */
export const F16_OVERFLOW = 65520;

/**
 * The F16 code nearest to `value`, ties to even. Finite values from 65520 on saturate to ±65504; infinities and
 * NaN keep their meaning. Rounds once, whatever the precision of `value`.
 */
export function f16Code(value: number): number {
  if (Number.isNaN(value)) return 0x7e00;
  const sign = value < 0 || Object.is(value, -0) ? 0x8000 : 0;
  const magnitude = Math.abs(value);
  if (magnitude === Number.POSITIVE_INFINITY) return sign | 0x7c00;
  if (magnitude >= F16_OVERFLOW) return sign | 0x7bff;
  const exponent = Math.max(exponentOf(magnitude), -14);
  // In units of the last place: exact, since it only moves the exponent.
  const units = magnitude / 2 ** (exponent - 10);
  // A normal value has 1024 units and more, so its leading one counts the exponent up by one.
  return sign | (((exponent + 14) << 10) + roundHalfEven(units));
}

/** The value of an F16 code. */
export function f16Value(code: number): number {
  const sign = code & 0x8000 ? -1 : 1;
  const exponent = (code >> 10) & 31;
  const mantissa = code & 1023;
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  return sign * (1024 + mantissa) * 2 ** (exponent - 25);
}

const scratch = new DataView(new ArrayBuffer(8));

function exponentOf(magnitude: number): number {
  scratch.setFloat64(0, magnitude);
  return (scratch.getUint16(0) >> 4) - 1023;
}

/** For 0 ≤ value < 2^51: above 2^52 the sum has no fraction bits left and rounds by itself. */
function roundHalfEven(value: number): number {
  return value + 2 ** 52 - 2 ** 52;
}
