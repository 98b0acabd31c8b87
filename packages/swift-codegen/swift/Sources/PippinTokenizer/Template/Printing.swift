/// `str(value)`.
func str(_ value: Value) throws -> Text {
  switch value {
  case .string(let text), .markup(let text): text
  case .undefined: []
  default: try repr(value)
  }
}

/// `repr(value)`.
func repr(_ value: Value) throws -> Text {
  switch value {
  case .none: return Text("None")
  case .bool(let value): return Text(value ? "True" : "False")
  case .int(let value): return Text(String(value))
  case .float(let value): return Text(floatText(value))
  case .string(let text): return quoted(text)
  case .list(let items): return try Text("[") + joined(items.map(repr)) + Text("]")
  case .tuple(let items): return try Text("(") + joined(items.map(repr)) + Text(items.count == 1 ? ",)" : ")")
  case .dict(let dict):
    let entries = try dict.entries.map { try repr($0.key.value) + Text(": ") + repr($0.value) }
    return Text("{") + joined(entries) + Text("}")
  case .undefined: return Text("Undefined")
  case .view(let view):
    let isRange = view.name == "range"
    let bounds = view.bounds.last == 1 ? view.bounds.dropLast() : view.bounds[...]
    let inside = isRange ? Text(bounds.map(String.init).joined(separator: ", ")) : try repr(.list(view.items))
    return Text(view.name + "(") + inside + Text(")")
  default: throw failed("a \(value.typeName) has no text")
  }
}

func joined(_ parts: [Text], _ separator: Text = Text(", ")) -> Text { Text(parts.joined(separator: separator)) }

/// As Python prints a float: shortest digits that read back the same.
func floatText(_ value: Double) -> String {
  if value.isNaN { return "nan" }
  if value.isInfinite { return value > 0 ? "inf" : "-inf" }
  if value == 0 { return value.sign == .minus ? "-0.0" : "0.0" }
  let sign = value < 0 ? "-" : ""
  let parts = abs(value).description.split(separator: "e")
  let mantissa = parts[0].split(separator: ".", omittingEmptySubsequences: false)
  let whole = String(mantissa[0])
  let part = mantissa.count > 1 ? String(mantissa[1]) : ""
  let power = parts.count > 1 ? Int(parts[1]) ?? 0 : 0
  var digits = [Character](whole + part)
  var leading = 0
  while leading < digits.count - 1, digits[leading] == "0" { leading += 1 }
  digits.removeFirst(leading)
  while digits.count > 1, digits.last == "0" { digits.removeLast() }
  let exponent = whole.count - 1 - leading + power
  if exponent < -4 || exponent >= 16 {
    let tail = digits.count > 1 ? "." + String(digits[1...]) : ""
    let number = String(abs(exponent))
    return "\(sign)\(digits[0])\(tail)e\(exponent < 0 ? "-" : "+")\(number.count < 2 ? "0" : "")\(number)"
  }
  if exponent < 0 { return "\(sign)0.\(String(repeating: "0", count: -exponent - 1))\(String(digits))" }
  while digits.count < exponent + 1 { digits.append("0") }
  let tail = String(digits[(exponent + 1)...])
  return "\(sign)\(String(digits[...exponent])).\(tail.isEmpty ? "0" : tail)"
}

private func hex(_ value: UInt32, _ width: Int) -> String {
  let digits = String(value, radix: 16)
  return String(repeating: "0", count: max(0, width - digits.count)) + digits
}

private func quoted(_ text: Text) -> Text {
  let quote: Unicode.Scalar = text.contains("'") && !text.contains("\"") ? "\"" : "'"
  var out: Text = [quote]
  for scalar in text {
    switch scalar {
    case quote: out += ["\\", scalar]
    case "\n": out += Text("\\n")
    case "\r": out += Text("\\r")
    case "\t": out += Text("\\t")
    case "\\": out += Text("\\\\")
    default:
      if scalar == " " || scalar.isPrintable {
        out.append(scalar)
      } else {
        let (letter, width) = scalar.value < 0x100 ? ("x", 2) : scalar.value < 0x10000 ? ("u", 4) : ("U", 8)
        out += Text("\\" + letter + hex(scalar.value, width))
      }
    }
  }
  return out + [quote]
}

extension Unicode.Scalar {
  fileprivate var isPrintable: Bool {
    switch properties.generalCategory {
    case .control, .format, .surrogate, .privateUse, .unassigned, .lineSeparator, .paragraphSeparator, .spaceSeparator:
      false
    default: true
    }
  }

  /// White space for `str.strip`, `split` and `isspace`.
  var isPythonSpace: Bool {
    switch value {
    case 9...13, 0x1c...0x20, 0x85, 0xa0, 0x1680, 0x2000...0x200a, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000: true
    default: false
    }
  }

  var isLetter: Bool {
    switch properties.generalCategory {
    case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter: true
    default: false
    }
  }

  var isNumber: Bool {
    switch properties.generalCategory {
    case .decimalNumber, .letterNumber, .otherNumber: true
    default: false
    }
  }

  var isDigit: Bool {
    if properties.generalCategory == .decimalNumber { return true }
    switch value {
    case 0xb2, 0xb3, 0xb9, 0x2070, 0x2074...0x2079, 0x2080...0x2089: return true
    default: return false
    }
  }
}

struct JsonOptions {
  var ascii = false
  var indent: Text?
  var itemSeparator = Text(", ")
  var keySeparator = Text(": ")
  var isSorted = false
}

/// `json.dumps`.
func jsonText(_ value: Value, _ options: JsonOptions, depth: Int = 0) throws -> Text {
  switch value {
  case .none: return Text("null")
  case .bool(let value): return Text(value ? "true" : "false")
  case .int(let value): return Text(String(value))
  case .float(let value):
    if value.isNaN { return Text("NaN") }
    return Text(value.isInfinite ? (value > 0 ? "Infinity" : "-Infinity") : floatText(value))
  case .string(let text), .markup(let text): return jsonString(text, options.ascii)
  case .list(let items), .tuple(let items):
    return wrapped("[", try items.map { try jsonText($0, options, depth: depth + 1) }, "]", options, depth)
  case .dict(let dict):
    var entries = try dict.entries.map { (key: try jsonKey($0.key), value: $0.value) }
    if options.isSorted { entries.sort { $0.key.lexicographicallyPrecedes($1.key) } }
    let texts = try entries.map {
      jsonString($0.key, options.ascii) + options.keySeparator + (try jsonText($0.value, options, depth: depth + 1))
    }
    return wrapped("{", texts, "}", options, depth)
  default: throw failed("Object of type \(value.typeName) is not JSON serializable")
  }
}

private func jsonKey(_ key: Key) throws -> Text {
  switch key {
  case .none: Text("null")
  case .int(let number): Text(String(number))
  case .string(let text): text
  }
}

private func wrapped(_ open: String, _ texts: [Text], _ close: String, _ options: JsonOptions, _ depth: Int) -> Text {
  if texts.isEmpty { return Text(open + close) }
  guard let indent = options.indent else {
    return Text(open) + joined(texts, options.itemSeparator) + Text(close)
  }
  let line = { (depth: Int) in Text("\n") + Text(repeatElement(indent, count: depth).joined()) }
  return Text(open) + line(depth + 1) + joined(texts, options.itemSeparator + line(depth + 1)) + line(depth)
    + Text(close)
}

private func jsonString(_ text: Text, _ ascii: Bool) -> Text {
  var out: Text = ["\""]
  for scalar in text {
    switch scalar {
    case "\"": out += Text("\\\"")
    case "\\": out += Text("\\\\")
    case "\n": out += Text("\\n")
    case "\r": out += Text("\\r")
    case "\t": out += Text("\\t")
    case "\u{8}": out += Text("\\b")
    case "\u{c}": out += Text("\\f")
    default:
      if scalar.value < 0x20 || (ascii && scalar.value > 0x7e) {
        for unit in UTF16.encode(scalar)! { out += Text("\\u" + hex(UInt32(unit), 4)) }
      } else {
        out.append(scalar)
      }
    }
  }
  return out + ["\""]
}

/// `strip`, `lstrip`, `rstrip`; `characters` nil for white space.
func strip(_ text: Text, _ characters: Text?, left: Bool, right: Bool) -> Text {
  let set = characters.map(Set.init)
  func isIn(_ scalar: Unicode.Scalar) -> Bool { set?.contains(scalar) ?? scalar.isPythonSpace }
  var (from, to) = (0, text.count)
  while left, from < to, isIn(text[from]) { from += 1 }
  while right, to > from, isIn(text[to - 1]) { to -= 1 }
  return Array(text[from..<to])
}

/// Words by white space, with at most `most` cuts.
func splitSpace(_ text: Text, _ most: Int, fromRight: Bool) -> [Text] {
  let points = fromRight ? text.reversed() : text
  var parts: [Text] = []
  var at = 0
  while true {
    while at < points.count, points[at].isPythonSpace { at += 1 }
    if at >= points.count { break }
    var end = at
    if parts.count == most {
      end = points.count
    } else {
      while end < points.count, !points[end].isPythonSpace { end += 1 }
    }
    let part = Array(points[at..<end])
    parts.append(fromRight ? part.reversed() : part)
    at = end
    if parts.count > most { break }
  }
  return fromRight ? parts.reversed() : parts
}

/// `text.split(separator, most)`, or `rsplit`.
func splitAt(_ text: Text, _ separator: Text, _ most: Int, fromRight: Bool) -> [Text] {
  let parts = text.split(at: separator)
  if parts.count - 1 <= most { return parts }
  if fromRight {
    let first = parts.count - most
    return [joined(Array(parts[..<first]), separator)] + parts[first...]
  }
  return parts[..<most] + [joined(Array(parts[most...]), separator)]
}

/// `str.splitlines`.
func splitLines(_ text: Text, keepsEnds: Bool) -> [Text] {
  var lines: [Text] = []
  var (from, at) = (0, 0)
  while at < text.count {
    let isEnd: Bool
    switch text[at].value {
    case 10...13, 0x1c...0x1e, 0x85, 0x2028, 0x2029: isEnd = true
    default: isEnd = false
    }
    guard isEnd else {
      at += 1
      continue
    }
    let end = text[at] == "\r" && at + 1 < text.count && text[at + 1] == "\n" ? at + 2 : at + 1
    lines.append(Array(text[from..<(keepsEnds ? end : at)]))
    from = end
    at = end
  }
  if from < text.count { lines.append(Array(text[from...])) }
  return lines
}

func upper(_ text: Text) -> Text { Text(text.flatMap { $0.properties.uppercaseMapping.unicodeScalars }) }

/// A sigma at the end of a word has a form of its own.
func lower(_ text: Text) -> Text {
  var out: Text = []
  for (at, scalar) in text.enumerated() {
    if scalar == "\u{3a3}" {
      out.append(isFinalSigma(text, at) ? "\u{3c2}" : "\u{3c3}")
    } else {
      out.append(contentsOf: scalar.properties.lowercaseMapping.unicodeScalars)
    }
  }
  return out
}

private func isFinalSigma(_ text: Text, _ at: Int) -> Bool {
  let before = text[..<at].last { !$0.properties.isCaseIgnorable }
  let behind = text[(at + 1)...].first { !$0.properties.isCaseIgnorable }
  return before?.properties.isCased == true && behind?.properties.isCased != true
}

func capitalized(_ text: Text) -> Text {
  guard let first = text.first else { return text }
  return upper([first]) + lower(Array(text.dropFirst()))
}
