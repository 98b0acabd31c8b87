/// A small random generator: the numbers are the same on every machine, and those of `splitMix32` in Pippin's TypeScript.
public struct SplitMix32: Sendable, Equatable {
  private var state: UInt32

  public init(seed: UInt32) { state = seed }

  /// The next of 2^32 numbers, each of them equally often in a period.
  public mutating func next() -> UInt32 {
    state &+= 0x9e37_79b9
    var z = state ^ (state >> 16)
    z = z &* 0x21f0_aaad
    z ^= z >> 15
    z = z &* 0x735a_2d97
    return z ^ (z >> 15)
  }

  /// The same as a fraction in [0, 1).
  public mutating func nextFraction() -> Double { Double(next()) * 0x1p-32 }
}
