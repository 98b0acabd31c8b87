/// One record of the app log, with its keys in the order in which they are added. A value that is nil, or no finite number, is left out:
/// absent means that nobody measured it.
struct JsonLine {
  private var bytes: [UInt8] = [UInt8(ascii: "{")]

  init(kind: StaticString) { add("kind", String(describing: kind)) }

  private init() {}

  /// The record as a line of the file.
  var line: [UInt8] { bytes + [UInt8(ascii: "}"), UInt8(ascii: "\n")] }

  /// Bytes of the line.
  var count: Int { bytes.count + 2 }

  mutating func add(_ key: String, _ value: String?) {
    guard let value else { return }
    begin(key)
    append(quoting: value)
  }

  mutating func add(_ key: String, _ value: (some FixedWidthInteger)?) {
    guard let value else { return }
    begin(key)
    bytes += String(value).utf8
  }

  mutating func add(_ key: String, _ value: (some BinaryFloatingPoint & CustomStringConvertible)?) {
    guard let value, value.isFinite else { return }
    begin(key)
    bytes += value.description.utf8
  }

  mutating func add(_ key: String, _ value: Bool?) {
    guard let value else { return }
    begin(key)
    bytes += (value ? "true" : "false").utf8
  }

  mutating func add(_ key: String, _ members: (inout JsonLine) -> Void) {
    var inner = JsonLine()
    members(&inner)
    begin(key)
    bytes += inner.bytes
    bytes.append(UInt8(ascii: "}"))
  }

  private mutating func begin(_ key: String) {
    if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
    append(quoting: key)
    bytes.append(UInt8(ascii: ":"))
  }

  private mutating func append(quoting text: String) {
    bytes.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"): bytes += [UInt8(ascii: "\\"), byte]
      case ..<0x20:
        let digits = String(byte, radix: 16)
        bytes += "\\u\(digits.count == 1 ? "000" : "00")\(digits)".utf8
      default: bytes.append(byte)
      }
    }
    bytes.append(UInt8(ascii: "\""))
  }
}
