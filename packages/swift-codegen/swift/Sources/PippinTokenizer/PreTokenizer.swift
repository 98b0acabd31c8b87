/// Cuts text into the pieces that the model gets; none is empty.
struct PreTokenizer: Sendable {
  /// Source of the behaviors: `NormalizedString::split` of the crate tokenizers.
  private enum Behavior: UInt32 {
    case removed, isolated, mergedWithPrevious, mergedWithNext, contiguous
  }

  private enum Stage: Sendable {
    case isolate(Dfa)
    case remove(Dfa, invert: Bool)
    case split(Dfa, Behavior, invert: Bool)
    case prepend([UInt8], onlyFirst: Bool)
    case byteAlphabet
    case replace(Dfa, [UInt8])
  }

  private let stages: [Stage]

  init(_ program: Program) throws {
    let file = program.file
    stages = try program.preTokenizers.map { op in
      switch op.code {
      case 1:
        let dfa = try Dfa(file.section(op.a, .dfa))
        guard let behavior = Behavior(rawValue: op.b) else {
          throw TokenizerError.broken("it names the unknown behavior \(op.b)")
        }
        switch behavior {
        case .isolated: return .isolate(dfa)
        case .removed: return .remove(dfa, invert: op.c != 0)
        default: return .split(dfa, behavior, invert: op.c != 0)
        }
      case 2: return .prepend(try program.string(op.a), onlyFirst: op.b != 0)
      case 3: return .byteAlphabet
      case 4: return .replace(try Dfa(file.section(op.a, .dfa)), try program.string(op.b))
      default: throw TokenizerError.broken("it names the unknown pre-tokenizer \(op.code)")
      }
    }
  }

  /// - Parameter head: where what comes from the first character of the whole text ends in `bytes`.
  func run(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int, head: Int, _ model: any Model) {
    run(0, bytes, start, end, head, model)
  }

  private func run(
    _ number: Int, _ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ head: Int, _ model: any Model
  ) {
    guard number < stages.count else {
      model.tokenize(bytes, start, end)
      return
    }
    let next = number + 1
    switch stages[number] {
    case .isolate(let dfa): isolate(dfa, next, bytes, start, end, head, model)
    case .remove(let dfa, let invert):
      var at = start
      dfa.eachMatch(bytes, start, end) { from, to in
        let (begin, stop) = invert ? (from, to) : (at, from)
        if begin < stop { run(next, bytes, begin, stop, head, model) }
        at = to
      }
      if !invert, at < end { run(next, bytes, at, end, head, model) }
    case .split(let dfa, let behavior, let invert):
      for (from, to) in merged(spans(dfa, bytes, start, end, invert), behavior) where from < to {
        run(next, bytes, from, to, head, model)
      }
    case .prepend(let before, let onlyFirst):
      let has = before.withUnsafeBufferPointer { before in
        end - start >= before.count && (before.isEmpty || equal(before.baseAddress!, bytes + start, before.count))
      }
      if has || (onlyFirst && start >= head) {
        run(next, bytes, start, end, head, model)
      } else {
        var head = max(0, head - start)
        pass(prepended(before, UnsafeBufferPointer(start: bytes + start, count: end - start), &head), next, head, model)
      }
    case .byteAlphabet:
      var head = max(0, head - start)
      pass(spelled(UnsafeBufferPointer(start: bytes + start, count: end - start), &head), next, head, model)
    case .replace(let dfa, let content):
      var newHead = max(0, head - start)
      if let text = replaced(dfa, content, UnsafeBufferPointer(start: bytes + start, count: end - start), &newHead) {
        pass(text, next, newHead, model)
      } else {
        run(next, bytes, start, end, head, model)
      }
    }
  }

  private func pass(_ piece: [UInt8], _ number: Int, _ head: Int, _ model: any Model) {
    piece.withUnsafeBufferPointer { piece in
      if let start = piece.baseAddress, !piece.isEmpty { run(number, start, 0, piece.count, head, model) }
    }
  }

  /// The usual kind of stage, without the calls of the general one.
  private func isolate(
    _ dfa: Dfa, _ next: Int, _ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ head: Int, _ model: any Model
  ) {
    let isLast = next == stages.count
    var from = start
    var last = -1
    var at = start
    while at < end {
      let to = dfa.matchEnd(bytes, begin: start, at: at, end: end)
      if to < 0 || (to == at && to == last) {
        at += utf8Length(bytes[at])
        continue
      }
      if from < at { run(next, bytes, from, at, head, model) }
      if at < to {
        if isLast { model.tokenize(bytes, at, to) } else { run(next, bytes, at, to, head, model) }
      }
      from = to
      at = to
      last = to
    }
    if from < end { run(next, bytes, from, end, head, model) }
  }

  private typealias Span = (from: Int, to: Int, isMatch: Bool)

  private func spans(
    _ dfa: Dfa, _ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ invert: Bool
  ) -> [Span] {
    var spans: [Span] = []
    var at = start
    dfa.eachMatch(bytes, start, end) { from, to in
      if at != from { spans.append((at, from, invert)) }
      spans.append((from, to, !invert))
      at = to
    }
    if at != end { spans.append((at, end, invert)) }
    return spans
  }

  private func merged(_ spans: [Span], _ behavior: Behavior) -> [(Int, Int)] {
    let isBackwards = behavior == .mergedWithNext
    var out: [(Int, Int)] = []
    var previous = false
    for span in isBackwards ? spans.reversed() : spans {
      let joins = behavior == .contiguous ? span.isMatch == previous : span.isMatch && !previous
      if out.isEmpty || !joins {
        out.append((span.from, span.to))
      } else if isBackwards {
        out[out.count - 1].0 = span.from
      } else {
        out[out.count - 1].1 = span.to
      }
      previous = span.isMatch
    }
    return isBackwards ? out.reversed() : out
  }
}
