/// The compiled tokenizer file, to the byte, as docs/tokenizer-file.md has it. All numbers are little-endian.
enum Layout {
  static let magic: [UInt8] = Array("PIPTOKEN".utf8)
  static let version: UInt32 = 1
  static let headerBytes = 64
  static let entryBytes = 32
  static let alignment = 64
  static let maxSections = 4096
  static let maxVocab = 1 << 21
  static let maxOps = 10_000
  /// No id, no section, no string; among the ids around a text, the text.
  static let none: UInt32 = 0xffff_ffff
  static let blockBits = 7
  static let blocks = 0x110000 >> 7
  static let programWords = 22
  static let opWords = 6
}

enum SectionKind: UInt32 {
  case program = 1
  case strings, tokenOffsets, tokenBytes, tokenFlags, vocabIndex, merges, mergeIndex, byteIds, scores
  case dfa, codePoints, trie, combining, compositions
  case stopIds = 17
  case chatTemplate, shown, chatTemplates, templateTokens
}

struct TokenFlags {
  static let present: UInt8 = 1
  static let special: UInt8 = 2
  static let added: UInt8 = 4
  static let model: UInt8 = 8
  /// In a byte-level file: stored as the text it is.
  static let text: UInt8 = 16
  /// The model makes this token, alone, of the token's own text.
  static let whole: UInt8 = 32
  /// Decoded to what the section `shown` says.
  static let shown: UInt8 = 64
}

struct ModelFlags {
  static let byteLevel: UInt32 = 1
  static let byteFallback: UInt32 = 2
  static let ignoreMerges: UInt32 = 4
  static let fuseUnk: UInt32 = 8
  static let cutAtMark: UInt32 = 16
}

/// Words of the program before its ops.
enum ProgramWord: Int {
  case model, modelFlags, unkId, maxWordCharacters, prefix, suffix, rankBits, idBits, maxTokenBytes
  case bosId, eosId, rawTrie, normalizedTrie, vocabTrie, mark
  case normalizers, preTokenizers, post, decoders, wordCharacters, glued
}
