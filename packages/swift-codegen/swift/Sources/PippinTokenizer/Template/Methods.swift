/// Methods that change a value, which the sandbox of `transformers` forbids.
private let changing: Set<String> = [
  "append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort", "popitem", "setdefault", "update",
]

/// Methods of Python's `str` that are not here.
private let missingOfStr: Set<String> = [
  "casefold", "center", "encode", "expandtabs", "format_map", "isascii", "isidentifier", "isprintable", "istitle",
  "isdecimal", "isnumeric", "ljust", "maketrans", "partition", "rjust", "rpartition", "swapcase", "translate", "zfill",
  "rindex",
]

/// The method of a value, or nil when Python's type has none of this name.
func method(of value: Value, _ name: String, _ budget: Budget) throws -> Value? {
  switch value {
  case .string(let text):
    if missingOfStr.contains(name) { throw failed("the method str.\(name) is not supported") }
    return strMethod(name).map { method in
      .callable(Callable { try method(text, $0, budget) })
    }
  case .dict(let dict):
    if changing.contains(name) { return .undefined("access to attribute '\(name)' of 'dict' object is unsafe.") }
    if name == "fromkeys" { throw failed("the method dict.fromkeys is not supported") }
    return dictMethod(name).map { method in .callable(Callable { try method(dict, $0) }) }
  case .list(let items), .tuple(let items):
    if changing.contains(name) { return .undefined("access to attribute '\(name)' of 'list' object is unsafe.") }
    return listMethod(name).map { method in .callable(Callable { try method(items, $0) }) }
  default: return nil
  }
}

private func textOf(_ value: Value?, _ what: String) throws -> Text {
  guard let text = value?.text else { throw failed("\(what) must be str, not \(value?.typeName ?? "nothing")") }
  return text
}

private typealias StrMethod = (Text, Arguments, Budget) throws -> Value

private func strMethod(_ name: String) -> StrMethod? {
  switch name {
  case "strip": stripping(left: true, right: true)
  case "lstrip": stripping(left: true, right: false)
  case "rstrip": stripping(left: false, right: true)
  case "split": splitting(fromRight: false)
  case "rsplit": splitting(fromRight: true)
  case "startswith": affix { $0.starts(with: $1) }
  case "endswith": affix { $0.hasSuffix($1) }
  case "find": { text, given, _ in .int(try place(text, given) ?? -1) }
  case "rfind": { text, given, _ in .int(try place(text, given, last: true) ?? -1) }
  case "index":
    { text, given, _ in
      guard let at = try place(text, given) else { throw failed("substring not found") }
      return .int(at)
    }
  case "upper": { text, _, _ in .string(upper(text)) }
  case "lower": { text, _, _ in .string(lower(text)) }
  case "capitalize": { text, _, _ in .string(capitalized(text)) }
  case "title": { text, _, _ in .string(pythonTitle(text)) }
  case "isalpha": { text, _, _ in .bool(!text.isEmpty && text.allSatisfy(\.isLetter)) }
  case "isalnum": { text, _, _ in .bool(!text.isEmpty && text.allSatisfy { $0.isLetter || $0.isNumber }) }
  case "isdigit": { text, _, _ in .bool(!text.isEmpty && text.allSatisfy(\.isDigit)) }
  case "isspace": { text, _, _ in .bool(!text.isEmpty && text.allSatisfy(\.isPythonSpace)) }
  case "isupper": { text, _, _ in .bool(text != lower(text) && text == upper(text)) }
  case "islower": { text, _, _ in .bool(text != upper(text) && text == lower(text)) }
  case "splitlines":
    { text, given, _ in
      let keeps = try given.take("keepends")[0]?.isTrue ?? false
      return .list(splitLines(text, keepsEnds: keeps).map { .string($0) })
    }
  case "join":
    { text, given, budget in
      let parts = try given.take("iterable", needed: 1)[0]!.iterate().map { try textOf($0, "sequence item") }
      try budget.make(parts.reduce(0) { $0 + $1.count + text.count })
      return .string(joined(parts, text))
    }
  case "replace":
    { text, given, budget in
      let values = try given.take("old", "new", "count", needed: 2)
      let count = try values[2]?.integer("count") ?? -1
      let (old, new) = (try textOf(values[0], "old"), try textOf(values[1], "new"))
      return .string(try replaceText(text, old, new, count, budget))
    }
  case "count":
    { text, given, _ in
      let wanted = try textOf(try given.take("sub", needed: 1)[0], "sub")
      return .int(wanted.isEmpty ? text.count + 1 : text.split(at: wanted).count - 1)
    }
  case "removeprefix":
    { text, given, _ in
      let prefix = try textOf(try given.take("prefix", needed: 1)[0], "prefix")
      return .string(text.starts(with: prefix) ? Array(text.dropFirst(prefix.count)) : text)
    }
  case "removesuffix":
    { text, given, _ in
      let suffix = try textOf(try given.take("prefix", needed: 1)[0], "suffix")
      return .string(text.hasSuffix(suffix) ? Array(text.dropLast(suffix.count)) : text)
    }
  case "format": format
  default: nil
  }
}

private func stripping(left: Bool, right: Bool) -> StrMethod {
  { text, given, _ in
    let characters = try given.take("chars")[0] ?? .none
    return .string(strip(text, characters.isNone ? nil : try textOf(characters, "strip arg"), left: left, right: right))
  }
}

private func splitting(fromRight: Bool) -> StrMethod {
  { text, given, budget in
    let values = try given.take("sep", "maxsplit")
    let limit = try values[1]?.integer("maxsplit") ?? -1
    let most = limit < 0 ? Int.max : limit
    try budget.make(text.count)
    let separator = values[0] ?? .none
    if separator.isNone { return .list(splitSpace(text, most, fromRight: fromRight).map { .string($0) }) }
    let at = try textOf(separator, "separator")
    if at.isEmpty { throw failed("empty separator") }
    return .list(splitAt(text, at, most, fromRight: fromRight).map { .string($0) })
  }
}

private func affix(_ has: @escaping (Text, Text) -> Bool) -> StrMethod {
  { text, given, _ in
    let wanted = try given.take("prefix", needed: 1)[0]!
    var all = [wanted]
    if case .tuple(let items) = wanted { all = items }
    for one in all where has(text, try textOf(one, "first arg")) { return .bool(true) }
    return .bool(false)
  }
}

private func place(_ text: Text, _ given: Arguments, last: Bool = false) throws -> Int? {
  let wanted = try textOf(try given.take("sub", needed: 1)[0], "sub")
  guard last else { return text.find(wanted) }
  return Array(text.reversed()).find(Array(wanted.reversed())).map { text.count - $0 - wanted.count }
}

/// Each word's first letter in title case, other letters small, as `str.title` has it.
private func pythonTitle(_ text: Text) -> Text {
  var out: Text = []
  var word: Text = []
  for scalar in text {
    if scalar.isLetter {
      word.append(scalar)
    } else {
      out += capitalized(word) + [scalar]
      word = []
    }
  }
  return out + capitalized(word)
}

/// `text.replace(old, new, count)`.
func replaceText(_ text: Text, _ old: Text, _ new: Text, _ count: Int, _ budget: Budget) throws -> Text {
  let parts = old.isEmpty ? text.map { [$0] } : text.split(at: old)
  let places = old.isEmpty ? parts.count + 1 : parts.count - 1
  let most = count < 0 ? places : min(count, places)
  try budget.make(text.count + most * new.count)
  if old.isEmpty {
    let changed = parts.enumerated().map { $0 < most ? new + $1 : $1 }
    return Text(changed.joined()) + (most > parts.count ? new : [])
  }
  return joined([joined(Array(parts[...most]), new)] + parts[(most + 1)...], old)
}

private func format(_ text: Text, _ given: Arguments, _ budget: Budget) throws -> Value {
  try budget.make(text.count)
  var out: Text = []
  var (next, at) = (0, 0)
  while at < text.count {
    let scalar = text[at]
    let following: Unicode.Scalar? = at + 1 < text.count ? text[at + 1] : nil
    if scalar == following, scalar == "{" || scalar == "}" {
      out.append(scalar)
      at += 2
    } else if scalar == "{", let end = text.find(["}"], from: at), !text[(at + 1)..<end].contains("{") {
      let field = Array(text[(at + 1)..<end])
      guard field.allSatisfy({ $0.isLetter || $0.isDigit || $0 == "_" }) else {
        throw failed("the format {\(field.string)} is not supported")
      }
      var value: Value?
      if field.allSatisfy(\.isDigit) {
        let number = field.isEmpty ? next : Int(field.string) ?? Int.max
        if field.isEmpty { next += 1 }
        value = number < given.positional.count ? given.positional[number] : nil
      } else {
        value = given.keyword(field.string)
      }
      guard let value else { throw failed("nothing for the format {\(field.string)}") }
      out += try str(value)
      at = end + 1
    } else if scalar == "{" || scalar == "}" {
      throw failed("a brace of a format stands alone")
    } else {
      out.append(scalar)
      at += 1
    }
  }
  return .string(out)
}

private func dictMethod(_ name: String) -> ((Dict, Arguments) throws -> Value)? {
  switch name {
  case "items": { dict, _ in .view(View("dict_items", dict.entries.map { .tuple([$0.key.value, $0.value]) })) }
  case "keys": { dict, _ in .view(View("dict_keys", dict.entries.map { $0.key.value })) }
  case "values": { dict, _ in .view(View("dict_values", dict.entries.map { $0.value })) }
  case "copy": { dict, _ in .dict(dict) }
  case "get":
    { dict, given in
      let values = try given.take("key", "default", needed: 1)
      return dict[try Key(values[0]!)] ?? values[1] ?? .none
    }
  default: nil
  }
}

private func listMethod(_ name: String) -> (([Value], Arguments) throws -> Value)? {
  switch name {
  case "copy": { items, _ in .list(items) }
  case "count":
    { items, given in
      let wanted = try given.take("value", needed: 1)[0]!
      return .int(items.filter { equal($0, wanted) }.count)
    }
  case "index":
    { items, given in
      let wanted = try given.take("value", needed: 1)[0]!
      guard let at = items.firstIndex(where: { equal($0, wanted) }) else {
        throw failed("\(try repr(wanted).string) is not in list")
      }
      return .int(at)
    }
  default: nil
  }
}
