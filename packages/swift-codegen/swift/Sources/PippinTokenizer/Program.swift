/// A stage of the program: its code and operands.
struct Op: Sendable {
  let code: UInt32
  let a: UInt32
  let b: UInt32
  let c: UInt32
}

/// What a file does with a text, stage by stage.
struct Program: Sendable {
  let file: TokenizerFile
  let normalizers: [Op]
  let preTokenizers: [Op]
  /// Ids, and `Layout.none` for the text.
  let post: [UInt32]
  let decoders: [Op]
  private let words: Table<UInt32>
  private let strings: UnsafeStrings

  init(_ file: TokenizerFile) throws {
    self.file = file
    let words = Table<UInt32>(file.only(.program))
    self.words = words
    strings = UnsafeStrings(file.only(.strings))
    guard words.count >= Layout.programWords else { throw TokenizerError.broken("its program is cut off") }
    var at = Layout.programWords
    func take(_ length: Int) throws -> Table<UInt32> {
      guard length <= words.count - at else { throw TokenizerError.broken("its program is cut off") }
      defer { at += length }
      return words.slice(at, length)
    }
    func ops(_ word: ProgramWord) throws -> [Op] {
      let count = Int(words[word.rawValue])
      guard count <= Layout.maxOps else { throw TokenizerError.broken("its program has \(count) stages") }
      let taken = try take(count * Layout.opWords)
      return (0..<count).map { number in
        let first = number * Layout.opWords
        return Op(code: taken[first], a: taken[first + 1], b: taken[first + 2], c: taken[first + 3])
      }
    }
    normalizers = try ops(.normalizers)
    preTokenizers = try ops(.preTokenizers)
    let around = try take(Int(words[ProgramWord.post.rawValue]))
    post = (0..<around.count).map { around[$0] }
    decoders = try ops(.decoders)
  }

  subscript(word: ProgramWord) -> UInt32 { words[word.rawValue] }

  func string(_ number: UInt32) throws -> [UInt8] {
    guard let bytes = strings[number] else { throw TokenizerError.broken("it has no string \(number)") }
    return bytes
  }
}

/// A table of strings: U32 count, U32 begin of each (and one more), the strings.
private struct UnsafeStrings: Sendable {
  private let table: Table<UInt32>
  private let bytes: Bytes

  init(_ section: UnsafeRawBufferPointer) {
    table = Table<UInt32>(section)
    bytes = Bytes(section)
  }

  subscript(number: UInt32) -> [UInt8]? {
    let count = Int(table[0])
    guard number < count, 4 * (count + 2) <= bytes.count else { return nil }
    let (from, to) = (Int(table[1 + Int(number)]), Int(table[2 + Int(number)]))
    guard from <= to, to <= bytes.count - 4 * (count + 2) else { return nil }
    return bytes.slice(4 * (count + 2) + from, to - from).array
  }
}
