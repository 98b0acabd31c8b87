/// A compiled tokenizer file whose header and section table are checked. Nothing is copied or parsed.
struct TokenizerFile: Sendable {
  struct Section: @unchecked Sendable {
    let kind: UInt32
    let checksum: UInt32
    let bytes: UnsafeRawBufferPointer
  }

  let vocabSize: Int
  let sections: [Section]
  private let file: MappedFile

  init(_ file: MappedFile) throws {
    let bytes = file.bytes
    guard bytes.count >= Layout.headerBytes, bytes.starts(with: Layout.magic) else {
      throw TokenizerError.broken("it does not begin as a compiled tokenizer does")
    }
    func word(_ at: Int) -> UInt32 { UInt32(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt32.self)) }
    func long(_ at: Int) -> UInt64 { UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: at, as: UInt64.self)) }
    guard word(8) == Layout.version else {
      throw TokenizerError.broken("its version is \(word(8)), known is \(Layout.version)")
    }
    guard long(16) == UInt64(bytes.count) else {
      throw TokenizerError.broken("it has \(bytes.count) bytes, its header says \(long(16))")
    }
    let count = Int(word(12))
    let tableEnd = Layout.headerBytes + count * Layout.entryBytes
    guard count <= Layout.maxSections, tableEnd <= bytes.count else {
      throw TokenizerError.broken("it claims \(count) sections")
    }
    var checksum = Checksum()
    checksum.add(UnsafeRawBufferPointer(rebasing: bytes[0..<28]))
    [UInt8](repeating: 0, count: 4).withUnsafeBytes { checksum.add($0) }
    checksum.add(UnsafeRawBufferPointer(rebasing: bytes[32..<tableEnd]))
    guard checksum.value == word(28) else { throw TokenizerError.broken("its header does not match its checksum") }
    vocabSize = Int(word(24))
    guard vocabSize <= Layout.maxVocab else { throw TokenizerError.broken("it claims \(vocabSize) tokens") }
    sections = try (0..<count).map { number in
      let entry = Layout.headerBytes + number * Layout.entryBytes
      let (offset, length) = (long(entry + 8), long(entry + 16))
      let size = UInt64(bytes.count)
      let isAligned = offset % UInt64(Layout.alignment) == 0
      guard isAligned, offset >= UInt64(tableEnd), offset <= size, length <= size - offset else {
        throw TokenizerError.broken("section \(number) lies outside of it")
      }
      let range = Int(offset)..<Int(offset + length)
      return Section(
        kind: word(entry), checksum: word(entry + 4), bytes: UnsafeRawBufferPointer(rebasing: bytes[range]))
    }
    self.file = file
  }

  /// The bytes of section `number`, which is to be of `kind`.
  func section(_ number: UInt32, _ kind: SectionKind) throws -> UnsafeRawBufferPointer {
    guard number < sections.count, sections[Int(number)].kind == kind.rawValue else {
      throw TokenizerError.broken("section \(number) is not of kind \(kind)")
    }
    return sections[Int(number)].bytes
  }

  /// The bytes of the only section of `kind`; empty when there is none.
  func only(_ kind: SectionKind) -> UnsafeRawBufferPointer {
    sections.first { $0.kind == kind.rawValue }?.bytes ?? UnsafeRawBufferPointer(start: nil, count: 0)
  }

  /// Checks all bytes against the checksums of their sections.
  func verify() throws {
    for (number, section) in sections.enumerated() {
      var checksum = Checksum()
      checksum.add(section.bytes)
      guard checksum.value == section.checksum else {
        throw TokenizerError.broken("section \(number) does not match its checksum")
      }
    }
  }
}
