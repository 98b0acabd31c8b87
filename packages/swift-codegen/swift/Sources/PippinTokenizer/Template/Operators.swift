import Foundation

/// Python's arithmetic: of numbers, and `+`, `*`, `%` of texts and lists.
func arithmetic(_ kind: NodeKind, _ a: Value, _ b: Value, _ budget: Budget) throws -> Value {
  if kind == .modulo, case .string(let text) = a { return .string(try formatted(text, b)) }
  try a.refuseUndefined()
  try b.refuseUndefined()
  if let x = a.number, let y = b.number { return try ofNumbers(kind, x, y, isFloat: a.isFloat || b.isFloat) }
  switch (kind, a, b) {
  case (_, .markup, _), (_, _, .markup): return try addedSafely(kind, a, b, budget)
  case (.add, .string(let x), .string(let y)):
    try budget.make(x.count + y.count)
    return .string(x + y)
  case (.add, .list(let x), .list(let y)):
    try budget.make(x.count + y.count)
    return .list(x + y)
  case (.add, .tuple(let x), .tuple(let y)):
    try budget.make(x.count + y.count)
    return .tuple(x + y)
  case (.multiply, _, _):
    if let times = b.whole, a.sequence != nil { return try repeated(a, times, budget) }
    if let times = a.whole, b.sequence != nil { return try repeated(b, times, budget) }
  default: break
  }
  throw failed("unsupported operand type(s) for \(sign(kind)): '\(a.typeName)' and '\(b.typeName)'")
}

private func sign(_ kind: NodeKind) -> String {
  switch kind {
  case .add: "+"
  case .subtract: "-"
  case .multiply: "*"
  case .divide: "/"
  case .floorDivide: "//"
  case .modulo: "%"
  default: "** or pow()"
  }
}

/// Only `+` is known: a text that is not marked is escaped.
private func addedSafely(_ kind: NodeKind, _ a: Value, _ b: Value, _ budget: Budget) throws -> Value {
  let parts = try [a, b].map { value -> Text in
    switch value {
    case .markup(let text): return text
    case .string(let text) where kind == .add: return escaped(text)
    default: throw failed("\(sign(kind)) of a safe text and a \(value.typeName) is not supported")
    }
  }
  guard kind == .add else { throw failed("\(sign(kind)) of a safe text is not supported") }
  try budget.make(parts[0].count + parts[1].count)
  return .markup(parts[0] + parts[1])
}

private func escaped(_ text: Text) -> Text {
  text.flatMap { scalar -> Text in
    switch scalar {
    case "&": Text("&amp;")
    case ">": Text("&gt;")
    case "<": Text("&lt;")
    case "'": Text("&#39;")
    case "\"": Text("&#34;")
    default: [scalar]
    }
  }
}

private func repeated(_ value: Value, _ times: Int, _ budget: Budget) throws -> Value {
  let count = max(0, times)
  let length = value.sequence!.count
  guard length == 0 || count <= Int.max / length else { throw failed("it makes too many characters") }
  try budget.make(length * count)
  switch value {
  case .string(let text): return .string(Text(repeatElement(text, count: count).joined()))
  case .tuple(let items): return .tuple(Array(repeatElement(items, count: count).joined()))
  default: return .list(Array(repeatElement(value.items!, count: count).joined()))
  }
}

private func ofNumbers(_ kind: NodeKind, _ x: Double, _ y: Double, isFloat: Bool) throws -> Value {
  func result(_ value: Double) throws -> Value { isFloat ? .float(value) : try exact(value) }
  if [.divide, .floorDivide, .modulo].contains(kind), y == 0 { throw failed("division by zero") }
  switch kind {
  case .add: return try result(x + y)
  case .subtract: return try result(x - y)
  case .multiply: return try result(x * y)
  case .divide: return .float(x / y)
  case .floorDivide: return try result((x / y).rounded(.down))
  case .modulo: return try result(x - y * (x / y).rounded(.down))
  default: return !isFloat && y < 0 ? .float(pow(x, y)) : try result(pow(x, y))
  }
}

/// `text % values`, with `%s`, `%d`, `%r` and `%%`.
private func formatted(_ text: Text, _ values: Value) throws -> Text {
  var given = [values]
  if case .tuple(let items) = values { given = items }
  var (next, at) = (0, 0)
  var out: Text = []
  while at < text.count {
    guard text[at] == "%" else {
      out.append(text[at])
      at += 1
      continue
    }
    let letter: Unicode.Scalar? = at + 1 < text.count ? text[at + 1] : nil
    at += 2
    if letter == "%" {
      out.append("%")
      continue
    }
    guard next < given.count else { throw failed("not enough arguments for format string") }
    let value = given[next]
    next += 1
    switch letter {
    case "s": out += try str(value)
    case "r": out += try repr(value)
    case "d":
      guard let number = value.number else { throw failed("%d format: a real number is required") }
      out += Text(String(Int(number)))
    default: throw failed("the format %\(letter.map(String.init) ?? "") is not supported")
    }
  }
  // What has items may be given although none is asked for.
  if next < given.count, !values.isMapping, !values.isUndefined, !values.isList {
    throw failed("not all arguments converted during string formatting")
  }
  return out
}

extension Value {
  var isMapping: Bool {
    if case .dict = self { return true }
    return false
  }
}

/// One comparison of a chain.
func compares(_ sign: String, _ a: Value, _ b: Value) throws -> Bool {
  if case .markup(let text) = a { return try compares(sign, .string(text), b) }
  if case .markup(let text) = b { return try compares(sign, a, .string(text)) }
  switch sign {
  case "==": return equal(a, b)
  case "!=": return !equal(a, b)
  case "<": return try compare(a, b, sign) < 0
  case "<=": return try compare(a, b, sign) <= 0
  case ">": return try compare(a, b, sign) > 0
  case ">=": return try compare(a, b, sign) >= 0
  case "in": return try isIn(a, b)
  default: return try !isIn(a, b)
  }
}

/// Numbers are equal as keys whatever their type.
private func hasKey(_ dict: Dict, _ key: Value) throws -> Bool {
  switch key {
  case .list, .dict: throw failed("unhashable type: '\(key.typeName)'")
  case .none: return dict[.none] != nil
  case .string(let text): return dict[.string(text)] != nil
  default:
    guard let number = key.number, let whole = Int(exactly: number) else { return false }
    return dict[.int(whole)] != nil
  }
}

func isIn(_ a: Value, _ b: Value) throws -> Bool {
  switch b {
  case .string(let text):
    try a.refuseUndefined()
    guard case .string(let wanted) = a else {
      throw failed("'in <string>' requires string as left operand, not \(a.typeName)")
    }
    return text.find(wanted) != nil
  case .dict(let dict): return try hasKey(dict, a)
  case .view(let view): return view.items.contains { equal($0, a) }
  case .lazy(let lazy):
    while let item = lazy.next() {
      if equal(item, a) { return true }
    }
    return false
  case .undefined: return false
  default:
    guard let items = b.items else { throw failed("argument of type '\(b.typeName)' is not iterable") }
    return items.contains { equal($0, a) }
  }
}
