/// One row of logits where a model left it; nothing is copied. The memory must stay as it is while the row is used.
public struct Logits {
  public enum Format: Sendable { case float16, float32 }

  let base: UnsafeRawPointer
  let count: Int
  let format: Format
  let stride: Int

  /// - Parameters:
  ///   - base: the logit of token 0, aligned for its format, in the byte order of the machine.
  ///   - count: logits in the row. It may be larger than the tokenizer's vocabulary, as models are padded.
  ///   - stride: from one logit to the next, in elements.
  public init(_ base: UnsafeRawPointer, count: Int, format: Format, stride: Int = 1) {
    self.base = base
    self.count = count
    self.format = format
    self.stride = stride
  }

  /// The lowest id of the largest logit; nil where there is NaN or +infinity, or nothing finite.
  func mostLikely() -> Int? {
    switch format {
    case .float16: firstLargest(base.assumingMemoryBound(to: Int16.self), count, stride, infinity: 0x7c00)
    case .float32: firstLargest(base.assumingMemoryBound(to: Int32.self), count, stride, infinity: 0x7f80_0000)
    }
  }

  /// Writes all logits as Float.
  func copy(to row: UnsafeMutablePointer<Float>) {
    switch format {
    case .float16: fill(row, base.assumingMemoryBound(to: UInt16.self)) { floatFromHalf($0) }
    case .float32: fill(row, base.assumingMemoryBound(to: Float.self)) { $0 }
    }
  }

  @inline(__always)
  private func fill<Source>(_ row: UnsafeMutablePointer<Float>, _ source: UnsafePointer<Source>, _ value: (Source) -> Float) {
    if stride == 1 {
      for id in 0..<count { row[id] = value(source[id]) }
    } else {
      for id in 0..<count { row[id] = value(source[id * stride]) }
    }
  }
}

/// A float's bits as an integer whose order is that of the values; of the two zeros the negative one is below.
@inline(__always)
func orderedKey<Bits: FixedWidthInteger & SignedInteger>(_ bits: Bits) -> Bits {
  bits ^ ((bits &>> Bits(Bits.bitWidth - 1)) & Bits.max)
}

/// The index of the first of the largest floats, given by their bits; nil where there is NaN or +infinity, or nothing finite.
@inline(__always)
private func firstLargest<Bits: FixedWidthInteger & SignedInteger>(
  _ bits: UnsafePointer<Bits>, _ count: Int, _ stride: Int, infinity: Bits
) -> Int? {
  stride == 1 ? firstLargest(bits, count, infinity: infinity) { $0 } : firstLargest(bits, count, infinity: infinity) { $0 * stride }
}

@inline(__always)
private func firstLargest<Bits: FixedWidthInteger & SignedInteger>(
  _ bits: UnsafePointer<Bits>, _ count: Int, infinity: Bits, _ place: (Int) -> Int
) -> Int? {
  var least = Bits.max
  var largest = Bits.min
  for index in 0..<count {
    let key = orderedKey(bits[place(index)])
    least = min(least, key)
    largest = max(largest, key)
  }
  // NaN lies outside of the infinities, on the side of its sign.
  let negativeInfinity = orderedKey(infinity | Bits.min)
  guard largest < infinity, largest > negativeInfinity, least >= negativeInfinity else { return nil }
  // The two zeros are equal.
  let wanted = largest == 0 ? -1 : largest
  for index in 0..<count where orderedKey(bits[place(index)]) >= wanted { return index }
  return nil
}
