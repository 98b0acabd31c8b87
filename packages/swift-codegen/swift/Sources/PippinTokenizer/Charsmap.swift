/// SentencePiece's normalization as the reference does it: a short grapheme cluster that begins with an entry becomes what that
/// entry says, whatever else is in it; of other clusters each character by itself.
struct Charsmap: Sendable {
  /// Clusters of so many bytes are looked up whole. Source: `Precompiled` of the crate tokenizers.
  private static let maxClusterBytes = 5

  private let characters: CodePointMap
  /// Entries of several characters; values are strings of the program.
  private let sequences: Trie
  private let clusters: Dfa
  private let program: Program

  init(_ program: Program, characters: UInt32, sequences: UInt32, clusters: UInt32) throws {
    let file = program.file
    self.program = program
    self.characters = try CodePointMap(file.section(characters, .codePoints))
    self.sequences = try Trie(file.section(sequences, .trie))
    self.clusters = try Dfa(file.section(clusters, .dfa))
  }

  /// The text as normalized.
  ///
  /// - Parameter head: the end of what comes from the first character of the original.
  func apply(_ text: UnsafeBufferPointer<UInt8>, _ head: inout Int) -> [UInt8]? {
    guard let bytes = text.baseAddress else { return nil }
    let count = text.count
    var out = Rewriter(text, head: head)
    // Where what is written comes from: the reference takes a character of the text for each that it writes, and for the first
    // those that there are more. What becomes nothing goes with what is before it; at the beginning, it is taken for what comes
    // next.
    var taken = 0
    var isFirst = true
    func next(_ at: Int) -> Int { at < count ? min(count, at + utf8Length(bytes[at])) : count }
    func put(_ content: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) {
      let old = characterCount(text[start..<end])
      let more = max(0, old - characterCount(content[...]))
      var (at, number) = (0, 0)
      while at < content.count {
        let stop = min(content.count, at + utf8Length(content[at]))
        let isAdded = number >= old
        let from = !isAdded || taken == 0 ? taken : characterBefore(bytes, 0, taken)
        out.put(content[at..<stop], from, isAdded && taken == 0 ? 0 : next(from))
        if !isAdded { taken = next(taken) }
        if number == 0 { for _ in 0..<more { taken = next(taken) } }
        at = stop
        number += 1
        isFirst = false
      }
      if content.isEmpty, !isFirst { for _ in 0..<old { taken = next(taken) } }
    }
    var at = 0
    while at < count {
      let end = min(count, max(at + 1, clusters.matchEnd(bytes, begin: 0, at: at, end: count)))
      if end - at <= Self.maxClusterBytes, let content = cluster(bytes, at, end) {
        content.withUnsafeBufferPointer { put($0, at, end) }
        at = end
        continue
      }
      while at < end {
        let stop = next(at)
        if let content = characters[codePoint(bytes, at, stop - at)] {
          put(UnsafeBufferPointer(start: content.start, count: content.count), at, stop)
        } else {
          put(UnsafeBufferPointer(rebasing: text[at..<stop]), at, stop)
        }
        at = stop
      }
    }
    return out.done(&head)
  }

  private func characterCount(_ text: Slice<UnsafeBufferPointer<UInt8>>) -> Int {
    text.reduce(0) { $0 + ($1 & 0xc0 == 0x80 ? 0 : 1) }
  }

  private func cluster(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> [UInt8]? {
    let length = min(utf8Length(bytes[start]), end - start)
    if let first = characters[codePoint(bytes, start, length)] { return first.array }
    var node = 0
    for at in start..<end {
      node = sequences.child(node, bytes[at])
      if node == 0 { return nil }
      let string = sequences.value(node)
      if string != Layout.none { return try? program.string(string) }
    }
    return nil
  }
}
