/// A piece of an answer.
public struct AnswerPart: Sendable, Equatable {
  public enum Kind: Sendable { case text, thinking, toolCall }

  public var kind: Kind
  public var text: String
  /// The part ends here: its closing tag was read, or the answer ended.
  public var hasEnded: Bool

  public init(_ kind: Kind, _ text: String, hasEnded: Bool) {
    self.kind = kind
    self.text = text
    self.hasEnded = hasEnded
  }
}

/// Tells thoughts and tool calls from the text of an answer while it arrives. The tags themselves are left out.
public struct AnswerParts: Sendable {
  private let tags: [(kind: AnswerPart.Kind, open: String, close: String)]
  private var kind: AnswerPart.Kind
  /// What may be the beginning of a tag.
  private var held = ""

  /// - Parameters:
  ///   - thinking: the tags that Qwen3, DeepSeek R1 and SmolLM3 write.
  ///   - toolCall: the tags around a call's JSON.
  ///   - begins: what the prompt has opened already: some templates end with `<think>`.
  public init(
    thinking: (open: String, close: String) = ("<think>", "</think>"),
    toolCall: (open: String, close: String) = ("<tool_call>", "</tool_call>"), begins: AnswerPart.Kind = .text
  ) {
    tags = [(.thinking, thinking.open, thinking.close), (.toolCall, toolCall.open, toolCall.close)]
    kind = begins
  }

  /// Takes what a stream gave; a tag may come in pieces.
  public mutating func push(_ text: String) -> [AnswerPart] {
    var parts: [AnswerPart] = []
    var rest = held + text
    while let (next, range) = nextTag(rest) {
      if kind != .text || range.lowerBound > rest.startIndex {
        parts.append(AnswerPart(kind, String(rest[..<range.lowerBound]), hasEnded: true))
      }
      kind = next
      rest = String(rest[range.upperBound...])
    }
    let shown = rest.dropLast(heldBack(rest))
    held = String(rest[shown.endIndex...])
    if !shown.isEmpty { parts.append(AnswerPart(kind, String(shown), hasEnded: false)) }
    return parts
  }

  /// What was held back.
  public mutating func finish() -> [AnswerPart] {
    defer { held = "" }
    return held.isEmpty ? [] : [AnswerPart(kind, held, hasEnded: true)]
  }

  /// Tags that count now: inside of a thought or a call only the closing one.
  private var expected: [(kind: AnswerPart.Kind, tag: String)] {
    if kind == .text { return tags.map { ($0.kind, $0.open) } }
    return tags.filter { $0.kind == kind }.map { (.text, $0.close) }
  }

  private func nextTag(_ text: String) -> (AnswerPart.Kind, Range<String.Index>)? {
    expected.compactMap { one in text.firstRange(of: one.tag).map { (one.kind, $0) } }
      .min { $0.1.lowerBound < $1.1.lowerBound }
  }

  /// How many characters at the end may be the beginning of a tag.
  private func heldBack(_ text: String) -> Int {
    expected.map { one in
      (1..<max(1, one.tag.count)).reversed().first { text.hasSuffix(one.tag.prefix($0)) } ?? 0
    }.max() ?? 0
  }
}
