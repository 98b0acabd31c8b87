/// NFC, NFD, NFKC or NFKD with the file's Unicode data. Source: the Unicode Standard, sections 3.11 and 3.12.
struct NormalForm: Sendable {
  /// In the table of combining classes: class 0, but not certainly as the form has it.
  private static let uncertain: UInt8 = 255
  private static let (sBase, lBase, vBase, tBase) = (0xac00, 0x1100, 0x1161, 0x11a7)
  private static let (vCount, tCount) = (21, 28)
  private static let sCount = 19 * 21 * 28

  private let decompositions: CodePointMap
  private let combining: CodePointTable
  /// Three words each: first, second, composite; sorted.
  private let compositions: Table<UInt32>?

  init(
    decompositions: UnsafeRawBufferPointer, combining: UnsafeRawBufferPointer, compositions: UnsafeRawBufferPointer?
  ) throws {
    self.decompositions = try CodePointMap(decompositions)
    self.combining = try CodePointTable(combining)
    self.compositions = compositions.map { Table<UInt32>($0) }
    guard (self.compositions?.count ?? 0) % 3 == 0 else { throw TokenizerError.broken("its compositions are cut off") }
  }

  /// The text in this form, or nil when it has it already.
  ///
  /// - Parameter head: the end of what comes from the first character of the original.
  func apply(_ text: UnsafeBufferPointer<UInt8>, _ head: inout Int) -> [UInt8]? {
    guard let bytes = text.baseAddress else { return nil }
    let count = text.count
    var out: Rewriter?
    var characters: [Character] = []
    // Characters that are certainly as the form has them bound what may change: from the last one before it to the next one.
    var (from, certain, at) = (0, 0, 0)
    while at < count {
      if isCertain(bytes, at, count) {
        certain = at
        at += utf8Length(bytes[at])
        continue
      }
      var end = at + utf8Length(bytes[at])
      while end < count, !isCertain(bytes, end, count) { end += utf8Length(bytes[end]) }
      if out == nil { out = Rewriter(text, head: head) }
      end = min(end, count)
      out!.keep(from, certain)
      rewrite(bytes, certain, end, &characters, &out!)
      from = end
      certain = end
      at = end
    }
    out?.keep(min(from, count), count)
    return out?.done(&head)
  }

  @inline(__always)
  private func isCertain(_ bytes: UnsafePointer<UInt8>, _ at: Int, _ end: Int) -> Bool {
    let first = bytes[at]
    return first < 0x80 || combining[codePoint(bytes, at, min(utf8Length(first), end - at))] == 0
  }

  /// `taken`: how many characters of the text it stands for; 0 for those that another one was taken apart into, but the first.
  private typealias Character = (point: Int, combining: UInt8, taken: Int)

  private func rewrite(
    _ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ characters: inout [Character], _ out: inout Rewriter
  ) {
    characters.removeAll(keepingCapacity: true)
    var at = start
    while at < end {
      let length = min(utf8Length(bytes[at]), end - at)
      decompose(codePoint(bytes, at, length), &characters)
      at += length
    }
    order(&characters)
    if compositions != nil { compose(&characters) }
    // Places are those of the characters in their turn, whatever order they have now, as in the reference.
    at = start
    for character in characters {
      let from = character.taken > 0 || at == start ? at : characterBefore(bytes, start, at)
      out.put(codePoint: character.point, from, from < end ? min(end, from + utf8Length(bytes[from])) : end)
      for _ in 0..<character.taken where at < end { at += utf8Length(bytes[at]) }
    }
  }

  private func decompose(_ point: Int, _ characters: inout [Character]) {
    var taken = 1
    func put(_ one: Int) {
      let kind = combining[one]
      characters.append((one, kind == Self.uncertain ? 0 : kind, taken))
      taken = 0
    }
    let syllable = point - Self.sBase
    if syllable >= 0, syllable < Self.sCount {
      put(Self.lBase + syllable / (Self.vCount * Self.tCount))
      put(Self.vBase + syllable % (Self.vCount * Self.tCount) / Self.tCount)
      if syllable % Self.tCount != 0 { put(Self.tBase + syllable % Self.tCount) }
      return
    }
    guard let parts = decompositions[point] else {
      put(point)
      return
    }
    var at = 0
    while at < parts.count {
      let length = min(utf8Length(parts[at]), parts.count - at)
      put(codePoint(parts.start, at, length))
      at += length
    }
  }

  /// Sorts runs of combining characters by their classes, stably.
  private func order(_ characters: inout [Character]) {
    var start = 0
    while start < characters.count {
      guard characters[start].combining != 0 else {
        start += 1
        continue
      }
      var end = start
      while end < characters.count, characters[end].combining != 0 { end += 1 }
      if end - start > 1 {
        let sorted = characters[start..<end].enumerated().sorted {
          ($0.element.combining, $0.offset) < ($1.element.combining, $1.offset)
        }
        for (place, one) in sorted.enumerated() { characters[start + place] = one.element }
      }
      start = end
    }
  }

  /// Joins each character with the last starter before it, where no character between blocks it.
  private func compose(_ characters: inout [Character]) {
    var count = 0
    var starter = -1
    var last = -1
    for character in characters {
      let kind = Int(character.combining)
      if starter >= 0, last < kind || last == -1, let composite = pair(characters[starter].point, character.point) {
        characters[starter].point = composite
        characters[starter].taken += character.taken
        continue
      }
      if kind == 0 {
        starter = count
        last = -1
      } else {
        last = kind
      }
      characters[count] = character
      count += 1
    }
    characters.removeLast(characters.count - count)
  }

  private func pair(_ first: Int, _ second: Int) -> Int? {
    let (lead, vowel) = (first - Self.lBase, second - Self.vBase)
    if lead >= 0, lead < 19, vowel >= 0, vowel < Self.vCount {
      return Self.sBase + (lead * Self.vCount + vowel) * Self.tCount
    }
    let (syllable, trail) = (first - Self.sBase, second - Self.tBase)
    if syllable >= 0, syllable < Self.sCount, syllable % Self.tCount == 0, trail > 0, trail < Self.tCount {
      return first + trail
    }
    guard let table = compositions else { return nil }
    var (low, high) = (0, table.count / 3)
    while low < high {
      let middle = (low + high) >> 1
      let key = (Int(table[3 * middle]), Int(table[3 * middle + 1]))
      if key == (first, second) { return Int(table[3 * middle + 2]) }
      if key < (first, second) { low = middle + 1 } else { high = middle }
    }
    return nil
  }
}

extension [UInt8] {
  /// Appends a code point in UTF-8. What is no scalar value, as only a damaged file has, becomes U+FFFD.
  mutating func append(codePoint: Int) {
    let point = codePoint > 0x10ffff || (0xd800...0xdfff).contains(codePoint) ? 0xfffd : codePoint
    switch point {
    case ..<0x80: append(UInt8(point))
    case ..<0x800: append(contentsOf: [0xc0 | UInt8(point >> 6), 0x80 | UInt8(point & 0x3f)])
    case ..<0x10000:
      append(0xe0 | UInt8(point >> 12))
      append(0x80 | UInt8(point >> 6 & 0x3f))
      append(0x80 | UInt8(point & 0x3f))
    default:
      append(0xf0 | UInt8(point >> 18))
      append(0x80 | UInt8(point >> 12 & 0x3f))
      append(0x80 | UInt8(point >> 6 & 0x3f))
      append(0x80 | UInt8(point & 0x3f))
    }
  }
}
