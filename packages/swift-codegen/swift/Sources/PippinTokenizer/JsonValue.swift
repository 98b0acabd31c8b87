/// A JSON value whose objects keep the order of their keys, which chat templates show.
public enum JsonValue: Sendable, Equatable {
  case null
  case bool(Bool)
  case int(Int)
  /// Written with a point or an exponent: `1.0` is shown as `1.0`.
  case double(Double)
  case string(String)
  case array([JsonValue])
  case object([Member])

  public struct Member: Sendable, Equatable {
    public var key: String
    public var value: JsonValue

    public init(_ key: String, _ value: JsonValue) {
      self.key = key
      self.value = value
    }
  }

  /// Parses JSON.
  ///
  /// - Throws: `TokenizerError.json` with the place of the first mistake.
  public init(parsing text: String) throws {
    var parser = JsonParser(Array(text.utf8))
    self = try parser.document()
  }

  /// The member of an object.
  public subscript(key: String) -> JsonValue? {
    guard case .object(let members) = self else { return nil }
    return members.last { $0.key == key }?.value
  }

  var value: Value {
    switch self {
    case .null: .none
    case .bool(let value): .bool(value)
    case .int(let value): .int(value)
    case .double(let value): .float(value)
    case .string(let text): .string(Text(text))
    case .array(let items): .list(items.map(\.value))
    case .object(let members): .dict(dict(members))
    }
  }

  private func dict(_ members: [Member]) -> Dict {
    var dict = Dict()
    for member in members { dict[.string(Text(member.key))] = member.value.value }
    return dict
  }
}

extension JsonValue: ExpressibleByStringLiteral, ExpressibleByBooleanLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  public init(stringLiteral value: String) { self = .string(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(integerLiteral value: Int) { self = .int(value) }
  public init(arrayLiteral elements: JsonValue...) { self = .array(elements) }
  public init(dictionaryLiteral elements: (String, JsonValue)...) {
    self = .object(elements.map { Member($0.0, $0.1) })
  }
}

private struct JsonParser {
  private static let maxDepth = 100
  private let bytes: [UInt8]
  private var at = 0
  private var depth = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  mutating func document() throws -> JsonValue {
    let value = try value()
    skipSpace()
    guard at == bytes.count else { throw mistake() }
    return value
  }

  private func mistake() -> TokenizerError { .json(byte: at) }

  private mutating func skipSpace() {
    while at < bytes.count, [0x20, 0x09, 0x0a, 0x0d].contains(bytes[at]) { at += 1 }
  }

  private mutating func takes(_ byte: UInt8) -> Bool {
    skipSpace()
    guard at < bytes.count, bytes[at] == byte else { return false }
    at += 1
    return true
  }

  private mutating func expect(_ byte: UInt8) throws {
    guard takes(byte) else { throw mistake() }
  }

  private mutating func value() throws -> JsonValue {
    depth += 1
    defer { depth -= 1 }
    guard depth <= Self.maxDepth else { throw mistake() }
    if takes(UInt8(ascii: "{")) { return .object(try members()) }
    if takes(UInt8(ascii: "[")) { return .array(try items()) }
    skipSpace()
    guard at < bytes.count else { throw mistake() }
    if bytes[at] == UInt8(ascii: "\"") { return .string(try string()) }
    for (word, value) in [("true", JsonValue.bool(true)), ("false", .bool(false)), ("null", .null)]
    where bytes[at...].starts(with: word.utf8) {
      at += word.utf8.count
      return value
    }
    return try number()
  }

  private mutating func members() throws -> [JsonValue.Member] {
    var members: [JsonValue.Member] = []
    if takes(UInt8(ascii: "}")) { return [] }
    repeat {
      skipSpace()
      let key = try string()
      try expect(UInt8(ascii: ":"))
      members.append(.init(key, try value()))
    } while takes(UInt8(ascii: ","))
    try expect(UInt8(ascii: "}"))
    return members
  }

  private mutating func items() throws -> [JsonValue] {
    var items: [JsonValue] = []
    if takes(UInt8(ascii: "]")) { return [] }
    repeat { items.append(try value()) } while takes(UInt8(ascii: ","))
    try expect(UInt8(ascii: "]"))
    return items
  }

  private mutating func number() throws -> JsonValue {
    let start = at
    while at < bytes.count, "+-.eE0123456789".utf8.contains(bytes[at]) { at += 1 }
    let text = String(decoding: bytes[start..<at], as: UTF8.self)
    if let whole = Int(text), !text.hasPrefix("+") { return .int(whole) }
    guard let number = Double(text), !text.hasPrefix("+") else { throw mistake() }
    return .double(number)
  }

  private mutating func string() throws -> String {
    guard at < bytes.count, bytes[at] == UInt8(ascii: "\"") else { throw mistake() }
    at += 1
    var units: [UInt16] = []
    while at < bytes.count {
      let byte = bytes[at]
      switch byte {
      case UInt8(ascii: "\""):
        at += 1
        return String(decoding: units, as: UTF16.self)
      case UInt8(ascii: "\\"): units.append(try escape())
      case ..<0x20: throw mistake()
      default:
        let end = min(bytes.count, at + utf8Length(byte))
        units += String(decoding: bytes[at..<end], as: UTF8.self).utf16
        at = end
      }
    }
    throw mistake()
  }

  private mutating func escape() throws -> UInt16 {
    guard at + 1 < bytes.count else { throw mistake() }
    at += 2
    switch bytes[at - 1] {
    case UInt8(ascii: "n"): return 10
    case UInt8(ascii: "t"): return 9
    case UInt8(ascii: "r"): return 13
    case UInt8(ascii: "b"): return 8
    case UInt8(ascii: "f"): return 12
    case UInt8(ascii: "u"):
      guard at + 4 <= bytes.count, let unit = UInt16(String(decoding: bytes[at..<at + 4], as: UTF8.self), radix: 16)
      else { throw mistake() }
      at += 4
      return unit
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return UInt16(bytes[at - 1])
    default: throw mistake()
    }
  }
}
