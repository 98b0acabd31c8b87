/// Text as Python counts it: by code points, equal only when all of them are.
typealias Text = [Unicode.Scalar]

extension Text {
  init(_ text: String) { self = Array(text.unicodeScalars) }

  var string: String {
    var text = String.UnicodeScalarView()
    text.append(contentsOf: self)
    return String(text)
  }

  /// Where `wanted` first occurs at or behind `from`.
  func find(_ wanted: some Collection<Unicode.Scalar>, from: Int = 0) -> Int? {
    guard let first = wanted.first else { return from <= count ? from : nil }
    var at = from
    while at + wanted.count <= count {
      if self[at] == first, self[at...].starts(with: wanted) { return at }
      at += 1
    }
    return nil
  }

  func hasSuffix(_ wanted: Text) -> Bool { count >= wanted.count && Array(suffix(wanted.count)) == wanted }

  func split(at separator: Text) -> [Text] {
    var parts: [Text] = []
    var from = 0
    while let at = find(separator, from: from) {
      parts.append(Array(self[from..<at]))
      from = at + separator.count
    }
    parts.append(Array(self[from...]))
    return parts
  }
}

/// Keys of dicts.
enum Key: Hashable {
  case none
  case int(Int)
  case string(Text)

  init(_ value: Value) throws {
    switch value {
    case .none: self = .none
    case .int(let number): self = .int(number)
    case .string(let text): self = .string(text)
    default: throw failed("a \(value.typeName) cannot be a key here")
    }
  }

  var value: Value {
    switch self {
    case .none: .none
    case .int(let number): .int(number)
    case .string(let text): .string(text)
    }
  }
}

/// A mapping that keeps the order of its keys.
struct Dict {
  private(set) var entries: [(key: Key, value: Value)] = []
  private var places: [Key: Int] = [:]

  subscript(key: Key) -> Value? {
    get { places[key].map { entries[$0].value } }
    set {
      guard let newValue else { return }
      if let place = places[key] {
        entries[place].value = newValue
      } else {
        places[key] = entries.count
        entries.append((key, newValue))
      }
    }
  }
}

/// What can be gone through once, and has no length and no index.
final class Lazy {
  /// All of them, whether they were taken or not.
  let items: [Value]
  private var at = 0
  init(_ items: [Value]) { self.items = items }

  func next() -> Value? {
    guard at < items.count else { return nil }
    defer { at += 1 }
    return items[at]
  }

  func rest() -> [Value] {
    defer { at = items.count }
    return Array(items[at...])
  }
}

/// `range(…)`, and `keys()`, `values()` and `items()` of a dict: no lists, and no JSON.
final class View {
  let name: String
  let items: [Value]
  /// Start, stop and step of a range.
  let bounds: [Int]

  init(_ name: String, _ items: [Value], _ bounds: [Int] = []) {
    self.name = name
    self.items = items
    self.bounds = bounds
  }
}

final class Namespace {
  var values: [Text: Value] = [:]
}

/// A function, a macro or a method.
final class Callable {
  let call: (Arguments) throws -> Value
  /// `name`, `arguments` of a macro.
  let attributes: [Text: Value]

  init(_ attributes: [Text: Value] = [:], _ call: @escaping (Arguments) throws -> Value) {
    self.attributes = attributes
    self.call = call
  }
}

/// `loop`.
final class Loop {
  let items: [Value]
  var index = 0
  var changed: [Value]?
  init(_ items: [Value]) { self.items = items }
}

indirect enum Value {
  case none
  case bool(Bool)
  case int(Int)
  case float(Double)
  case string(Text)
  case list([Value])
  case tuple([Value])
  case dict(Dict)
  /// False, empty, and an error for most else; the text says why.
  case undefined(String)
  /// A text that `safe` marked: what `+` adds to it is escaped.
  case markup(Text)
  case lazy(Lazy)
  case view(View)
  case namespace(Namespace)
  case callable(Callable)
  case loop(Loop)

  var typeName: String {
    switch self {
    case .none: "NoneType"
    case .bool: "bool"
    case .int: "int"
    case .float: "float"
    case .string: "str"
    case .list: "list"
    case .tuple: "tuple"
    case .dict: "dict"
    case .undefined: "Undefined"
    case .markup: "Markup"
    case .lazy: "Lazy"
    case .view(let view): view.name
    case .namespace: "Namespace"
    case .callable: "Callable"
    case .loop: "Loop"
    }
  }

  var isTrue: Bool {
    switch self {
    case .none, .undefined: false
    case .bool(let value): value
    case .int(let value): value != 0
    case .float(let value): value != 0
    case .string(let text), .markup(let text): !text.isEmpty
    case .list(let items), .tuple(let items): !items.isEmpty
    case .dict(let dict): !dict.entries.isEmpty
    case .view(let view): !view.items.isEmpty
    default: true
    }
  }

  /// The number that an int, a float or a bool is.
  var number: Double? {
    switch self {
    case .int(let value): Double(value)
    case .float(let value): value
    case .bool(let value): value ? 1 : 0
    default: nil
    }
  }

  /// The whole number that an int or a bool is.
  var whole: Int? {
    switch self {
    case .int(let value): value
    case .bool(let value): value ? 1 : 0
    default: nil
    }
  }

  /// Of a list or a tuple.
  var items: [Value]? {
    switch self {
    case .list(let items), .tuple(let items): items
    default: nil
    }
  }

  var isList: Bool {
    if case .list = self { return true }
    return false
  }

  var isFloat: Bool {
    if case .float = self { return true }
    return false
  }

  var isUndefined: Bool {
    if case .undefined = self { return true }
    return false
  }

  var isNone: Bool {
    if case .none = self { return true }
    return false
  }

  var text: Text? {
    if case .string(let text) = self { return text }
    return nil
  }

  /// What a loop goes through.
  func iterate() throws -> [Value] {
    switch self {
    case .list(let items), .tuple(let items): return items
    case .string(let text): return text.map { .string([$0]) }
    case .dict(let dict): return dict.entries.map { $0.key.value }
    case .undefined: return []
    case .lazy(let lazy): return lazy.rest()
    case .view(let view): return view.items
    default: throw failed("'\(typeName)' object is not iterable")
    }
  }

  func integer(_ what: String) throws -> Int {
    if let whole { return whole }
    try refuseUndefined()
    throw failed("\(what) is a \(typeName), not an int")
  }

  func refuseUndefined() throws {
    if case .undefined(let what) = self { throw failed(what) }
  }

  /// Items, and for a text its characters.
  var sequence: [Value]? {
    if case .string(let text) = self { return text.map { .string([$0]) } }
    if case .view(let view) = self, view.name == "range" { return view.items }
    return items
  }
}

/// Checks how deep a value that is kept is nested: printing and freeing it takes the stack.
func checkNesting(_ value: Value, _ budget: Budget, depth: Int = 0) throws {
  let items: [Value]
  switch value {
  case .list(let all), .tuple(let all): items = all
  case .dict(let dict): items = dict.entries.map { $0.value }
  case .view(let view): items = view.items
  case .lazy(let lazy): items = lazy.items
  default: return
  }
  if depth >= 200 { throw failed("a value is nested deeper than 200") }
  for item in items {
    switch item {
    case .none, .bool, .int, .string: continue
    default:
      try budget.step()
      try checkNesting(item, budget, depth: depth + 1)
    }
  }
}

/// The template cannot be executed for these variables.
func failed(_ reason: String) -> TokenizerError { .templateFailed(reason) }

/// An int; JavaScript's exact ones bound it, so that both runtimes agree.
func exact(_ value: Double) throws -> Value {
  guard abs(value) <= 9_007_199_254_740_991, value == value.rounded() else {
    throw failed("a whole number is too large")
  }
  return .int(Int(value))
}

func equal(_ a: Value, _ b: Value) -> Bool {
  if let x = a.number, let y = b.number { return x == y }
  switch (a, b) {
  case (.none, .none), (.undefined, .undefined): return true
  case (.string(let x), .string(let y)), (.markup(let x), .string(let y)), (.string(let x), .markup(let y)),
    (.markup(let x), .markup(let y)):
    return x == y
  case (.list(let x), .list(let y)), (.tuple(let x), .tuple(let y)):
    return x.count == y.count && zip(x, y).allSatisfy { equal($0, $1) }
  case (.dict(let x), .dict(let y)):
    return x.entries.count == y.entries.count
      && x.entries.allSatisfy { entry in y[entry.key].map { equal(entry.value, $0) } ?? false }
  case (.view(let x), .view(let y)):
    return x.name == y.name && x.items.count == y.items.count && zip(x.items, y.items).allSatisfy { equal($0, $1) }
  case (.namespace(let x), .namespace(let y)): return x === y
  case (.callable(let x), .callable(let y)): return x === y
  case (.lazy(let x), .lazy(let y)): return x === y
  case (.loop(let x), .loop(let y)): return x === y
  default: return false
  }
}

/// Negative, 0 or positive, for values that Python orders.
func compare(_ a: Value, _ b: Value, _ sign: String) throws -> Int {
  try a.refuseUndefined()
  try b.refuseUndefined()
  if let x = a.number, let y = b.number { return x < y ? -1 : x > y ? 1 : 0 }
  if case .string(let x) = a, case .string(let y) = b {
    return x == y ? 0 : x.lexicographicallyPrecedes(y) ? -1 : 1
  }
  if let x = a.items, let y = b.items, a.isList == b.isList {
    for (one, other) in zip(x, y) where !equal(one, other) { return try compare(one, other, sign) }
    return x.count - y.count
  }
  throw failed("'\(sign)' not supported between instances of '\(a.typeName)' and '\(b.typeName)'")
}

/// Arguments by place and by name.
struct Arguments {
  let what: String
  var positional: [Value]
  var keywords: [(name: Text, value: Value)]

  func keyword(_ name: String) -> Value? {
    let name = Text(name)
    return keywords.first { $0.name == name }?.value
  }

  /// The arguments of these parameters; nil for those that were not given. The first `needed` must be.
  func take(_ parameters: String..., needed: Int = 0) throws -> [Value?] {
    guard positional.count <= parameters.count else {
      throw failed("\(what) takes at most \(parameters.count) arguments, not \(positional.count)")
    }
    for (name, _) in keywords where !parameters.contains(name.string) {
      throw failed("\(what) has no argument \(name.string)")
    }
    let values = parameters.enumerated().map { $0 < positional.count ? positional[$0] : keyword($1) }
    for (number, name) in parameters.prefix(needed).enumerated() where values[number] == nil {
      throw failed("\(what) needs the argument \(name)")
    }
    return values
  }
}

/// What a template may still use: one that loops or grows without end is stopped with an error.
final class Budget {
  private let maxSteps: Int
  private let maxOutput: Int
  private var steps = 0
  private var made = 0
  private var calls = 0
  private var nested = 0
  private var namespaces = 0

  init(maxSteps: Int, maxOutput: Int) {
    self.maxSteps = maxSteps
    self.maxOutput = maxOutput
  }

  func step(_ count: Int = 1) throws {
    steps += count
    if steps > maxSteps { throw failed("it takes more than \(maxSteps) steps") }
  }

  /// A statement or an expression begins; `leave` tells its end.
  func enter() throws {
    try step()
    nested += 1
    if nested > 1000 { throw failed("it is nested deeper than 1000") }
  }

  func leave() { nested -= 1 }

  func makeNamespace() throws {
    namespaces += 1
    if namespaces > 10_000 { throw failed("it makes more than 10000 namespaces") }
  }

  /// Before a text or a list of `length` is made.
  func make(_ length: Int) throws {
    guard length <= maxOutput else { throw failed("it makes more than \(maxOutput) characters") }
    made += length
    if made > 8 * maxOutput { throw failed("it makes more than \(maxOutput) characters") }
  }

  func call<T>(_ work: () throws -> T) throws -> T {
    calls += 1
    defer { calls -= 1 }
    if calls > 64 { throw failed("calls are nested deeper than 64") }
    return try work()
  }
}
