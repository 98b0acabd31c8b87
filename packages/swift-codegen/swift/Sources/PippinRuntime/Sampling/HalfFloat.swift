/// The value of a half-precision number, from its bits: exact, also for subnormal numbers, infinities and NaN.
///
/// The type Float16 does not exist on Intel Macs. No subnormal Float occurs on the way, so the result does not depend on whether the
/// processor flushes those; a loop over it is vectorized.
@inline(__always)
func floatFromHalf(_ half: UInt16) -> Float {
  let sign = UInt32(half & 0x8000) &<< 16
  let magnitude = UInt32(half & 0x7fff) &<< 13
  // The bias of the exponent is 15 in a half and 127 in a Float.
  let rebias: UInt32 = (127 - 15) &<< 23
  let normal = magnitude &+ rebias
  // A subnormal half has the exponent of the smallest normal one, but no leading 1: that is added, then subtracted.
  let smallest: UInt32 = rebias &+ (1 &<< 23)
  let subnormal = (Float(bitPattern: magnitude &+ smallest) - Float(bitPattern: smallest)).bitPattern
  // Infinities and NaN have the largest exponent in both.
  let special = normal &+ rebias
  let finite = magnitude < (1 &<< 23) ? subnormal : normal
  return Float(bitPattern: sign | (magnitude < (31 &<< 23) ? finite : special))
}
