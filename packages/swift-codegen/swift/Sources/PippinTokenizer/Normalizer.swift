/// Rewrites text before it is cut.
struct Normalizer: Sendable {
  private enum Step: Sendable {
    case map(CodePointMap)
    case form(NormalForm)
    case prepend([UInt8])
    case replace(Dfa, [UInt8])
    case strip(left: Bool, right: Bool)
    case byteAlphabet
    case pad(CodePointTable)
    case charsmap(Charsmap)
  }

  private let steps: [Step]

  init(_ program: Program) throws {
    let file = program.file
    steps = try program.normalizers.map { op in
      switch op.code {
      case 1: return .map(try CodePointMap(file.section(op.a, .codePoints)))
      case 2:
        let compositions = op.c == Layout.none ? nil : try file.section(op.c, .compositions)
        return .form(
          try NormalForm(
            decompositions: file.section(op.a, .codePoints), combining: file.section(op.b, .combining),
            compositions: compositions))
      case 3: return .prepend(try program.string(op.a))
      case 4: return .replace(try Dfa(file.section(op.a, .dfa)), try program.string(op.b))
      case 5: return .strip(left: op.a != 0, right: op.b != 0)
      case 6: return .charsmap(try Charsmap(program, characters: op.a, sequences: op.b, clusters: op.c))
      case 7: return .byteAlphabet
      case 8: return .pad(try CodePointTable(file.section(op.a, .combining)))
      default: throw TokenizerError.broken("it names the unknown normalizer \(op.code)")
      }
    }
  }

  var isEmpty: Bool { steps.isEmpty }

  /// The text as normalized, or nil when it stays as it is.
  ///
  /// - Parameter isCut: set when the first characters are gone, so that what is left does not stand at the beginning.
  func apply(_ text: UnsafeBufferPointer<UInt8>, isCut: inout Bool) -> [UInt8]? {
    var result: [UInt8]?
    for step in steps {
      let changed: [UInt8]?
      if let current = result {
        changed = current.withUnsafeBufferPointer { Self.apply(step, $0, &isCut) }
      } else {
        changed = Self.apply(step, text, &isCut)
      }
      if let changed { result = changed }
    }
    return result
  }

  private static func apply(_ step: Step, _ text: UnsafeBufferPointer<UInt8>, _ isCut: inout Bool) -> [UInt8]? {
    switch step {
    case .map(let map): return mapped(map, text, &isCut)
    case .form(let form): return form.apply(text)
    case .prepend(let before): return text.isEmpty ? nil : before + text
    case .replace(let dfa, let content): return replaced(dfa, content, text, &isCut)
    case .strip(let left, let right): return stripped(text, left, right, &isCut)
    case .byteAlphabet: return ByteAlphabet.spell(text)
    case .pad(let table): return padded(table, text)
    case .charsmap(let charsmap): return charsmap.apply(text)
    }
  }

  private static func mapped(
    _ map: CodePointMap, _ text: UnsafeBufferPointer<UInt8>, _ isCut: inout Bool
  ) -> [UInt8]? {
    guard let bytes = text.baseAddress else { return nil }
    var out: [UInt8]?
    var (at, from) = (0, 0)
    while at < text.count {
      let length = min(utf8Length(bytes[at]), text.count - at)
      if let content = map[codePoint(bytes, at, length)] {
        if at == 0, content.count == 0 { isCut = true }
        out = out ?? reserved(text.count)
        out!.append(contentsOf: text[from..<at])
        out!.append(contentsOf: UnsafeBufferPointer(start: content.start, count: content.count))
        from = at + length
      }
      at += length
    }
    out?.append(contentsOf: text[from...])
    return out
  }

  private static func padded(_ table: CodePointTable, _ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    guard let bytes = text.baseAddress else { return nil }
    var out: [UInt8]?
    var (at, from) = (0, 0)
    while at < text.count {
      let length = min(utf8Length(bytes[at]), text.count - at)
      if table[codePoint(bytes, at, length)] != 0 {
        out = out ?? reserved(text.count)
        out!.append(contentsOf: text[from..<at])
        out!.append(0x20)
        out!.append(contentsOf: text[at..<at + length])
        out!.append(0x20)
        from = at + length
      }
      at += length
    }
    out?.append(contentsOf: text[from...])
    return out
  }

  private static func stripped(
    _ text: UnsafeBufferPointer<UInt8>, _ left: Bool, _ right: Bool, _ isCut: inout Bool
  ) -> [UInt8]? {
    guard let bytes = text.baseAddress else { return nil }
    var (start, end) = (0, text.count)
    while left, start < end {
      let length = min(utf8Length(bytes[start]), end - start)
      guard isWhiteSpace(codePoint(bytes, start, length)) else { break }
      start += length
    }
    if start > 0 { isCut = true }
    while right, start < end {
      let last = characterBefore(bytes, start, end)
      guard isWhiteSpace(codePoint(bytes, last, end - last)) else { break }
      end = last
    }
    return start == 0 && end == text.count ? nil : Array(text[start..<end])
  }

  private static func reserved(_ count: Int) -> [UInt8] {
    var out: [UInt8] = []
    out.reserveCapacity(count + 16)
    return out
  }
}

/// All matches replaced, or nil when there is none.
func replaced(
  _ dfa: Dfa, _ content: [UInt8], _ text: UnsafeBufferPointer<UInt8>, _ isCut: inout Bool
) -> [UInt8]? {
  guard let bytes = text.baseAddress else {
    // An empty text may still match.
    var matches = false
    let nothing: [UInt8] = [0]
    nothing.withUnsafeBufferPointer { dfa.eachMatch($0.baseAddress!, 0, 0) { _, _ in matches = true } }
    return matches ? content : nil
  }
  var out: [UInt8]?
  var from = 0
  var cut = false
  dfa.eachMatch(bytes, 0, text.count) { start, end in
    if start == 0, end > 0, content.isEmpty { cut = true }
    if out == nil {
      out = []
      out!.reserveCapacity(text.count + 16)
    }
    out!.append(contentsOf: text[from..<start])
    out!.append(contentsOf: content)
    from = end
  }
  if cut { isCut = true }
  out?.append(contentsOf: text[from...])
  return out
}
