/// What single code points become.
struct CodePointMap: Sendable {
  private let index: Table<UInt16>
  private let entries: Table<UInt16>
  private let offsets: Table<UInt32>
  private let text: Bytes

  init(_ section: UnsafeRawBufferPointer) throws {
    let head = Table<UInt32>(section)
    let (blocks, count, textBytes) = (Int(head[0]), Int(head[1]), Int(head[2]))
    guard (1...Layout.blocks).contains(blocks), count <= 0xffff else {
      throw TokenizerError.broken("a map of characters has no blocks")
    }
    let halves = Table<UInt16>(section)
    index = halves.slice(8, Layout.blocks)
    entries = halves.slice(8 + Layout.blocks, blocks << Layout.blockBits)
    let at = 4 + (Layout.blocks + (blocks << Layout.blockBits)) / 2
    offsets = head.slice(at, count + 2)
    text = Bytes(section).slice(4 * (at + count + 2), textBytes)
    guard offsets.count == count + 2, text.count == textBytes, index.allSatisfy({ $0 < blocks }) else {
      throw TokenizerError.broken("a map of characters is cut off")
    }
  }

  /// What the code point becomes, in UTF-8, or nil when it stays.
  @inline(__always)
  subscript(point: Int) -> Bytes? {
    guard point <= 0x10ffff else { return nil }
    let entry = Int(entries[Int(index[point >> Layout.blockBits]) << Layout.blockBits | (point & 127)])
    if entry == 0 { return nil }
    let from = Int(offsets[entry])
    return text.slice(from, Int(offsets[entry + 1]) - from)
  }
}

/// A small number for each code point.
struct CodePointTable: Sendable {
  private let index: Table<UInt16>
  private let numbers: Bytes

  init(_ section: UnsafeRawBufferPointer) throws {
    let blocks = Int(Table<UInt32>(section)[0])
    guard (1...Layout.blocks).contains(blocks) else {
      throw TokenizerError.broken("a table of characters has no blocks")
    }
    index = Table<UInt16>(section).slice(8, Layout.blocks)
    numbers = Bytes(section).slice(16 + 2 * Layout.blocks, blocks << Layout.blockBits)
    guard numbers.count == blocks << Layout.blockBits, index.allSatisfy({ $0 < blocks }) else {
      throw TokenizerError.broken("a table of characters is cut off")
    }
  }

  @inline(__always)
  subscript(point: Int) -> UInt8 {
    point <= 0x10ffff ? numbers[Int(index[point >> Layout.blockBits]) << Layout.blockBits | (point & 127)] : 0
  }
}
