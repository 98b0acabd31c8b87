/// The most likely tokens of a text, by Viterbi's algorithm over the tokens that begin at each character.
final class Unigram: Model {
  /// What an unknown character costs beyond the least score. Source: SentencePiece, `kUnkPenalty`.
  private static let unkPenalty = 10.0

  var ids: [UInt32] = []
  private let vocabulary: Vocabulary
  private let trie: Trie
  /// Bits of F64; the least score comes before those of the tokens.
  private let scores: Table<UInt64>
  private let unkId: UInt32
  private let unkScore: Double
  private let byteFallback: Bool
  private let byteIds: Table<UInt32>

  init(_ program: Program, _ vocabulary: Vocabulary) throws {
    self.vocabulary = vocabulary
    trie = try Trie(program.file.section(program[.vocabTrie], .trie))
    scores = Table(program.file.only(.scores))
    guard scores.count > 0 else { throw TokenizerError.broken("it has no scores") }
    unkId = program[.unkId]
    unkScore = Double(bitPattern: scores[0]) - Self.unkPenalty
    byteFallback = program[.modelFlags] & ModelFlags.byteFallback != 0
    byteIds = Table(program.file.only(.byteIds))
  }

  func tokenize(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int) {
    let size = end - start
    var best = [Double](repeating: 0, count: size + 1)
    var from = [Int](repeating: -1, count: size + 1)
    var found = [UInt32](repeating: 0, count: size + 1)
    func improve(_ to: Int, _ at: Int, _ score: Double, _ id: UInt32) {
      if from[to] >= 0, score <= best[to] { return }
      best[to] = score
      from[to] = at
      found[to] = id
    }
    var at = 0
    while at < size {
      let character = utf8Length(bytes[start + at])
      let score = best[at]
      var hasSingle = false
      var node = 0
      var p = at
      while p < size {
        node = trie.child(node, bytes[start + p])
        if node == 0 { break }
        p += 1
        let id = trie.value(node)
        if id == Layout.none { continue }
        improve(p, at, score + Double(bitPattern: scores[Int(id) + 1]), id)
        if p - at == character { hasSingle = true }
      }
      let next = min(size, at + character)
      if !hasSingle { improve(next, at, score + unkScore, unkId) }
      at = next
    }
    emit(bytes, start, from, found)
  }

  /// From the end to the beginning; unknown characters beside each other are one.
  private func emit(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ from: [Int], _ found: [UInt32]) {
    var cuts: [(Int, Int)] = []
    var to = from.count - 1
    while to > 0 {
      var at = from[to]
      if found[to] == unkId {
        while at > 0, found[at] == unkId { at = from[at] }
      }
      cuts.append((at, to))
      to = at
    }
    for (from, to) in cuts.reversed() { piece(bytes + start + from, to - from) }
  }

  private func piece(_ bytes: UnsafePointer<UInt8>, _ count: Int) {
    let (mask, wanted) = (Vocabulary.modelMask, Vocabulary.modelWanted)
    if let id = vocabulary.find(bytes, count, mask: mask, wanted: wanted) {
      ids.append(UInt32(id))
      return
    }
    let text = UnsafeBufferPointer(start: bytes, count: count)
    if byteFallback, text.allSatisfy({ Int($0) < byteIds.count && byteIds[Int($0)] != Layout.none }) {
      for byte in text { ids.append(byteIds[Int(byte)]) }
    } else if unkId != Layout.none {
      ids.append(unkId)
    }
  }
}
