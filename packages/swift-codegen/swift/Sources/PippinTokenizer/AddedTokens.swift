/// Tokens that are matched whole in the text: the first one, and of those that begin there the longest.
struct AddedTokens: Sendable {
  private static let (singleWord, lstrip, rstrip) = (UInt32(1), UInt32(2), UInt32(4))

  private let trie: Trie
  private let wordCharacters: CodePointTable?
  private let isEmpty: Bool

  init(_ program: Program, _ word: ProgramWord) throws {
    trie = try Trie(program.file.section(program[word], .trie))
    let section = program[.wordCharacters]
    wordCharacters = section == Layout.none ? nil : try CodePointTable(program.file.section(section, .combining))
    isEmpty = trie.patterns.count == 0
  }

  /// Calls for what lies between added tokens, and for each of these. Source: `AddedVocabulary::find_matches` of the crate tokenizers.
  @inline(__always)
  func split(
    _ bytes: UnsafePointer<UInt8>, _ begin: Int, _ end: Int, text: (Int, Int) -> Void, token: (UInt32) -> Void
  ) {
    var from = begin
    var at = isEmpty ? end : begin
    while at < end {
      guard trie.begins(bytes[at]), let (pattern, matchEnd) = longest(bytes, at, end) else {
        at += 1
        continue
      }
      var (start, stop) = (at, matchEnd)
      at = stop
      let flags = trie.patterns[3 * pattern + 1]
      if flags & Self.singleWord != 0, !isAlone(bytes, begin, start, stop, end) { continue }
      if flags & Self.lstrip != 0 { start = max(from, spaceBefore(bytes, begin, start)) }
      if flags & Self.rstrip != 0 { stop = spaceBehind(bytes, stop, end) }
      if from < start { text(from, start) }
      // White space that another token took already leaves nothing.
      if start < stop { token(trie.patterns[3 * pattern]) }
      from = stop
    }
    if from < end { text(from, end) }
  }

  private func longest(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> (pattern: Int, end: Int)? {
    let count = trie.patterns.count / 3
    var found: (Int, Int)?
    var node = 0
    var at = start
    while at < end {
      node = trie.child(node, bytes[at])
      if node == 0 { break }
      at += 1
      let value = trie.value(node)
      if value < count { found = (Int(value), at) }
    }
    return found
  }

  private func isAlone(_ bytes: UnsafePointer<UInt8>, _ begin: Int, _ start: Int, _ stop: Int, _ end: Int) -> Bool {
    guard let wordCharacters else { return true }
    if start > begin {
      let before = characterBefore(bytes, begin, start)
      if wordCharacters[codePoint(bytes, before, start - before)] != 0 { return false }
    }
    if stop == end { return true }
    return wordCharacters[codePoint(bytes, stop, min(utf8Length(bytes[stop]), end - stop))] == 0
  }

  private func spaceBefore(_ bytes: UnsafePointer<UInt8>, _ begin: Int, _ end: Int) -> Int {
    var at = end
    while at > begin {
      let before = characterBefore(bytes, begin, at)
      guard isWhiteSpace(codePoint(bytes, before, at - before)) else { break }
      at = before
    }
    return at
  }

  private func spaceBehind(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Int {
    var at = start
    while at < end {
      let length = min(utf8Length(bytes[at]), end - at)
      guard isWhiteSpace(codePoint(bytes, at, length)) else { break }
      at += length
    }
    return at
  }
}
