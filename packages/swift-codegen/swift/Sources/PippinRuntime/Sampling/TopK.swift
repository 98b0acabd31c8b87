/// The `k`-th largest of values that have no NaN, by counting bits from the highest down: no sort, and no bad case.
///
/// - Parameter k: from 1 to the number of values.
func kthLargest(_ values: UnsafeBufferPointer<Float>, _ k: Int) -> Float {
  var known: UInt32 = 0
  var mask: UInt32 = 0
  var left = k
  for (shift, size) in [(21, 1 << 11), (10, 1 << 11), (0, 1 << 10)] as [(UInt32, Int)] {
    let lowest = UInt32(size - 1)
    withUnsafeTemporaryAllocation(of: Int.self, capacity: size) { counts in
      counts.initialize(repeating: 0)
      for value in values {
        let key = unsignedKey(value)
        if key & mask == known { counts[Int((key &>> shift) & lowest)] += 1 }
      }
      var digit = size - 1
      while counts[digit] < left {
        left -= counts[digit]
        digit -= 1
      }
      known |= UInt32(digit) &<< shift
    }
    mask |= lowest &<< shift
  }
  return Float(bitPattern: known & 0x8000_0000 == 0 ? ~known : known & 0x7fff_ffff)
}

/// A Float's bits as a number whose unsigned order is that of the values.
@inline(__always)
private func unsignedKey(_ value: Float) -> UInt32 {
  let bits = value.bitPattern
  return bits & 0x8000_0000 == 0 ? bits | 0x8000_0000 : ~bits
}
