/// The alphabet in which byte-level vocabularies spell bytes: printable Latin-1 stands for itself, the other 68 bytes follow from
/// U+0100 on. Source: GPT-2's `bytes_to_unicode`.
enum ByteAlphabet {
  /// Code points by byte.
  private static let points: [Int] = {
    var next = 0x100
    return (0..<256).map { byte in
      if (33...126).contains(byte) || (161...172).contains(byte) || byte >= 174 { return byte }
      defer { next += 1 }
      return next
    }
  }()

  /// Bytes by code point, −1 for those outside of the alphabet.
  private static let bytes: [Int16] = {
    var bytes = [Int16](repeating: -1, count: 0x144)
    for (byte, point) in points.enumerated() { bytes[point] = Int16(byte) }
    return bytes
  }()

  /// Bytes as characters, in UTF-8.
  static func spell(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(2 * text.count)
    for byte in text { out.append(codePoint: points[Int(byte)]) }
    return out
  }

  /// The bytes that a token spells, or nil when a character is outside of the alphabet.
  static func bytes(of token: [UInt8]) -> [UInt8]? {
    var out: [UInt8] = []
    out.reserveCapacity(token.count)
    return token.withUnsafeBufferPointer { token -> [UInt8]? in
      guard let start = token.baseAddress else { return out }
      var at = 0
      while at < token.count {
        let length = min(utf8Length(token[at]), token.count - at)
        let point = codePoint(start, at, length)
        guard point < bytes.count, bytes[point] >= 0 else { return nil }
        out.append(UInt8(bytes[point]))
        at += length
      }
      return out
    }
  }
}
