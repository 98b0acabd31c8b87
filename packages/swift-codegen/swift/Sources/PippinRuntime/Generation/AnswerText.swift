import PippinTokenizer

/// Turns the tokens of an answer, or its raw text, into chunks: whole characters, thoughts and tool calls told apart, nothing of a
/// stop text. One task at a time may use it.
public struct AnswerText {
  private let decoder: StreamDecoder?
  private var stops: StopTexts
  private var parts: AnswerParts
  /// Tokens whose text was not given out yet; after `finish`, those without a text of their own.
  public private(set) var pendingIds: [Int] = []

  /// - Parameters:
  ///   - decoder: made by `Tokenizer.stream(skipsSpecialTokens: true)`; nil for a model that gives text.
  ///   - stopTexts: see `GenerateOptions.stopTexts`.
  ///   - begins: what the prompt has opened: see `AnswerText.kind(after:)`.
  public init(_ decoder: StreamDecoder?, stopTexts: [String] = [], begins: AnswerPart.Kind = .text) {
    self.decoder = decoder
    stops = StopTexts(stopTexts)
    parts = AnswerParts(begins: begins)
  }

  /// What an answer begins with: some templates end a prompt with `<think>`.
  public static func kind(after prompt: String) -> AnswerPart.Kind {
    var end = prompt[...]
    while end.last?.isWhitespace == true { end.removeLast() }
    return end.hasSuffix("<think>") ? .thinking : .text
  }

  /// A stop text was read: the answer is complete, what follows is ignored.
  public var hasStopped: Bool { stops.hasStopped }

  /// The chunks that a token completes, perhaps none.
  public mutating func push(_ id: Int) -> [Chunk] {
    guard !hasStopped else { return [] }
    pendingIds.append(id)
    return push(decoder?.push(id) ?? "")
  }

  /// The chunks that a piece of raw text completes, perhaps none.
  public mutating func push(_ text: String) -> [Chunk] { chunks(parts.push(stops.push(text))) }

  /// What was held back. Tokens without a text of their own stay in `pendingIds`.
  public mutating func finish() -> [Chunk] {
    let last = stops.push(decoder?.finish() ?? "") + stops.finish()
    return chunks(parts.push(last) + parts.finish())
  }

  /// The first chunk has all the tokens: a token that holds the end of one part and the beginning of another is not split.
  private mutating func chunks(_ parts: [AnswerPart]) -> [Chunk] {
    var chunks = parts.filter { !$0.text.isEmpty }.map { Chunk(text: $0.text, kind: $0.kind) }
    guard !chunks.isEmpty else { return [] }
    chunks[0].ids = pendingIds
    pendingIds = []
    return chunks
  }
}
