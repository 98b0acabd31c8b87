/// Filters and tests that `is filter` and `is test` know.
private let filterNames: Set<String> = [
  "abs", "batch", "capitalize", "count", "d", "default", "dictsort", "first", "float", "indent", "int", "items", "join",
  "last", "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "replace", "reverse", "round", "safe",
  "select", "selectattr", "slice", "sort", "string", "sum", "title", "tojson", "trim", "unique", "upper", "wordcount",
]
private let testNames: Set<String> = [
  "boolean", "callable", "defined", "divisibleby", "eq", "equalto", "even", "false", "filter", "float", "ge",
  "greaterthan", "gt", "in", "integer", "iterable", "le", "lessthan", "lower", "lt", "mapping", "ne", "none", "number",
  "odd", "sameas", "sequence", "string", "test", "true", "undefined", "upper",
]

/// Whether `value is name(…)`.
func passes(_ name: String, _ value: Value, _ given: Arguments) throws -> Bool {
  switch name {
  case "defined": return !value.isUndefined
  case "undefined": return value.isUndefined
  case "none": return value.isNone
  case "boolean": if case .bool = value { return true }
  case "true": if case .bool(true) = value { return true }
  case "false": if case .bool(false) = value { return true }
  case "integer": if case .int = value { return true }
  case "float": return value.isFloat
  case "number": return value.number != nil
  case "string": return isText(value)
  case "mapping": return value.isMapping
  case "sequence": return isSequence(value)
  case "iterable":
    switch value {
    case .lazy, .view: return true
    default: return isSequence(value)
    }
  case "callable":
    if case .callable = value { return true }
    return value.isUndefined
  case "even", "odd":
    let rest = try numberOf(value).truncatingRemainder(dividingBy: 2)
    return abs(rest) == (name == "even" ? 0 : 1)
  case "divisibleby":
    let by = try numberOf(given.take("num", needed: 1)[0]!)
    if by == 0 { throw failed("division by zero") }
    return try numberOf(value).truncatingRemainder(dividingBy: by) == 0
  case "lower":
    let text = try str(value)
    return lower(text) != upper(text) && text == lower(text)
  case "upper":
    let text = try str(value)
    return lower(text) != upper(text) && text == upper(text)
  case "sameas":
    // Whether two lists are one and the same is nothing that templates ask.
    if value.items != nil || value.isMapping { throw failed("sameas of a \(value.typeName) is not supported") }
    return isSame(try given.take("other", needed: 1)[0]!, value)
  case "in": return try isIn(value, given.take("seq", needed: 1)[0]!)
  case "filter": return filterNames.contains(try hashable(value))
  case "test": return testNames.contains(try hashable(value))
  case "eq", "equalto": return try compares("==", value, other(given))
  case "ne": return try compares("!=", value, other(given))
  case "lt", "lessthan": return try compares("<", value, other(given))
  case "le": return try compares("<=", value, other(given))
  case "gt", "greaterthan": return try compares(">", value, other(given))
  case "ge": return try compares(">=", value, other(given))
  default: throw failed("there is no test \(name)")
  }
  return false
}

private func other(_ given: Arguments) throws -> Value { try given.take("other", needed: 1)[0]! }

private func numberOf(_ value: Value) throws -> Double {
  try value.refuseUndefined()
  guard let number = value.number else {
    throw failed("unsupported operand type(s) for %: '\(value.typeName)' and 'int'")
  }
  return number
}

func isText(_ value: Value) -> Bool {
  switch value {
  case .string, .markup: true
  default: false
  }
}

private func hashable(_ value: Value) throws -> String {
  switch value {
  case .list, .dict, .view: throw failed("unhashable type: '\(value.typeName)'")
  default: return value.text?.string ?? ""
  }
}

private func isSequence(_ value: Value) -> Bool {
  if case .view(let view) = value { return view.name == "range" }
  return isText(value) || value.isMapping || value.items != nil || value.isUndefined
}

/// The same simple value.
private func isSame(_ a: Value, _ b: Value) -> Bool {
  switch (a, b) {
  case (.none, .none): true
  case (.bool(let x), .bool(let y)): x == y
  case (.int(let x), .int(let y)): x == y
  case (.string(let x), .string(let y)): x == y
  case (.namespace, .namespace), (.callable, .callable): equal(a, b)
  default: false
  }
}
