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

  /// The text as normalized, or nil when it stays as it is.
  func apply(_ text: UnsafeBufferPointer<UInt8>) -> [UInt8]? {
    guard let bytes = text.baseAddress else { return nil }
    var out: [UInt8]?
    var (at, from) = (0, 0)
    func put(_ content: some Collection<UInt8>, _ start: Int, _ end: Int) {
      if out == nil {
        out = []
        out!.reserveCapacity(text.count + 16)
      }
      out!.append(contentsOf: text[from..<start])
      out!.append(contentsOf: content)
      from = end
    }
    while at < text.count {
      let end = max(at + 1, clusters.matchEnd(bytes, begin: 0, at: at, end: text.count))
      if end - at <= Self.maxClusterBytes, let content = cluster(bytes, at, end) {
        put(content, at, end)
        at = end
        continue
      }
      while at < end {
        let length = min(utf8Length(bytes[at]), text.count - at)
        if let content = characters[codePoint(bytes, at, length)] {
          put(UnsafeBufferPointer(start: content.start, count: content.count), at, at + length)
        }
        at += length
      }
    }
    out?.append(contentsOf: text[from...])
    return out
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
