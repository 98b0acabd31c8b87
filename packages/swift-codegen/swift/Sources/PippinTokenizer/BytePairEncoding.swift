/// Byte pair encoding, of bytes or of characters.
final class BytePairEncoding: Model {
  var ids: [UInt32] = []
  private let vocabulary: Vocabulary
  /// Put before every character of a piece but the first.
  private let prefix: [UInt8]
  /// Put behind the last character of a piece.
  private let suffix: [UInt8]
  /// Pieces may be cut before it, behind anything else but the characters `glued`. Empty for none.
  private let mark: [UInt8]
  private let glued: [Int]
  private let byteIds: Table<UInt32>
  private let unkId: UInt32
  private let byteLevel: Bool
  private let byteFallback: Bool
  private let fuseUnk: Bool
  /// A piece with these flags set is a token at once.
  private let wholeMask: UInt8
  private let wholeWanted: UInt8
  private var merger: Merger
  private var cache = WordCache()
  private var symbols: [UInt32] = []
  private var key: [UInt8] = []

  init(_ program: Program, _ vocabulary: Vocabulary) throws {
    let flags = program[.modelFlags]
    self.vocabulary = vocabulary
    prefix = try program.string(program[.prefix])
    suffix = try program.string(program[.suffix])
    let isCut = flags & ModelFlags.cutAtMark != 0
    mark = isCut ? try program.string(program[.mark]) : []
    let glued = isCut ? String(decoding: try program.string(program[.glued]), as: UTF8.self) : ""
    self.glued = glued.unicodeScalars.map { Int($0.value) }
    byteIds = Table(program.file.only(.byteIds))
    unkId = program[.unkId]
    byteLevel = flags & ModelFlags.byteLevel != 0
    byteFallback = flags & ModelFlags.byteFallback != 0
    fuseUnk = flags & ModelFlags.fuseUnk != 0
    let whole = flags & ModelFlags.ignoreMerges != 0 ? 0 : TokenFlags.whole
    wholeMask = Vocabulary.modelMask | whole
    wholeWanted = Vocabulary.modelWanted | whole
    merger = Merger(try MergeTable(program))
  }

  func tokenize(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int) {
    guard let first = mark.first else {
      word(bytes, start, end)
      return
    }
    var from = start
    var isAfterMark = false
    var at = start
    mark.withUnsafeBufferPointer { mark in
      while at < end {
        if bytes[at] == first, end - at >= mark.count, equal(bytes + at, mark.baseAddress!, mark.count) {
          if !isAfterMark, at > from, !isGlued(bytes, from, at) {
            word(bytes, from, at)
            from = at
          }
          isAfterMark = true
          at += mark.count
        } else {
          isAfterMark = false
          at += 1
        }
      }
    }
    word(bytes, from, end)
  }

  /// Whether the character that ends at `end` may be joined with a mark behind it.
  private func isGlued(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Bool {
    if glued.isEmpty { return false }
    let before = characterBefore(bytes, start, end)
    return glued.contains(codePoint(bytes, before, end - before))
  }

  @inline(__always)
  private func word(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int) {
    let count = end - start
    let isCached = count <= WordCache.maxBytes
    let mayBeToken = count <= vocabulary.maxTokenBytes
    let hash = isCached || mayBeToken ? Hash.bytes(bytes + start, count) : 0
    if mayBeToken,
      let id = vocabulary.find(bytes + start, count, hash: hash, mask: wholeMask, wanted: wholeWanted)
    {
      ids.append(UInt32(truncatingIfNeeded: id))
      return
    }
    if isCached, cache.get(bytes + start, count, hash, &ids) { return }
    encode(bytes, start, end, hash, isCached)
  }

  private func encode(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ hash: UInt32, _ isCached: Bool) {
    symbols.removeAll(keepingCapacity: true)
    if byteLevel { addBytes(bytes, start, end) } else { addCharacters(bytes, start, end) }
    let from = ids.count
    symbols.withUnsafeMutableBufferPointer { symbols in
      let count = merger.merge(symbols)
      ids.append(contentsOf: symbols[..<count])
    }
    if isCached { cache.put(bytes + start, end - start, hash, ids[from...]) }
  }

  private func addBytes(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int) {
    var isPending = false
    for at in start..<end {
      let byte = Int(bytes[at])
      let id = byte < byteIds.count ? byteIds[byte] : Layout.none
      if id == Layout.none {
        isPending = unknown(isPending)
        continue
      }
      if isPending { symbols.append(unkId) }
      isPending = false
      symbols.append(id)
    }
    if isPending { symbols.append(unkId) }
  }

  /// - Parameter isPending: an unknown token waits for what follows.
  /// - Returns: whether one does now.
  private func unknown(_ isPending: Bool) -> Bool {
    if unkId == Layout.none { return false }
    if isPending, !fuseUnk { symbols.append(unkId) }
    return true
  }

  private func addCharacters(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int) {
    var isPending = false
    var at = start
    while at < end {
      let stop = min(end, at + utf8Length(bytes[at]))
      let id = idOfCharacter(bytes, at, stop, isFirst: at == start, isLast: stop == end)
      at = stop
      if let id {
        if isPending { symbols.append(unkId) }
        isPending = false
        symbols.append(UInt32(id))
      } else if !addFallbackBytes() {
        isPending = unknown(isPending)
      }
    }
    if isPending { symbols.append(unkId) }
  }

  /// The id of a character with what goes before and behind it, which is left in `key`.
  private func idOfCharacter(
    _ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int, isFirst: Bool, isLast: Bool
  ) -> Int? {
    key.removeAll(keepingCapacity: true)
    if !isFirst { key.append(contentsOf: prefix) }
    key.append(contentsOf: UnsafeBufferPointer(start: bytes + start, count: end - start))
    if isLast { key.append(contentsOf: suffix) }
    let (mask, wanted) = (Vocabulary.modelMask, Vocabulary.modelWanted)
    return key.withUnsafeBufferPointer {
      vocabulary.find($0.baseAddress!, $0.count, mask: mask, wanted: wanted)
    }
  }

  /// Adds the bytes of `key` as tokens, if there is one for each. An unknown token that waits goes on waiting, as in the reference.
  private func addFallbackBytes() -> Bool {
    guard byteFallback else { return false }
    for byte in key where Int(byte) >= byteIds.count || byteIds[Int(byte)] == Layout.none { return false }
    for byte in key { symbols.append(byteIds[Int(byte)]) }
    return true
  }
}
