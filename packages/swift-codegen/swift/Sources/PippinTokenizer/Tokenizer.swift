import Foundation

/// Text to token ids and back, from a file that `pippin tokenizer export` wrote.
///
/// Opening maps the file and reads a few pages of it; nothing is parsed. A tokenizer may be used by many tasks at once.
///
///     let tokenizer = try Tokenizer(contentsOf: url)
///     let ids = tokenizer.encode("Hello")
///     let text = tokenizer.decode(ids)
public final class Tokenizer: Sendable {
  /// One more than the highest id. Logits are often longer; ids from here on mean nothing.
  public let vocabSize: Int
  /// Ids that end an answer.
  public let stopIds: Set<Int>

  /// How the model writes a conversation; nil for a file without a chat template.
  public let chatTemplate: ChatTemplate?

  private let program: Program
  private let vocabulary: Vocabulary
  private let tokens: TokenTexts
  private let raw: AddedTokens
  private let normalized: AddedTokens
  private let normalizer: Normalizer
  private let preTokenizer: PreTokenizer
  private let models: ModelPool

  /// - Throws: `TokenizerError` when the file cannot be read or is damaged in its header or its small tables. `verify()` checks all
  ///   bytes; a byte changed in the large tables may give wrong ids, but nothing worse.
  public convenience init(contentsOf url: URL) throws { try self.init(MappedFile(path: url.path)) }

  /// From bytes in memory, which are copied.
  public convenience init(_ bytes: [UInt8]) throws { try self.init(MappedFile(copying: bytes)) }

  private init(_ file: MappedFile) throws {
    let program = try Program(TokenizerFile(file))
    let vocabulary = try Vocabulary(program)
    self.program = program
    self.vocabulary = vocabulary
    vocabSize = vocabulary.size
    let stops = Table<UInt32>(program.file.only(.stopIds))
    stopIds = Set((0..<stops.count).map { Int(stops[$0]) })
    tokens = try TokenTexts(program, vocabulary)
    raw = try AddedTokens(program, .rawTrie)
    normalized = try AddedTokens(program, .normalizedTrie)
    normalizer = try Normalizer(program)
    preTokenizer = try PreTokenizer(program)
    chatTemplate = try ChatTemplate(program)
    models = ModelPool(program, vocabulary, first: try makeModel(program, vocabulary))
  }

  /// Checks all bytes of the file against its checksums.
  public func verify() throws { try program.file.verify() }

  /// The ids of a text.
  ///
  /// - Parameter addsSpecialTokens: what the model's post-processor puts around a text. Rendered chat templates hold their special
  ///   tokens already: encode them without.
  public func encode(_ text: String, addsSpecialTokens: Bool = true) -> [Int] {
    encodeIds(text, addsSpecialTokens: addsSpecialTokens).map { Int($0) }
  }

  /// As `encode`, in the form in which models take ids.
  public func encodeIds(_ text: String, addsSpecialTokens: Bool = true) -> [UInt32] {
    let model = models.take()
    defer { models.giveBack(model) }
    model.ids.removeAll(keepingCapacity: true)
    var text = text
    text.withUTF8 { encode($0, model) }
    let post = program.post
    if post.isEmpty || post == [Layout.none] { return model.ids }
    var out: [UInt32] = []
    out.reserveCapacity(model.ids.count + post.count)
    for item in post {
      if item == Layout.none { out += model.ids } else if addsSpecialTokens { out.append(item) }
    }
    return out
  }

  private func encode(_ text: UnsafeBufferPointer<UInt8>, _ model: any Model) {
    guard let bytes = text.baseAddress, !text.isEmpty else { return }
    raw.split(
      bytes, 0, text.count,
      text: { start, end in encodePlain(bytes, start, end, model) },
      token: { model.ids.append($0) })
  }

  /// Text without tokens of the raw kind.
  private func encodePlain(_ bytes: UnsafePointer<UInt8>, _ start: Int, _ end: Int, _ model: any Model) {
    var head = start == 0 && end > 0 ? utf8Length(bytes[0]) : 0
    let text = UnsafeBufferPointer(start: bytes + start, count: end - start)
    if !normalizer.isEmpty, let changed = normalizer.apply(text, head: &head) {
      changed.withUnsafeBufferPointer { changed in
        if let bytes = changed.baseAddress {
          encodePieces(bytes, 0, changed.count, head: head, model)
        }
      }
    } else {
      encodePieces(bytes, start, end, head: head, model)
    }
  }

  private func encodePieces(
    _ bytes: UnsafePointer<UInt8>, _ from: Int, _ to: Int, head: Int, _ model: any Model
  ) {
    normalized.split(
      bytes, from, to,
      text: { start, end in preTokenizer.run(bytes, start, end, head: head, model) },
      token: { model.ids.append($0) })
  }

  /// The text of `ids`. Ids without a token are left out; bytes that are no text become U+FFFD.
  public func decode(_ ids: some Sequence<Int>, skipsSpecialTokens: Bool = false) -> String {
    let stream = StreamDecoder(tokens, skipsSpecialTokens: skipsSpecialTokens, isEager: false)
    var text: [UInt8] = []
    for id in ids { text += stream.pushBytes(id) }
    text += stream.finishBytes()
    return String(decoding: text, as: UTF8.self)
  }

  /// A decoder for ids that come one by one, in constant time each.
  public func stream(skipsSpecialTokens: Bool = false) -> StreamDecoder {
    StreamDecoder(tokens, skipsSpecialTokens: skipsSpecialTokens, isEager: true)
  }

  /// The token as its vocabulary spells it.
  public func token(_ id: Int) -> String? {
    guard tokens.isVisible(id, hidden: 0) else { return nil }
    return String(decoding: tokens.text(of: id), as: UTF8.self)
  }

  /// The id of a token as its vocabulary spells it.
  public func id(of token: String) -> Int? {
    let text = Array(token.utf8)
    let present = TokenFlags.present
    guard tokens.isByteLevel else { return find(text, mask: present | TokenFlags.text, wanted: present) }
    if let bytes = ByteAlphabet.bytes(of: text),
      let id = find(bytes, mask: present | TokenFlags.text, wanted: present)
    {
      return id
    }
    return find(text, mask: present | TokenFlags.text, wanted: present | TokenFlags.text)
  }

  private func find(_ bytes: [UInt8], mask: UInt8, wanted: UInt8) -> Int? {
    bytes.isEmpty
      ? nil
      : bytes.withUnsafeBufferPointer { vocabulary.find($0.baseAddress!, $0.count, mask: mask, wanted: wanted) }
  }
}

/// Models keep what they need to work fast; each is used by one task at a time.
private final class ModelPool: @unchecked Sendable {
  // `free` is only touched while the lock is held.
  private let lock = NSLock()
  private var free: [any Model]
  private let program: Program
  private let vocabulary: Vocabulary

  init(_ program: Program, _ vocabulary: Vocabulary, first: any Model) {
    self.program = program
    self.vocabulary = vocabulary
    free = [first]
  }

  func take() -> any Model {
    if let model = lock.withLock({ free.popLast() }) { return model }
    // The first one was made of the same file.
    guard let model = try? makeModel(program, vocabulary) else { fatalError("the file changed while it was open") }
    return model
  }

  func giveBack(_ model: any Model) { lock.withLock { free.append(model) } }
}
