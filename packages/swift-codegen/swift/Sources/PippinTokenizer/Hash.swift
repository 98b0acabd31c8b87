enum Hash {
  /// Spreads the bits of `h`: murmur3's finalizer.
  @inline(__always)
  static func mix(_ h: UInt32) -> UInt32 {
    var x = h
    x ^= x >> 16
    x = x &* 0x85eb_ca6b
    x ^= x >> 13
    x = x &* 0xc2b2_ae35
    return x ^ (x >> 16)
  }

  /// FNV-1a, spread.
  @inline(__always)
  static func bytes(_ start: UnsafePointer<UInt8>, _ count: Int) -> UInt32 {
    var h: UInt32 = 0x811c_9dc5
    for at in 0..<count { h = (h ^ UInt32(start[at])) &* 0x0100_0193 }
    return mix(h)
  }

  @inline(__always)
  static func pair(_ left: UInt32, _ right: UInt32) -> UInt32 {
    mix((left &* 0x9e37_79b1) ^ ((right &+ 0x7f4a_7c15) &* 0x85eb_ca77))
  }

  /// The slot where a search begins: the upper 30 bits, scaled.
  @inline(__always)
  static func slot(_ hash: UInt32, _ slots: Int) -> Int {
    Int((UInt64(hash >> 2) &* UInt64(slots)) >> 30)
  }
}
