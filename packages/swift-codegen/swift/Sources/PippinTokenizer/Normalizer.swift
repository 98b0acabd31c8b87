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
  /// - Parameter head: the end of what comes from the first character of the original.
  func apply(_ text: UnsafeBufferPointer<UInt8>, head: inout Int) -> [UInt8]? {
    var result: [UInt8]?
    for step in steps {
      let changed: [UInt8]?
      if let current = result {
        changed = current.withUnsafeBufferPointer { Self.apply(step, $0, &head) }
      } else {
        changed = Self.apply(step, text, &head)
      }
      if let changed { result = changed }
    }
    return result
  }

  private static func apply(_ step: Step, _ text: UnsafeBufferPointer<UInt8>, _ head: inout Int) -> [UInt8]? {
    switch step {
    case .map(let map): return mapped(map, text, &head)
    case .form(let form): return form.apply(text, &head)
    case .prepend(let before): return text.isEmpty ? nil : prepended(before, text, &head)
    case .replace(let dfa, let content): return replaced(dfa, content, text, &head)
    case .strip(let left, let right): return stripped(text, left, right, &head)
    case .byteAlphabet: return spelled(text, &head)
    case .pad(let table): return padded(table, text, &head)
    case .charsmap(let charsmap): return charsmap.apply(text, &head)
    }
  }

  private static func mapped(_ map: CodePointMap, _ text: UnsafeBufferPointer<UInt8>, _ head: inout Int) -> [UInt8]? {
    guard let bytes = text.baseAddress else { return nil }
    var out: Rewriter?
    var (at, from) = (0, 0)
    while at < text.count {
      let length = min(utf8Length(bytes[at]), text.count - at)
      if let content = map[codePoint(bytes, at, length)] {
        if out == nil { out = Rewriter(text, head: head) }
        out!.keep(from, at)
        out!.put(UnsafeBufferPointer(start: content.start, count: content.count), at, at + length)
        from = at + length
      }
      at += length
    }
    out?.keep(from, text.count)
    return out?.done(&head)
  }

  private static func padded(
    _ table: CodePointTable, _ text: UnsafeBufferPointer<UInt8>, _ head: inout Int
  ) -> [UInt8]? {
    guard let bytes = text.baseAddress else { return nil }
    var out: Rewriter?
    var (at, from) = (0, 0)
    while at < text.count {
      let length = min(utf8Length(bytes[at]), text.count - at)
      if table[codePoint(bytes, at, length)] != 0 {
        if out == nil { out = Rewriter(text, head: head) }
        out!.keep(from, at)
        out!.put(CollectionOfOne(0x20), at, at + length)
        out!.keep(at, at + length)
        out!.put(CollectionOfOne(0x20), at, at + length)
        from = at + length
      }
      at += length
    }
    out?.keep(from, text.count)
    return out?.done(&head)
  }

  private static func stripped(
    _ text: UnsafeBufferPointer<UInt8>, _ left: Bool, _ right: Bool, _ head: inout Int
  ) -> [UInt8]? {
    guard let bytes = text.baseAddress else { return nil }
    var (start, end) = (0, text.count)
    while left, start < end {
      let length = min(utf8Length(bytes[start]), end - start)
      guard isWhiteSpace(codePoint(bytes, start, length)) else { break }
      start += length
    }
    head = max(0, head - start)
    while right, start < end {
      let last = characterBefore(bytes, start, end)
      guard isWhiteSpace(codePoint(bytes, last, end - last)) else { break }
      end = last
    }
    return start == 0 && end == text.count ? nil : Array(text[start..<end])
  }
}

/// All matches replaced, or nil when there is none. What is put there comes from the last character of its match.
func replaced(_ dfa: Dfa, _ content: [UInt8], _ text: UnsafeBufferPointer<UInt8>, _ head: inout Int) -> [UInt8]? {
  guard let bytes = text.baseAddress else {
    // An empty text may still match.
    var matches = false
    let nothing: [UInt8] = [0]
    nothing.withUnsafeBufferPointer { dfa.eachMatch($0.baseAddress!, 0, 0) { _, _ in matches = true } }
    return matches ? content : nil
  }
  var out: Rewriter?
  var from = 0
  let oldHead = head
  dfa.eachMatch(bytes, 0, text.count) { start, end in
    if out == nil { out = Rewriter(text, head: oldHead) }
    out!.keep(from, start)
    out!.put(content, start < end ? characterBefore(bytes, start, end) : end, end)
    from = end
  }
  out?.keep(from, text.count)
  return out?.done(&head)
}

/// A text, which is not empty, with `before` before it.
func prepended(_ before: [UInt8], _ text: UnsafeBufferPointer<UInt8>, _ head: inout Int) -> [UInt8] {
  var out = Rewriter(text, head: head)
  out.put(before, 0, min(utf8Length(text[0]), text.count))
  out.keep(0, text.count)
  return out.done(&head)
}

/// Bytes as characters of the byte alphabet.
func spelled(_ text: UnsafeBufferPointer<UInt8>, _ head: inout Int) -> [UInt8] {
  if head == 0 { return ByteAlphabet.spell(text) }
  let newHead = ByteAlphabet.spell(UnsafeBufferPointer(rebasing: text[..<min(head, text.count)])).count
  head = newHead
  return ByteAlphabet.spell(text)
}
