/// What a node of a template is. Codes and operands are those of docs/chat-template-program.md.
enum NodeKind: UInt8, CaseIterable {
  case block = 1
  case text, print, `if`, `for`, set, setBlock, macro, parameter, callBlock, filterBlock, with, `break`, `continue`
  case nameTarget = 20
  case attributeTarget, tupleTarget
  case name = 30
  case string, integer, float, `true`, `false`, none, list, tuple, dict, attribute, item, slice, call, keyword
  case filter, test, conditional, not, and, or, negative, positive, add, subtract, multiply, divide, floorDivide
  case modulo, power, concat, compare, comparison

  /// `n` a node, `o` a node or nothing, `s` a string; a last `*` repeats the operand before it.
  var operands: String {
    switch self {
    case .block, .tupleTarget, .list, .tuple, .dict, .concat: "n*"
    case .text, .nameTarget, .name, .string, .integer, .float: "s"
    case .print, .not, .negative, .positive: "n"
    case .if: "nno"
    case .for: "nnono"
    case .setBlock: "non"
    case .macro: "snn*"
    case .parameter: "so"
    case .with, .call, .compare: "nn*"
    case .break, .continue, .true, .false, .none: ""
    case .attributeTarget: "ss"
    case .attribute: "ns"
    case .slice: "nooo"
    case .keyword, .comparison: "sn"
    case .filter: "son*"
    case .test: "snn*"
    case .conditional: "nno"
    default: "nn"
    }
  }
}

extension NodeKind {
  private static let targets: Set<NodeKind> = [.nameTarget, .attributeTarget, .tupleTarget]

  func takesNode(at place: Int) -> Bool {
    let wanted = Array(operands)
    return wanted.last == "*" && place >= wanted.count - 2 || wanted[place] != "s"
  }

  /// Whether a node of kind `child` can stand there; where any statement or expression can, running it says more.
  func fits(_ child: NodeKind, at place: Int) -> Bool {
    switch self {
    case .compare: place == 0 || child == .comparison
    case .macro: place < 2 || child == .parameter
    case .callBlock: child == (place == 0 ? .call : .macro)
    case .filterBlock: place > 0 || child == .filter
    case .setBlock: place == 0 ? Self.targets.contains(child) : place > 1 || child == .filter
    case .for, .set: place > 0 || Self.targets.contains(child)
    case .with: place % 2 == 0 || Self.targets.contains(child)
    case .tupleTarget: Self.targets.contains(child)
    default: true
    }
  }
}

/// A chat template's program, read and checked: operands of a node lead to nodes before it, so that none leads in a circle.
struct TemplateProgram: Sendable {
  struct Node: Sendable {
    let kind: NodeKind
    let operands: [UInt32]
  }

  private static let magic: UInt32 = 0x4c50_5450
  private static let maxDepth = 200

  let nodes: [Node]
  let texts: [Text]
  var root: Int { nodes.count - 1 }

  init(_ section: UnsafeRawBufferPointer) throws {
    func bad(_ reason: String) -> TokenizerError { .broken("its chat template: \(reason)") }
    let words = Table<UInt32>(section)
    guard words.count >= 6, words[0] == Self.magic else { throw bad("it does not begin as one") }
    guard words[1] == 1 else { throw bad("its version is \(words[1])") }
    let (count, textCount, nodeWords, textBytes) = (Int(words[2]), Int(words[3]), Int(words[4]), Int(words[5]))
    let textsAt = 6 + nodeWords
    guard 4 * (textsAt + textCount) + textBytes == section.count, count > 0 else { throw bad("it is cut off") }
    texts = try Self.readTexts(section, words, textsAt, textCount)

    var nodes: [Node] = []
    var depths: [Int] = []
    var at = 6
    for _ in 0..<count {
      guard at < textsAt else { throw bad("a node is missing") }
      let operandCount = Int(words[at] >> 8)
      guard let kind = NodeKind(rawValue: UInt8(words[at] & 255)), operandCount < textsAt - at else {
        throw bad("a node is not known")
      }
      let operands = (0..<operandCount).map { words[at + 1 + $0] }
      let depth = try Self.check(kind, operands, texts.count, depths)
      for (place, operand) in operands.enumerated() where kind.takesNode(at: place) && operand != Layout.none {
        guard kind.fits(nodes[Int(operand)].kind, at: place) else { throw bad("a node stands where it cannot") }
      }
      guard depth <= Self.maxDepth else { throw bad("its nodes are nested too deep") }
      nodes.append(Node(kind: kind, operands: operands))
      depths.append(depth)
      at += 1 + operandCount
    }
    guard at == textsAt, nodes.last?.kind == .block else { throw bad("its last node is no block") }
    self.nodes = nodes
  }

  /// - Returns: how deep nodes are nested in this one.
  private static func check(_ kind: NodeKind, _ operands: [UInt32], _ texts: Int, _ depths: [Int]) throws -> Int {
    var wanted = Array(kind.operands)
    let isOpen = wanted.last == "*"
    if isOpen { wanted.removeLast(2) }
    guard operands.count >= wanted.count, isOpen || operands.count == wanted.count else {
      throw TokenizerError.broken("its chat template: a node has \(operands.count) operands")
    }
    var depth = 0
    for (place, operand) in operands.enumerated() {
      switch place < wanted.count ? wanted[place] : "n" {
      case "s": guard operand < texts else { throw TokenizerError.broken("its chat template: a text is missing") }
      case "o" where operand == Layout.none: break
      default:
        guard operand < depths.count else { throw TokenizerError.broken("its chat template: a node leads nowhere") }
        depth = max(depth, depths[Int(operand)] + 1)
      }
    }
    return depth
  }

  private static func readTexts(
    _ section: UnsafeRawBufferPointer, _ words: Table<UInt32>, _ endsAt: Int, _ count: Int
  ) throws -> [Text] {
    let from = 4 * (endsAt + count)
    var begin = 0
    return try (0..<count).map { number in
      let end = Int(words[endsAt + number])
      guard end >= begin, from + end <= section.count else {
        throw TokenizerError.broken("its chat template: a text lies outside of it")
      }
      defer { begin = end }
      let bytes = Array(section[from + begin..<from + end])
      guard Utf8Stream.valid(bytes) else { throw TokenizerError.broken("its chat template: a text is not UTF-8") }
      return Text(String(decoding: bytes, as: UTF8.self).unicodeScalars)
    }
  }
}
