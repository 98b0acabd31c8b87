import Foundation

/// What filters need of the interpreter.
protocol FilterContext: AnyObject {
  var budget: Budget { get }
  /// `value[index]`, as Jinja looks it up.
  func item(_ value: Value, _ index: Value) throws -> Value
}

/// Filters that a text which `safe` marked can go through.
private let ofMarkup: Set<String> = ["count", "d", "default", "length", "safe", "string", "tojson"]

/// `value | name(…)`.
func filtered(_ name: String, _ value: Value, _ given: Arguments, _ context: any FilterContext) throws -> Value {
  if case .markup = value, !ofMarkup.contains(name) {
    throw failed("the filter \(name) of a safe text is not supported")
  }
  let budget = context.budget
  switch name {
  case "length", "count": return .int(try length(value))
  case "default", "d":
    let values = try given.take("default_value", "boolean")
    let replaces = value.isUndefined || ((values[1]?.isTrue ?? false) && !value.isTrue)
    return replaces ? values[0] ?? .string([]) : value
  case "map": return try mapped(value, given, context)
  case "select": return try selected(value, given, context, wanted: true, byAttribute: false)
  case "reject": return try selected(value, given, context, wanted: false, byAttribute: false)
  case "selectattr": return try selected(value, given, context, wanted: true, byAttribute: true)
  case "rejectattr": return try selected(value, given, context, wanted: false, byAttribute: true)
  case "int": return try toInteger(value, given)
  case "float": return try toFloat(value, given)
  case "round": return try rounded(value, given)
  case "indent": return try indented(value, given, budget)
  case "tojson": return try toJson(value, given, budget)
  case "batch": return try batched(value, given)
  case "slice": return try sliced(value, given)
  case "max": return try extreme(value, given, context, sign: 1)
  case "min": return try extreme(value, given, context, sign: -1)
  case "upper": return .string(upper(try str(value)))
  case "lower": return .string(lower(try str(value)))
  case "capitalize": return .string(capitalized(try str(value)))
  case "title": return .string(title(try str(value)))
  case "string":
    if case .markup = value { return value }
    return .string(try str(value))
  case "safe": return .markup(try str(value))
  case "list": return .list(try value.iterate())
  case "first":
    if case .lazy(let lazy) = value { return lazy.next() ?? .undefined("No first item, sequence was empty.") }
    return try value.iterate().first ?? .undefined("No first item, sequence was empty.")
  case "last": return try value.iterate().last ?? .undefined("No last item, sequence was empty.")
  case "wordcount": return .int(wordCount(try str(value)))
  case "abs":
    guard let number = value.number else { throw failed("bad operand type for abs(): '\(value.typeName)'") }
    return value.isFloat ? .float(abs(number)) : try exact(abs(number))
  case "trim":
    let characters = try given.take("chars")[0] ?? .none
    return .string(strip(try str(value), characters.isNone ? nil : try str(characters), left: true, right: true))
  case "replace":
    let values = try given.take("old", "new", "count", needed: 2)
    let count = values[2].map { $0.isNone ? nil : $0 } ?? nil
    let most = try count?.integer("count") ?? -1
    return .string(try replaceText(str(value), str(values[0]!), str(values[1]!), most, budget))
  case "reverse":
    if case .string(let text) = value { return .string(text.reversed()) }
    return .lazy(Lazy(try value.iterate().reversed()))
  case "join":
    let values = try given.take("d", "attribute")
    let separator = try values[0].map(str) ?? []
    let items = try value.iterate().map { try str(attribute(of: $0, values[1], context)) }
    try budget.make(items.reduce(0) { $0 + $1.count + separator.count })
    return .string(joined(items, separator))
  case "items":
    if value.isUndefined { return .lazy(Lazy([])) }
    guard case .dict(let dict) = value else { throw failed("Can only get item pairs from a mapping.") }
    return .lazy(Lazy(dict.entries.map { .tuple([$0.key.value, $0.value]) }))
  case "dictsort": return try dictSorted(value, given)
  case "sort":
    let values = try given.take("reverse", "case_sensitive", "attribute")
    if let path = values[2]?.text, path.contains(",") {
      throw failed("sorting by several attributes is not supported")
    }
    let pairs = try keyed(value, values[2], values[1], context)
    return .list(try sorted(pairs, reverse: values[0]?.isTrue ?? false).map { $0.item })
  case "unique":
    let values = try given.take("case_sensitive", "attribute")
    var kept: [Keyed] = []
    for pair in try keyed(value, values[1], values[0], context) {
      try budget.step(kept.count)
      if pair.key.isList || pair.key.isMapping { throw failed("unhashable type: '\(pair.key.typeName)'") }
      if !kept.contains(where: { equal($0.key, pair.key) }) { kept.append(pair) }
    }
    return .lazy(Lazy(kept.map { $0.item }))
  case "sum":
    let values = try given.take("attribute", "start")
    if isText(values[1] ?? .none) { throw failed("sum() can't sum strings [use ''.join(seq) instead]") }
    return try value.iterate().reduce(values[1] ?? .int(0)) {
      try arithmetic(.add, $0, attribute(of: $1, values[0], context), budget)
    }
  default: throw failed("there is no filter \(name)")
  }
}

private func length(_ value: Value) throws -> Int {
  switch value {
  case .undefined: return 0
  case .string(let text), .markup(let text): return text.count
  case .dict(let dict): return dict.entries.count
  case .view(let view): return view.items.count
  default:
    guard let items = value.items else { throw failed("object of type '\(value.typeName)' has no len()") }
    return items.count
  }
}

/// `a.b.0` of a value; the value itself for no path.
private func attribute(
  of value: Value, _ path: Value?, _ context: any FilterContext, instead: Value? = nil
) throws -> Value {
  guard let path, !path.isNone else { return value }
  func found(_ value: Value) -> Value {
    guard let instead, !instead.isNone else { return value }
    return value.isUndefined ? instead : value
  }
  guard let text = path.text else { return found(try context.item(value, path)) }
  return try text.split(at: ["."]).reduce(value) { inner, part in
    let isNumber = !part.isEmpty && part.allSatisfy { ("0"..."9").contains($0) }
    return found(try context.item(inner, isNumber ? .int(Int(part.string) ?? Int.max) : .string(part)))
  }
}

private typealias Keyed = (item: Value, key: Value)

/// The items and what of each is looked at: texts without regard to case, unless asked.
private func keyed(
  _ value: Value, _ path: Value?, _ caseSensitive: Value?, _ context: any FilterContext
) throws -> [Keyed] {
  try value.iterate().map { ($0, sortKey(try attribute(of: $0, path, context), caseSensitive)) }
}

private func sortKey(_ value: Value, _ caseSensitive: Value?) -> Value {
  if case .string(let text) = value, !(caseSensitive?.isTrue ?? false) { return .string(lower(text)) }
  return value
}

/// Stable, also backwards, as Python's `sort`.
private func sorted(_ pairs: [Keyed], reverse: Bool) throws -> [Keyed] {
  // Swift's sort is stable, but says so nowhere.
  try pairs.enumerated().sorted { a, b in
    let order = try compare(a.element.key, b.element.key, "<")
    if order == 0 { return a.offset < b.offset }
    return reverse ? order > 0 : order < 0
  }.map { $0.element }
}

private func extreme(_ value: Value, _ given: Arguments, _ context: any FilterContext, sign: Int) throws -> Value {
  let values = try given.take("case_sensitive", "attribute")
  let pairs = try keyed(value, values[1], values[0], context)
  guard var best = pairs.first else { return .undefined("No aggregated item, sequence was empty.") }
  for pair in pairs.dropFirst() where try sign * compare(pair.key, best.key, sign > 0 ? ">" : "<") > 0 { best = pair }
  return best.item
}

private func selected(
  _ value: Value, _ given: Arguments, _ context: any FilterContext, wanted: Bool, byAttribute: Bool
) throws -> Value {
  guard value.isTrue else { return .lazy(Lazy([])) }
  var rest = given.positional
  var path: Value?
  if byAttribute {
    guard !rest.isEmpty else { throw failed("Missing parameter for attribute name") }
    path = rest.removeFirst()
  }
  let test = rest.isEmpty ? nil : try str(rest.removeFirst()).string
  let kept = try value.iterate().filter { item in
    try context.budget.step()
    let looked = try attribute(of: item, path, context)
    guard let test else { return looked.isTrue == wanted }
    return try passes(test, looked, Arguments(what: test, positional: rest, keywords: given.keywords)) == wanted
  }
  return .lazy(Lazy(kept))
}

private func mapped(_ value: Value, _ given: Arguments, _ context: any FilterContext) throws -> Value {
  guard value.isTrue else { return .lazy(Lazy([])) }
  if given.positional.isEmpty, let path = given.keyword("attribute") {
    let instead = try given.take("attribute", "default")[1]
    let items = try value.iterate().map { try attribute(of: $0, path, context, instead: instead) }
    return .lazy(Lazy(items))
  }
  var rest = given.positional
  guard !rest.isEmpty else { throw failed("map requires a filter argument") }
  let name = try str(rest.removeFirst()).string
  let items = try value.iterate().map { item in
    try context.budget.step()
    return try filtered(name, item, Arguments(what: name, positional: rest, keywords: given.keywords), context)
  }
  return .lazy(Lazy(items))
}

private func toInteger(_ value: Value, _ given: Arguments) throws -> Value {
  let values = try given.take("default", "base")
  try value.refuseUndefined()
  if let number = value.number {
    guard number.isFinite else { throw failed("a whole number is too large") }
    return try exact(number.rounded(.towardZero))
  }
  let instead = values[0] ?? .int(0)
  guard case .string(let text) = value else { return instead }
  if let base = values[1], base.whole != 10 { throw failed("int with a base is not supported") }
  let digits = withoutUnderscores(strip(text, nil, left: true, right: true)).string
  if isWholeNumber(digits) { return try exact(Double(digits) ?? 0) }
  guard let number = pythonFloat(digits), number.isFinite else { return instead }
  return try exact(number.rounded(.towardZero))
}

/// Underscores between digits do not count.
private func withoutUnderscores(_ text: Text) -> Text {
  func isDigit(_ at: Int) -> Bool { text.indices.contains(at) && ("0"..."9").contains(text[at]) }
  return text.indices.filter { text[$0] != "_" || !isDigit($0 - 1) || !isDigit($0 + 1) }.map { text[$0] }
}

private func isWholeNumber(_ text: String) -> Bool {
  let digits = text.hasPrefix("-") || text.hasPrefix("+") ? text.dropFirst() : text[...]
  return !digits.isEmpty && digits.unicodeScalars.allSatisfy { ("0"..."9").contains($0) }
}

private func pythonFloat(_ text: String) -> Double? {
  let body = text.hasPrefix("-") || text.hasPrefix("+") ? String(text.dropFirst()) : text
  switch body.lowercased() {
  case "nan": return .nan
  case "inf", "infinity": return text.hasPrefix("-") ? -.infinity : .infinity
  default:
    let isPlain = body.unicodeScalars.allSatisfy { ("0"..."9").contains($0) || ".eE+-".unicodeScalars.contains($0) }
    let first = body.unicodeScalars.first
    guard isPlain, first == "." || first.map({ ("0"..."9").contains($0) }) == true else { return nil }
    var plain = body.hasPrefix(".") ? "0" + body : body
    if plain.hasSuffix(".") { plain += "0" }
    plain = plain.replacingOccurrences(of: ".e", with: ".0e").replacingOccurrences(of: ".E", with: ".0E")
    return Double(plain).map { text.hasPrefix("-") ? -$0 : $0 }
  }
}

private func toFloat(_ value: Value, _ given: Arguments) throws -> Value {
  let instead = try given.take("default")[0] ?? .float(0)
  try value.refuseUndefined()
  if case .string(let text) = value {
    let plain = strip(text, nil, left: true, right: true).filter { $0 != "_" }
    return pythonFloat(plain.string).map { .float($0) } ?? instead
  }
  return value.number.map { .float($0) } ?? instead
}

private func rounded(_ value: Value, _ given: Arguments) throws -> Value {
  let values = try given.take("precision", "method")
  guard let number = value.number else { throw failed("type \(value.typeName) doesn't define __round__ method") }
  let digits = try values[0]?.integer("precision") ?? 0
  let method = values[1]?.text?.string ?? "common"
  let scale = pow(10, Double(digits))
  if method == "ceil" { return .float((number * scale).rounded(.up) / scale) }
  if method == "floor" { return .float((number * scale).rounded(.down) / scale) }
  guard method == "common" else { throw failed("method must be common, ceil or floor") }
  if !value.isFloat {
    return try exact(digits >= 0 ? number : (number * scale).rounded(.toNearestOrEven) / scale)
  }
  guard (0...15).contains(digits) else { throw failed("rounding a float to \(digits) digits is not supported") }
  // C's formatting looks at the exact value, and takes the even one of two that are as near.
  return .float(Double(String(format: "%.\(digits)f", number)) ?? number)
}

private func indented(_ value: Value, _ given: Arguments, _ budget: Budget) throws -> Value {
  let values = try given.take("width", "first", "blank")
  let width = values[0] ?? .int(4)
  let space = try width.text ?? Text(String(repeating: " ", count: max(0, width.integer("width"))))
  let (first, blank) = (values[1]?.isTrue ?? false, values[2]?.isTrue ?? false)
  guard case .string(let text) = value else { throw failed("indent needs a str, not \(value.typeName)") }
  let lines = splitLines(text + ["\n"], keepsEnds: false)
  try budget.make(lines.reduce(0) { $0 + $1.count + space.count + 1 })
  let shifted = lines.enumerated().map { $0 > 0 && (blank || !$1.isEmpty) ? space + $1 : $1 }
  return .string((first ? space : []) + joined(shifted, ["\n"]))
}

private func toJson(_ value: Value, _ given: Arguments, _ budget: Budget) throws -> Value {
  let values = try given.take("ensure_ascii", "indent", "separators", "sort_keys")
  var options = JsonOptions()
  options.ascii = values[0]?.isTrue ?? false
  if let indent = values[1], !indent.isNone {
    options.indent = try indent.text ?? Text(String(repeating: " ", count: max(0, indent.integer("indent"))))
    options.itemSeparator = Text(",")
  }
  if let separators = values[2], !separators.isNone {
    let pair = try separators.iterate().map(str)
    guard pair.count == 2 else { throw failed("separators are two texts") }
    (options.itemSeparator, options.keySeparator) = (pair[0], pair[1])
  }
  options.isSorted = values[3]?.isTrue ?? false
  let text = try jsonText(value, options)
  try budget.make(text.count)
  return .string(text)
}

private func batched(_ value: Value, _ given: Arguments) throws -> Value {
  let values = try given.take("linecount", "fill_with", needed: 1)
  let size = try values[0]!.integer("count")
  guard size >= 1 else { throw failed("a batch of no items") }
  let items = try value.iterate()
  var rows = stride(from: 0, to: items.count, by: size).map { Array(items[$0..<min($0 + size, items.count)]) }
  if let fill = values[1], !fill.isNone, let last = rows.last {
    rows[rows.count - 1] = last + repeatElement(fill, count: size - last.count)
  }
  return .lazy(Lazy(rows.map { .list($0) }))
}

private func sliced(_ value: Value, _ given: Arguments) throws -> Value {
  let values = try given.take("slices", "fill_with", needed: 1)
  let size = try values[0]!.integer("count")
  guard size >= 1 else { throw failed("a batch of no items") }
  let items = try value.iterate()
  let (least, more) = (items.count / size, items.count % size)
  let columns = (0..<min(size, 100_000)).map { column -> Value in
    let from = column * least + min(column, more)
    var row = Array(items[from..<(from + least + (column < more ? 1 : 0))])
    if let fill = values[1], !fill.isNone, column >= more { row.append(fill) }
    return .list(row)
  }
  return .lazy(Lazy(columns))
}

private func dictSorted(_ value: Value, _ given: Arguments) throws -> Value {
  let values = try given.take("case_sensitive", "by", "reverse")
  guard case .dict(let dict) = value else { throw failed("dictsort needs a mapping, not \(value.typeName)") }
  let by = values[1]?.text?.string ?? "key"
  guard by == "key" || by == "value" else { throw failed("You can only sort by either \"key\" or \"value\"") }
  let pairs = dict.entries.map { entry -> Keyed in
    (.tuple([entry.key.value, entry.value]), sortKey(by == "key" ? entry.key.value : entry.value, values[0]))
  }
  return .list(try sorted(pairs, reverse: values[2]?.isTrue ?? false).map { $0.item })
}

/// Jinja's own title case: words begin behind white space, hyphens and opening brackets.
private func title(_ text: Text) -> Text {
  var out: Text = []
  var word: Text = []
  for scalar in text {
    if scalar.isPythonSpace || "-({[<".unicodeScalars.contains(scalar) {
      out += capitalized(word) + [scalar]
      word = []
    } else {
      word.append(scalar)
    }
  }
  return out + capitalized(word)
}

private func wordCount(_ text: Text) -> Int {
  var count = 0
  var isInside = false
  for scalar in text {
    let isWord = scalar.isLetter || scalar.isNumber || scalar == "_"
    if isWord, !isInside { count += 1 }
    isInside = isWord
  }
  return count
}
