/// A regular expression as a table: one state and one class of characters at a time.
struct Dfa: Sendable {
  private static let match: UInt16 = 0x8000

  private let classCount: Int
  private let looksBehind: Bool
  private let starts: Table<UInt16>
  private let transitions: Table<UInt16>
  private let index: Table<UInt16>
  private let blocks: Bytes
  private let ascii: Bytes

  init(_ section: UnsafeRawBufferPointer) throws {
    let head = Table<UInt32>(section)
    let (classCount, stateCount, blockCount) = (Int(head[0]), Int(head[1]), Int(head[2]))
    guard (1...256).contains(classCount), (1...Int(Self.match)).contains(stateCount),
      (1...Layout.blocks).contains(blockCount)
    else { throw TokenizerError.broken("a regular expression has no states") }
    let tables = Table<UInt16>(section)
    starts = tables.slice(8, classCount)
    transitions = tables.slice(8 + classCount, stateCount * classCount)
    let indexAt = 8 + classCount + stateCount * classCount
    index = tables.slice(indexAt, Layout.blocks)
    blocks = Bytes(section).slice(2 * (indexAt + Layout.blocks), blockCount << Layout.blockBits)
    self.classCount = classCount
    looksBehind = head[3] != 0
    guard starts.count == classCount, transitions.count == stateCount * classCount, index.count == Layout.blocks,
      blocks.count == blockCount << Layout.blockBits
    else { throw TokenizerError.broken("a regular expression is cut off") }
    guard starts.allSatisfy({ $0 < stateCount }),
      transitions.allSatisfy({ Int($0 & (Self.match - 1)) < stateCount }),
      index.allSatisfy({ $0 < blockCount }), blocks.allSatisfy({ Int($0) < classCount - 1 })
    else { throw TokenizerError.broken("a regular expression leads outside of its tables") }
    ascii = blocks.slice(Int(index[0]) << Layout.blockBits, 128)
  }

  /// The end of the match that begins at `at`, which may be empty, or −1. The text is valid UTF-8 from `begin` to `end`.
  @inline(__always)
  func matchEnd(_ bytes: UnsafePointer<UInt8>, begin: Int, at: Int, end: Int) -> Int {
    // The tables were checked when the file was opened: no index below can lie outside of them.
    let transitions = self.transitions.start
    let ascii = self.ascii.start
    let edge = classCount - 1
    var state = Int(UInt16(littleEndian: starts.start[looksBehind ? classBefore(bytes, begin, at) : 0]))
    var match = -1
    var p = at
    while true {
      let here = p
      var kind = edge
      if p < end {
        let byte = bytes[p]
        if byte < 0x80 {
          kind = Int(ascii[Int(byte)])
          p += 1
        } else {
          let length = min(utf8Length(byte), end - p)
          kind = classOf(codePoint(bytes, p, length))
          p += length
        }
      }
      let entry = UInt16(littleEndian: transitions[state * classCount + kind])
      if entry & Self.match != 0 { match = here }
      state = Int(entry & (Self.match - 1))
      if state == 0 || here >= end { return match }
    }
  }

  private func classBefore(_ bytes: UnsafePointer<UInt8>, _ begin: Int, _ at: Int) -> Int {
    guard at > begin else { return classCount - 1 }
    let start = characterBefore(bytes, begin, at)
    return classOf(codePoint(bytes, start, at - start))
  }

  @inline(__always)
  private func classOf(_ point: Int) -> Int {
    guard point <= 0x10ffff else { return 0 }
    let block = Int(UInt16(littleEndian: index.start[point >> Layout.blockBits]))
    return Int(blocks.start[(block << Layout.blockBits) | (point & 127)])
  }

  /// Calls `visit` with every match from left to right. An empty match right behind another one does not count.
  @inline(__always)
  func eachMatch(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ visit: (Int, Int) -> Void) {
    var last = -1
    var at = start
    while at <= end {
      let to = matchEnd(bytes, begin: start, at: at, end: end)
      if to < 0 || (to == at && to == last) {
        at += at < end ? utf8Length(bytes[at]) : 1
        continue
      }
      visit(at, to)
      last = to
      at = to
    }
  }
}

/// Bytes of the character that begins with `first`.
@inline(__always)
func utf8Length(_ first: UInt8) -> Int { first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4 }

/// The code point of `length` bytes.
@inline(__always)
func codePoint(_ bytes: UnsafePointer<UInt8>, _ at: Int, _ length: Int) -> Int {
  let first = Int(bytes[at])
  switch length {
  case 1: return first
  case 2: return (first & 0x1f) << 6 | Int(bytes[at + 1] & 0x3f)
  case 3: return (first & 0x0f) << 12 | Int(bytes[at + 1] & 0x3f) << 6 | Int(bytes[at + 2] & 0x3f)
  default:
    return (first & 0x07) << 18 | Int(bytes[at + 1] & 0x3f) << 12 | Int(bytes[at + 2] & 0x3f) << 6
      | Int(bytes[at + 3] & 0x3f)
  }
}

/// Where the character that ends at `end` begins.
@inline(__always)
func characterBefore(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int) -> Int {
  var at = end - 1
  while at > start, bytes[at] & 0xc0 == 0x80, end - at < 4 { at -= 1 }
  return at
}

/// The 25 code points that are White_Space in Unicode.
func isWhiteSpace(_ point: Int) -> Bool {
  switch point {
  case 9...13, 0x20, 0x85, 0xa0, 0x1680, 0x2000...0x200a, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000: true
  default: false
  }
}
