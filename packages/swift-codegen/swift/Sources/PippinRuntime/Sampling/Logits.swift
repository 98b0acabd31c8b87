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
    case .float16:
      let bits = base.assumingMemoryBound(to: Int16.self)
      return mostLikely(.half) { halfKey(bits[$0 &* stride]) }
    case .float32:
      let bits = base.assumingMemoryBound(to: Int32.self)
      return mostLikely(.single) { singleKey(bits[$0 &* stride]) }
    }
  }

  /// All logits, one for each token.
  var values: [Float] {
    [Float](unsafeUninitializedCapacity: count) { buffer, filled in
      if let base = buffer.baseAddress { copy(to: base) }
      filled = count
    }
  }

  /// Finds the largest of keys whose order is that of the logits.
  @inline(__always)
  private func mostLikely(_ infinities: Infinities, key: (Int) -> Int32) -> Int? {
    // Loops over a range cost several times as much in a debug build, which an app's first run is.
    var least = Int32.max
    var largest = Int32.min
    var id = 0
    while id < count {
      let found = key(id)
      least = found < least ? found : least
      largest = found > largest ? found : largest
      id += 1
    }
    // NaN lies outside of the infinities, on the side of its sign.
    guard largest < infinities.positive, largest > infinities.negative, least >= infinities.negative else { return nil }
    // The two zeros are equal.
    let wanted: Int32 = largest == 0 ? -1 : largest
    id = 0
    while key(id) < wanted { id += 1 }
    return id
  }

  /// Writes all logits as Float.
  func copy(to row: UnsafeMutablePointer<Float>) {
    var id = 0
    switch format {
    case .float16:
      let source = base.assumingMemoryBound(to: UInt16.self)
      while id < count {
        row[id] = floatFromHalf(source[id &* stride])
        id += 1
      }
    case .float32:
      let source = base.assumingMemoryBound(to: Float.self)
      while id < count {
        row[id] = source[id &* stride]
        id += 1
      }
    }
  }
}

/// Keys of the infinities.
private struct Infinities {
  var positive: Int32
  var negative: Int32 { ~positive }

  static let half = Infinities(positive: 0x7c00)
  static let single = Infinities(positive: 0x7f80_0000)
}

/// A half's bits as an integer whose order is that of the values; of the two zeros the negative one is below.
@inline(__always)
private func halfKey(_ bits: Int16) -> Int32 { Int32(bits ^ ((bits &>> 15) & 0x7fff)) }

@inline(__always)
private func singleKey(_ bits: Int32) -> Int32 { bits ^ ((bits &>> 31) & 0x7fff_ffff) }
