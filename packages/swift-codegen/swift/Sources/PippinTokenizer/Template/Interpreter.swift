import Dispatch
import Foundation

/// Names and their values, with those of the scopes around.
final class Scope {
  private var values: [Text: Value] = [:]
  private let outer: Scope?
  init(_ outer: Scope? = nil) { self.outer = outer }

  subscript(name: Text) -> Value {
    get {
      var scope: Scope? = self
      while let one = scope {
        if let value = one.values[name] { return value }
        scope = one.outer
      }
      return .undefined("'\(name.string)' is undefined")
    }
    set { values[name] = newValue }
  }

  func removeAll() {
    values = [:]
  }
}

/// Work that one thread does while another one waits for it.
private final class UncheckedWork: @unchecked Sendable {
  // The waiting thread touches nothing before `done` is signalled.
  let done = DispatchSemaphore(value: 0)
  private(set) var result: Result<String, any Error>?
  private let work: () -> Result<String, any Error>

  init(_ work: @escaping () -> Result<String, any Error>) { self.work = work }

  func run() {
    result = work()
    done.signal()
  }
}

/// Runs a template's program.
final class Interpreter: FilterContext {
  private enum Signal {
    case `break`, `continue`
  }

  let budget: Budget
  private let program: TemplateProgram
  private var out: Text = []
  /// Scopes that macros were defined in.
  private var withMacros: [Scope] = []

  init(_ program: TemplateProgram, _ budget: Budget) {
    self.program = program
    self.budget = budget
  }

  /// Templates nest deeper than the stacks of an app's threads are high: each runs on a thread of its own.
  func run(_ variables: [(name: String, value: Value)], now: Date) throws -> String {
    let work = UncheckedWork { Result { try self.runHere(variables, now: now) } }
    let thread = Thread { work.run() }
    thread.stackSize = 16 << 20
    thread.start()
    work.done.wait()
    return try work.result!.get()
  }

  private func runHere(_ variables: [(name: String, value: Value)], now: Date) throws -> String {
    let globals = Scope()
    for (name, function) in builtins(now, budget) { globals[Text(name)] = .callable(Callable { try function($0) }) }
    // Macros hold the scopes that hold them.
    defer { for scope in withMacros { scope.removeAll() } }
    let scope = Scope(globals)
    for (name, value) in variables { scope[Text(name)] = value }
    return try text(program.root, Scope(scope)).string
  }

  /// What a block prints.
  private func text(_ block: Int, _ scope: Scope) throws -> Text {
    let outer = out
    out = []
    defer { out = outer }
    _ = try run(block, scope)
    return out
  }

  private func show(_ text: Text) throws {
    try budget.make(text.count)
    out += text
  }

  private func optional(_ operand: UInt32) -> Int? { operand == Layout.none ? nil : Int(operand) }

  // MARK: Statements

  private func run(_ number: Int, _ scope: Scope) throws -> Signal? {
    try budget.enter()
    defer { budget.leave() }
    let node = program.nodes[number]
    let operands = node.operands
    func operand(_ place: Int) -> Int { Int(operands[place]) }
    switch node.kind {
    case .block:
      for statement in operands {
        if let signal = try run(Int(statement), scope) { return signal }
      }
    case .text: try show(program.texts[operand(0)])
    case .print: try show(str(evaluate(operand(0), scope)))
    case .if:
      if try evaluate(operand(0), scope).isTrue { return try run(operand(1), scope) }
      if let otherwise = optional(operands[2]) { return try run(otherwise, scope) }
    case .for: try loop(operands, scope)
    case .set: try assign(operand(0), evaluate(operand(1), scope), scope)
    case .setBlock:
      let printed = try text(operand(2), Scope(scope))
      let value = try optional(operands[1]).map { try evaluate($0, scope, printed) } ?? .string(printed)
      try assign(operand(0), value, scope)
    case .macro: scope[program.texts[operand(0)]] = .callable(macro(operands, scope))
    case .callBlock:
      let caller = macro(program.nodes[operand(1)].operands, scope)
      try show(str(call(program.nodes[operand(0)].operands, scope, caller: caller, nil)))
    case .filterBlock: try show(str(evaluate(operand(0), scope, text(operand(1), Scope(scope)))))
    case .with:
      let inner = Scope(scope)
      for place in stride(from: 1, to: operands.count - 1, by: 2) {
        try assign(operand(place), evaluate(operand(place + 1), scope), inner)
      }
      return try run(operand(0), inner)
    case .break: return .break
    case .continue: return .continue
    default: throw failed("\(node.kind) is no statement")
    }
    return nil
  }

  private func loop(_ operands: [UInt32], _ scope: Scope) throws {
    let target = Int(operands[0])
    var items = try evaluate(Int(operands[1]), scope).iterate()
    if let condition = optional(operands[2]) {
      items = try items.filter { item in
        try budget.step()
        let inner = Scope(scope)
        try assign(target, item, inner)
        return try evaluate(condition, inner).isTrue
      }
    }
    if items.isEmpty {
      if let otherwise = optional(operands[4]) { _ = try run(otherwise, scope) }
      return
    }
    let loop = Loop(items)
    for item in items {
      try budget.step()
      let inner = Scope(scope)
      inner[Text("loop")] = .loop(loop)
      try assign(target, item, inner)
      if try run(Int(operands[3]), inner) == .break { return }
      loop.index += 1
    }
  }

  private func assign(_ target: Int, _ value: Value, _ scope: Scope) throws {
    let node = program.nodes[target]
    if node.kind != .tupleTarget { try checkNesting(value, budget) }
    switch node.kind {
    case .nameTarget: scope[program.texts[Int(node.operands[0])]] = value
    case .attributeTarget:
      guard case .namespace(let namespace) = scope[program.texts[Int(node.operands[0])]] else {
        throw failed("cannot assign attribute on non-namespace object")
      }
      try setAttribute(namespace, program.texts[Int(node.operands[1])], value)
    case .tupleTarget:
      let values = try value.iterate()
      guard values.count == node.operands.count else {
        throw failed("\(values.count) values for \(node.operands.count) names")
      }
      for (one, value) in zip(node.operands, values) { try assign(Int(one), value, scope) }
    default: throw failed("\(node.kind) cannot be assigned to")
    }
  }

  private func macro(_ operands: [UInt32], _ scope: Scope) -> Callable {
    let name = program.texts[Int(operands[0])]
    let body = Int(operands[1])
    let parameters = operands.dropFirst(2).map { program.nodes[Int($0)].operands }
    let names = parameters.map { program.texts[Int($0[0])] }
    let caller = Text("caller")
    withMacros.append(scope)
    let attributes: [Text: Value] = [Text("name"): .string(name), Text("arguments"): .tuple(names.map { .string($0) })]
    return Callable(attributes) { [self] given in
      try budget.call {
        let inner = Scope(scope)
        var rest = given.keywords
        for (place, parameter) in names.enumerated() {
          let keyword = rest.firstIndex { $0.name == parameter }
          if place < given.positional.count {
            if keyword != nil {
              throw failed("macro '\(name.string)' got multiple values for argument '\(parameter.string)'")
            }
            inner[parameter] = given.positional[place]
          } else if let keyword {
            inner[parameter] = rest.remove(at: keyword).value
          } else if let standard = optional(parameters[place][1]) {
            inner[parameter] = try evaluate(standard, inner)
          } else {
            inner[parameter] = .undefined("parameter '\(parameter.string)' was not provided")
          }
        }
        let called = rest.firstIndex { $0.name == caller }.map { rest.remove(at: $0).value }
        if !names.contains(caller) { inner[caller] = called ?? .undefined("'caller' is undefined") }
        let extra = Array(given.positional.dropFirst(names.count))
        if !extra.isEmpty, !uses(body, Text("varargs")) {
          throw failed("macro '\(name.string)' takes not more than \(names.count) argument(s)")
        }
        if let (keyword, _) = rest.first, !uses(body, Text("kwargs")) {
          throw failed("macro '\(name.string)' takes no keyword argument '\(keyword.string)'")
        }
        if called != nil, !names.contains(caller), !uses(body, caller) {
          throw failed("macro '\(name.string)' takes no caller")
        }
        inner[Text("varargs")] = .tuple(extra)
        var keywords = Dict()
        for (keyword, value) in rest { keywords[.string(keyword)] = value }
        inner[Text("kwargs")] = .dict(keywords)
        return .string(try text(body, inner))
      }
    }
  }

  /// Whether a name is read anywhere in a block.
  private func uses(_ number: Int, _ name: Text) -> Bool {
    let node = program.nodes[number]
    if node.kind == .name { return program.texts[Int(node.operands[0])] == name }
    var wanted = Array(node.kind.operands)
    if wanted.last == "*" { wanted.removeLast(2) }
    for (place, operand) in node.operands.enumerated() where operand != Layout.none {
      let isText = place < wanted.count && wanted[place] == "s"
      if !isText, uses(Int(operand), name) { return true }
    }
    return false
  }

  // MARK: Expressions

  /// - Parameter printed: what a filter without a value of its own filters: the text of a block.
  private func evaluate(_ number: Int, _ scope: Scope, _ printed: Text? = nil) throws -> Value {
    try budget.enter()
    defer { budget.leave() }
    let node = program.nodes[number]
    let operands = node.operands
    func value(_ place: Int) throws -> Value { try evaluate(Int(operands[place]), scope, printed) }
    func all(_ from: Int = 0) throws -> [Value] {
      try operands.dropFirst(from).map { try evaluate(Int($0), scope, printed) }
    }
    func literal(_ place: Int) -> Text { program.texts[Int(operands[place])] }
    switch node.kind {
    case .name: return scope[literal(0)]
    case .string: return .string(literal(0))
    case .integer: return try exact(Double(literal(0).string) ?? .infinity)
    case .float: return .float(Double(literal(0).string) ?? .nan)
    case .true: return .bool(true)
    case .false: return .bool(false)
    case .none: return .none
    case .list: return .list(try all())
    case .tuple: return .tuple(try all())
    case .dict:
      var dict = Dict()
      let values = try all()
      for place in stride(from: 0, to: values.count - 1, by: 2) { dict[try Key(values[place])] = values[place + 1] }
      return .dict(dict)
    case .attribute: return try attribute(value(0), literal(1))
    case .item: return try item(value(0), value(1))
    case .slice:
      let bounds = try operands[1...].map { try optional($0).map { try evaluate($0, scope, printed) } }
      return try slice(value(0), bounds)
    case .call: return try call(operands, scope, caller: nil, printed)
    case .filter:
      let name = literal(0).string
      let inner = try optional(operands[1]).map { try evaluate($0, scope, printed) } ?? .string(printed ?? [])
      return try filtered(name, inner, arguments(name, operands.dropFirst(2), scope, printed), self)
    case .test:
      let name = literal(0).string
      return .bool(try passes(name, value(1), arguments(name, operands.dropFirst(2), scope, printed)))
    case .conditional:
      if try value(1).isTrue { return try value(0) }
      return try optional(operands[2]).map { try evaluate($0, scope, printed) }
        ?? .undefined("the inline if-expression has no else")
    case .not: return .bool(try !value(0).isTrue)
    case .and:
      let left = try value(0)
      return left.isTrue ? try value(1) : left
    case .or:
      let left = try value(0)
      return left.isTrue ? left : try value(1)
    case .negative: return try signed(value(0), -1)
    case .positive: return try signed(value(0), 1)
    case .concat:
      let parts = try all().map(str)
      try budget.make(parts.reduce(0) { $0 + $1.count })
      return .string(Text(parts.joined()))
    case .compare: return .bool(try compareChain(operands, scope, printed))
    case .add, .subtract, .multiply, .divide, .floorDivide, .modulo, .power:
      return try arithmetic(node.kind, value(0), value(1), budget)
    default: throw failed("\(node.kind) is no expression")
    }
  }

  private func signed(_ value: Value, _ sign: Double) throws -> Value {
    try value.refuseUndefined()
    guard let number = value.number else {
      throw failed("bad operand type for unary \(sign < 0 ? "-" : "+"): '\(value.typeName)'")
    }
    return value.isFloat ? .float(sign * number) : try exact(sign * number)
  }

  private func compareChain(_ operands: [UInt32], _ scope: Scope, _ printed: Text?) throws -> Bool {
    var left = try evaluate(Int(operands[0]), scope, printed)
    for one in operands.dropFirst() {
      let comparison = program.nodes[Int(one)]
      guard comparison.kind == .comparison else { throw failed("a comparison is missing") }
      let right = try evaluate(Int(comparison.operands[1]), scope, printed)
      if try !compares(program.texts[Int(comparison.operands[0])].string, left, right) { return false }
      left = right
    }
    return true
  }

  private func arguments(
    _ what: String, _ operands: some Sequence<UInt32>, _ scope: Scope, _ printed: Text?
  ) throws -> Arguments {
    var given = Arguments(what: what, positional: [], keywords: [])
    for one in operands {
      let node = program.nodes[Int(one)]
      if node.kind == .keyword {
        let name = program.texts[Int(node.operands[0])]
        if given.keywords.contains(where: { $0.name == name }) {
          throw failed("keyword argument repeated: \(name.string)")
        }
        given.keywords.append((name, try evaluate(Int(node.operands[1]), scope, printed)))
      } else {
        given.positional.append(try evaluate(Int(one), scope, printed))
      }
    }
    return given
  }

  /// - Parameter caller: of a call block.
  private func call(_ operands: [UInt32], _ scope: Scope, caller: Callable?, _ printed: Text?) throws -> Value {
    let called = try evaluate(Int(operands[0]), scope, printed)
    var given = try arguments("the function", operands.dropFirst(), scope, printed)
    try called.refuseUndefined()
    guard case .callable(let callable) = called else { throw failed("'\(called.typeName)' object is not callable") }
    if let caller { given.keywords.append((Text("caller"), .callable(caller))) }
    return try callable.call(given)
  }

  /// `value.name`: an attribute or a method, else an item.
  private func attribute(_ value: Value, _ name: Text) throws -> Value {
    try value.refuseUndefined()
    if let own = try ownAttribute(value, name) { return own }
    if case .dict(let dict) = value, let found = dict[.string(name)] { return found }
    return missing(value, name)
  }

  private func ownAttribute(_ value: Value, _ name: Text) throws -> Value? {
    switch value {
    case .namespace(let namespace): return namespace.values[name]
    case .markup: throw failed("\(name.string) of a safe text is not supported")
    case .loop(let loop): return try loopAttribute(loop, name.string)
    case .callable(let callable): return callable.attributes[name]
    default: return try method(of: value, name.string, budget)
    }
  }

  private func missing(_ value: Value, _ name: Text) -> Value {
    .undefined("'\(value.typeName) object' has no attribute '\(name.string)'")
  }

  /// `value[index]`: an item, else an attribute.
  func item(_ value: Value, _ index: Value) throws -> Value {
    try value.refuseUndefined()
    if case .dict(let dict) = value, let key = try? Key(index), let found = dict[key] { return found }
    if let at = index.whole, let items = value.sequence {
      let place = at < 0 ? items.count + at : at
      return items.indices.contains(place)
        ? items[place] : .undefined("\(value.typeName) object has no element \(at)")
    }
    if case .string(let name) = index { return try ownAttribute(value, name) ?? missing(value, name) }
    return .undefined("\(value.typeName) object has no element \(index.typeName)")
  }

  private func slice(_ value: Value, _ bounds: [Value?]) throws -> Value {
    try value.refuseUndefined()
    guard let items = value.sequence else { throw failed("'\(value.typeName)' object is not subscriptable") }
    func given(_ place: Int) -> Value? { bounds[place].flatMap { $0.isNone ? nil : $0 } }
    let step = try given(2)?.integer("the step of a slice") ?? 1
    if step == 0 { throw failed("slice step cannot be zero") }
    func bound(_ place: Int, _ standard: Int) throws -> Int {
      guard let at = try given(place)?.integer("a bound of a slice") else { return standard }
      let from = at < 0 ? at + items.count : at
      return step > 0 ? min(max(from, 0), items.count) : min(max(from, -1), items.count - 1)
    }
    let from = try bound(0, step > 0 ? 0 : items.count - 1)
    let to = try bound(1, step > 0 ? items.count : -1)
    let picked = stride(from: from, to: to, by: step).map { items[$0] }
    try budget.make(picked.count)
    switch value {
    case .string: return .string(picked.flatMap { $0.text ?? [] })
    case .tuple: return .tuple(picked)
    case .view(let view):
      // A part of a range is a range.
      let (start, by) = (view.bounds[0], view.bounds[2])
      return .view(View("range", picked, [start + from * by, start + to * by, by * step]))
    default: return .list(picked)
    }
  }
}

private func setAttribute(_ target: Namespace, _ name: Text, _ value: Value) throws {
  if name.first == "_" { throw failed("a namespace cannot hold \(name.string)") }
  target.values[name] = value
}

/// What every template may call.
private func builtins(_ now: Date, _ budget: Budget) -> [(String, (Arguments) throws -> Value)] {
  [
    ("range", range),
    ("dict", { .dict(try dict($0)) }),
    (
      "namespace",
      { given in
        try budget.makeNamespace()
        let namespace = Namespace()
        for (key, value) in try dict(given).entries { try setAttribute(namespace, str(key.value), value) }
        return .namespace(namespace)
      }
    ),
    (
      "raise_exception",
      { given in throw TokenizerError.templateRefused(try str(given.take("message", needed: 1)[0]!).string) }
    ),
    (
      "strftime_now",
      { given in
        let format = try given.take("format", needed: 1)[0]!
        guard let text = format.text else {
          throw failed("strftime() argument 1 must be str, not \(format.typeName)")
        }
        return .string(strftime(now, text))
      }
    ),
  ]
}

private func range(_ given: Arguments) throws -> Value {
  let values = try given.take("start", "stop", "step", needed: 1)
  let first = try values[0]!.integer("start")
  let (start, stop) = try values[1].map { (first, try $0.integer("stop")) } ?? (0, first)
  let step = try values[2]?.integer("step") ?? 1
  if step == 0 { throw failed("range() arg 3 must not be zero") }
  let length = max(0, ((Double(stop) - Double(start)) / Double(step)).rounded(.up))
  if length > 100_000 { throw failed("Range too big. The sandbox blocks ranges larger than MAX_RANGE (100000).") }
  return .view(View("range", stride(from: start, to: stop, by: step).map { .int($0) }, [start, stop, step]))
}

private func dict(_ given: Arguments) throws -> Dict {
  guard given.positional.count <= 1 else { throw failed("dict expected at most 1 argument") }
  var result = Dict()
  if case .dict(let from) = given.positional.first {
    result = from
  } else if let from = given.positional.first {
    for pair in try from.iterate() {
      let parts = try pair.iterate()
      guard parts.count == 2 else { throw failed("a dict is made of pairs") }
      result[try Key(parts[0])] = parts[1]
    }
  }
  for (name, value) in given.keywords { result[.string(name)] = value }
  return result
}

private func loopAttribute(_ loop: Loop, _ name: String) throws -> Value? {
  let (index, length) = (loop.index, loop.items.count)
  switch name {
  case "index": return .int(index + 1)
  case "index0": return .int(index)
  case "revindex": return .int(length - index)
  case "revindex0": return .int(length - index - 1)
  case "first": return .bool(index == 0)
  case "last": return .bool(index == length - 1)
  case "length": return .int(length)
  case "depth": return .int(1)
  case "depth0": return .int(0)
  case "previtem": return index > 0 ? loop.items[index - 1] : .undefined("there is no previous item")
  case "nextitem": return index + 1 < length ? loop.items[index + 1] : .undefined("there is no next item")
  case "cycle":
    return .callable(
      Callable { given in
        if given.positional.isEmpty { throw failed("no items for cycling given") }
        return given.positional[loop.index % given.positional.count]
      })
  case "changed":
    return .callable(
      Callable { given in
        let values = given.positional
        let isSame =
          try loop.changed.map { try $0.count == values.count && zip($0, values).allSatisfy { try str($0) == str($1) } }
          ?? false
        loop.changed = values
        return .bool(!isSame)
      })
  default: return nil
  }
}
