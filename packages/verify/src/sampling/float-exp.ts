const { fround } = Math;

const LOG2_E = fround(Math.LOG2E);
/** ln 2 in two parts. The first has 16 significant bits, so that its product with an exponent is exact. */
const LN2_HIGH = 0.693145751953125;
const LN2_LOW = fround(1.4286068e-6);
/** Adding it rounds a number to an integer, half to even, which is then in the low bits. */
const ROUNDER = 3 * 2 ** 22;
/** (e^r - 1 - r) / r² on |r| <= ln 2 / 2: least largest error, found by linear programming; constant term first. */
const POLYNOMIAL = [0.49999994, 0.16666521, 0.04166826, 0.008368669, 0.0013821289].map(fround);
const [C0, C1, C2, C3, C4] = POLYNOMIAL as [number, number, number, number, number];
/** Below it results are 0: they would not be normal numbers, which processors may treat in two ways. */
const SMALLEST = -87;

const float = new Float32Array(2);
const bits = new Int32Array(float.buffer);

/**
 * e to the power of a Float32 of at most 0, as a Float32. Only additions, subtractions and multiplications in Float32, each rounded,
 * so the result has the same bits on every machine; `floatExp` of Pippin's Swift takes the same steps.
 *
 * @returns within 0.99 ulp of the exact value from -87 on, 0 below; never decreasing; 1 for 0. All of that was checked for every
 *   Float32 against double precision.
 */
export function floatExp(x: number): number {
  if (!(x >= SMALLEST)) return 0;
  const shifted = fround(fround(x * LOG2_E) + ROUNDER);
  const exponent = fround(shifted - ROUNDER);
  const r = fround(fround(x - fround(exponent * LN2_HIGH)) - fround(exponent * LN2_LOW));
  let q = fround(fround(C4 * r) + C3);
  q = fround(fround(q * r) + C2);
  q = fround(fround(q * r) + C1);
  q = fround(fround(q * r) + C0);
  float[0] = fround(1 + fround(r + fround(fround(r * r) * q)));
  float[1] = shifted;
  // The exponent moves into the result's own: an exact multiplication by a power of two.
  bits[0] = (bits[0]! + (bits[1]! << 23)) | 0;
  return float[0]!;
}
