/// log2 e.
private let log2e: Float = 1.442695
/// ln 2 in two parts. The first has 16 significant bits, so that its product with an exponent is exact.
private let ln2High: Float = 0.693145751953125
private let ln2Low: Float = 1.4286068e-6
/// 3 · 2^22. Adding it rounds a number to an integer, half to even, which is then in the low bits.
private let rounder: Float = 0x1.8p23

/// e to the power of a number of at most 0.
///
/// Only additions, subtractions and multiplications in Float, each rounded (Swift fuses none), so the result has the same bits on
/// every machine; `floatExp` of Pippin's TypeScript takes the same steps. There is no branch and no table: a loop over it is vectorized.
///
/// - Returns: within 0.99 ulp of the exact value from -87 on; 0 below, where results would not be normal numbers, which processors
///   may treat in two ways. Never decreasing; 1 for 0. All of that was checked for every Float against double precision.
@inline(__always)
func floatExp(_ x: Float) -> Float {
  let shifted = x * log2e + rounder
  let exponent = shifted - rounder
  let r = (x - exponent * ln2High) - exponent * ln2Low
  // (e^r - 1 - r) / r² on |r| <= ln 2 / 2: least largest error, found by linear programming.
  var q: Float = 0.0013821289 * r + 0.008368669
  q = q * r + 0.04166826
  q = q * r + 0.16666521
  q = q * r + 0.49999994
  let mantissa = 1 + (r + (r * r) * q)
  // The exponent moves into the result's own: an exact multiplication by a power of two.
  let result = Float(bitPattern: mantissa.bitPattern &+ (shifted.bitPattern &<< 23))
  return x >= -87 ? result : 0
}
