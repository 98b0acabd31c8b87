/// Cuts a piece of text, which is not empty, into tokens; their ids go to the end of `ids`. One at a time may use it.
protocol Model: AnyObject {
  var ids: [UInt32] { get set }
  func tokenize(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int)
}

func makeModel(_ program: Program, _ vocabulary: Vocabulary) throws -> any Model {
  switch program[.model] {
  case 1: return try BytePairEncoding(program, vocabulary)
  case 2: return try Unigram(program, vocabulary)
  case 3: return WordPiece(program, vocabulary, prefix: try program.string(program[.prefix]))
  case 4: return WordLevel(program, vocabulary)
  default: throw TokenizerError.broken("it names the unknown model \(program[.model])")
  }
}

/// The piece as it is, or unknown.
final class WordLevel: Model {
  var ids: [UInt32] = []
  private let vocabulary: Vocabulary
  private let unkId: UInt32

  init(_ program: Program, _ vocabulary: Vocabulary) {
    self.vocabulary = vocabulary
    unkId = program[.unkId]
  }

  func tokenize(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int) {
    let (mask, wanted) = (Vocabulary.modelMask, Vocabulary.modelWanted)
    if let id = vocabulary.find(bytes + start, end - start, mask: mask, wanted: wanted) {
      ids.append(UInt32(id))
    } else if unkId != Layout.none {
      ids.append(unkId)
    }
  }
}

/// The longest token that the rest of a word begins with, again and again; a word that cannot be cut so is unknown.
final class WordPiece: Model {
  var ids: [UInt32] = []
  private let vocabulary: Vocabulary
  private let unkId: UInt32
  private let maxCharacters: Int
  /// Put before all but the first token of a word, `##`.
  private let prefix: [UInt8]

  init(_ program: Program, _ vocabulary: Vocabulary, prefix: [UInt8]) {
    self.vocabulary = vocabulary
    unkId = program[.unkId]
    maxCharacters = Int(program[.maxWordCharacters])
    self.prefix = prefix
  }

  func tokenize(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int) {
    let from = ids.count
    var count = 0
    var at = start
    while at < end {
      at += utf8Length(bytes[at])
      count += 1
    }
    if count <= maxCharacters, cut(bytes, start, end) { return }
    ids.removeLast(ids.count - from)
    if unkId != Layout.none { ids.append(unkId) }
  }

  private func cut(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Bool {
    var at = start
    while at < end {
      let before = at == start ? [] : prefix
      let longest = min(end, at + vocabulary.maxTokenBytes - before.count)
      let key = before + UnsafeBufferPointer(start: bytes + at, count: max(0, longest - at))
      var stop = longest
      while stop > at {
        let isInside = stop < end && bytes[stop] & 0xc0 == 0x80
        if !isInside, let id = find(key, before.count + stop - at) {
          ids.append(id)
          break
        }
        stop -= 1
      }
      if stop <= at { return false }
      at = stop
    }
    return true
  }

  private func find(_ key: [UInt8], _ count: Int) -> UInt32? {
    let (mask, wanted) = (Vocabulary.modelMask, Vocabulary.modelWanted)
    return key.withUnsafeBufferPointer { key in
      vocabulary.find(key.baseAddress!, count, mask: mask, wanted: wanted).map { UInt32($0) }
    }
  }
}
