/// Bytes that come in pieces, as valid UTF-8: what is no text becomes U+FFFD, one for each longest part that might have become a
/// character; a character that is not complete yet is held back.
struct Utf8Stream {
  private static let replacement: [UInt8] = [0xef, 0xbf, 0xbd]
  private var held: [UInt8] = []

  mutating func push(_ bytes: some Collection<UInt8>) -> [UInt8] {
    var input = held
    input.append(contentsOf: bytes)
    held = []
    var out: [UInt8] = []
    out.reserveCapacity(input.count)
    var at = 0
    while at < input.count {
      switch Self.character(input, at) {
      case .valid(let length):
        out.append(contentsOf: input[at..<at + length])
        at += length
      case .invalid(let length):
        out.append(contentsOf: Self.replacement)
        at += length
      case .incomplete:
        held = Array(input[at...])
        return out
      }
    }
    return out
  }

  mutating func finish() -> [UInt8] {
    defer { held = [] }
    return held.isEmpty ? [] : Self.replacement
  }

  /// The bytes, if they are all valid.
  static func valid(_ bytes: [UInt8]) -> Bool {
    var at = 0
    while at < bytes.count {
      guard case .valid(let length) = character(bytes, at) else { return false }
      at += length
    }
    return true
  }

  private enum Found {
    case valid(Int)
    case invalid(Int)
    case incomplete
  }

  /// Source: the Unicode Standard, table 3-7.
  private static func character(_ bytes: [UInt8], _ at: Int) -> Found {
    let first = bytes[at]
    let length: Int
    var second: ClosedRange<UInt8> = 0x80...0xbf
    switch first {
    case 0x00...0x7f: return .valid(1)
    case 0xc2...0xdf: length = 2
    case 0xe0...0xef:
      length = 3
      if first == 0xe0 { second = 0xa0...0xbf }
      if first == 0xed { second = 0x80...0x9f }
    case 0xf0...0xf4:
      length = 4
      if first == 0xf0 { second = 0x90...0xbf }
      if first == 0xf4 { second = 0x80...0x8f }
    default: return .invalid(1)
    }
    for offset in 1..<length {
      guard at + offset < bytes.count else { return .incomplete }
      let allowed = offset == 1 ? second : 0x80...0xbf
      if !allowed.contains(bytes[at + offset]) { return .invalid(offset) }
    }
    return .valid(length)
  }
}
