/// Turns tokens into text while they arrive. Made by `Tokenizer.stream`; one task at a time may use it.
public final class StreamDecoder {
  private enum Kind {
    /// Byte-level files: the bytes of tokens, decoded while they come; at most three are held back.
    case bytes
    case pieces(any DecodeStep, Collected)
  }

  private let tokens: TokenTexts
  private let hidden: UInt8
  private let kind: Kind
  private var utf8 = Utf8Stream()

  init(_ tokens: TokenTexts, skipsSpecialTokens: Bool, isEager: Bool) {
    self.tokens = tokens
    hidden = skipsSpecialTokens ? TokenFlags.special : 0
    if tokens.isBytes {
      kind = .bytes
    } else {
      let last = Collected()
      kind = .pieces(tokens.decoder.steps(before: last, isEager: isEager), last)
    }
  }

  /// The text that this token completes, perhaps none. Never half a character, and never taken back.
  public func push(_ id: Int) -> String { text(pushBytes(id)) }

  /// What was held back; the stream is then empty and can be used for another text.
  public func finish() -> String { text(finishBytes()) }

  func pushBytes(_ id: Int) -> [UInt8] {
    guard tokens.isVisible(id, hidden: hidden) else { return [] }
    switch kind {
    case .bytes: return utf8.push(tokens.bytes(of: id))
    case .pieces(let first, let last):
      first.push(tokens.text(of: id))
      return last.take()
    }
  }

  func finishBytes() -> [UInt8] {
    switch kind {
    case .bytes: return utf8.finish()
    case .pieces(let first, let last):
      first.end()
      return last.take()
    }
  }

  private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }
}

/// What the tokens of a file are shown as.
struct TokenTexts: Sendable {
  let vocabulary: Vocabulary
  let decoder: Decoder
  /// Token bytes are raw: the byte alphabet is undone.
  let isByteLevel: Bool
  /// Tokens that are shown otherwise than they are spelled.
  let shown: [UInt32: [UInt8]]
  /// Decoding is joining bytes.
  var isBytes: Bool { isByteLevel && decoder.isByteLevelOnly }

  init(_ program: Program, _ vocabulary: Vocabulary) throws {
    self.vocabulary = vocabulary
    decoder = try Decoder(program)
    isByteLevel = program[.modelFlags] & ModelFlags.byteLevel != 0
    let rows = Table<UInt32>(program.file.only(.shown))
    var shown: [UInt32: [UInt8]] = [:]
    for row in 0..<rows.count / 2 { shown[rows[2 * row]] = try program.string(rows[2 * row + 1]) }
    self.shown = shown
  }

  func isVisible(_ id: Int, hidden: UInt8) -> Bool {
    id >= 0 && id < vocabulary.size && vocabulary.flags[id] & (TokenFlags.present | hidden) == TokenFlags.present
  }

  /// The bytes of a token of a byte-level file.
  func bytes(of id: Int) -> [UInt8] {
    guard let text = shownText(id) else { return vocabulary.bytesOf(id).array }
    return ByteAlphabet.bytes(of: text) ?? text
  }

  /// The token as its vocabulary spells it, or as decoding shows it where that differs.
  func text(of id: Int) -> [UInt8] { shownText(id) ?? spelling(of: id) }

  func spelling(of id: Int) -> [UInt8] {
    let bytes = vocabulary.bytesOf(id)
    guard isByteLevel, vocabulary.flags[id] & TokenFlags.text == 0 else { return bytes.array }
    return ByteAlphabet.spell(UnsafeBufferPointer(start: bytes.start, count: bytes.count))
  }

  private func shownText(_ id: Int) -> [UInt8]? {
    vocabulary.flags[id] & TokenFlags.shown == 0 ? nil : shown[UInt32(id)]
  }
}
