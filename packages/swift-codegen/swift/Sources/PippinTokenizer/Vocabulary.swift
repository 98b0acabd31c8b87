/// The tokens of a file by id and by bytes.
struct Vocabulary: Sendable {
  let size: Int
  let flags: Bytes
  let maxTokenBytes: Int
  private let bytes: Bytes
  private let offsets: Table<UInt32>
  private let slots: Table<UInt32>
  private let idBits: UInt32

  /// Flags that tokens which the model makes of text have, among `modelMask`.
  static let modelMask = TokenFlags.model | TokenFlags.text
  static let modelWanted = TokenFlags.model

  init(_ program: Program) throws {
    let file = program.file
    size = file.vocabSize
    flags = Bytes(file.only(.tokenFlags))
    offsets = Table(file.only(.tokenOffsets))
    bytes = Bytes(file.only(.tokenBytes))
    slots = Table(file.only(.vocabIndex))
    maxTokenBytes = Int(program[.maxTokenBytes])
    idBits = program[.idBits]
    guard (1...22).contains(idBits) else { throw TokenizerError.broken("its vocabulary index is not one") }
    guard offsets.count > size, flags.count >= size, slots.count > 0 else {
      throw TokenizerError.broken("its vocabulary is cut off")
    }
  }

  /// The token's bytes, in the file; empty for an id without a token.
  @inline(__always)
  func bytesOf(_ id: Int) -> Bytes {
    guard id >= 0, id < size else { return bytes.slice(0, 0) }
    let from = Int(offsets[id])
    return bytes.slice(from, Int(offsets[id + 1]) - from)
  }

  func find(_ start: UnsafePointer<UInt8>, _ count: Int, mask: UInt8, wanted: UInt8) -> Int? {
    find(start, count, hash: Hash.bytes(start, count), mask: mask, wanted: wanted)
  }

  /// The id of the token with these bytes among those whose flags in `mask` are `wanted`.
  @inline(__always)
  func find(_ start: UnsafePointer<UInt8>, _ count: Int, hash: UInt32, mask: UInt8, wanted: UInt8) -> Int? {
    let idMask = (UInt32(1) << idBits) - 1
    let tag = hash << idBits
    var slot = Hash.slot(hash, slots.count)
    // A file that was tampered with may have no empty slot.
    for _ in 0..<slots.count {
      let entry = slots[slot]
      if entry == 0 { return nil }
      if entry & ~idMask == tag {
        let id = Int(entry & idMask) - 1
        if flags[id] & mask == wanted {
          let token = bytesOf(id)
          if token.count == count, equal(token.start, start, count) { return id }
        }
      }
      slot = slot + 1 == slots.count ? 0 : slot + 1
    }
    return nil
  }
}

@inline(__always)
func equal(_ a: UnsafePointer<UInt8>, _ b: UnsafePointer<UInt8>, _ count: Int) -> Bool {
  for at in 0..<count where a[at] != b[at] { return false }
  return true
}
