import PippinTokenizer
import Testing

@Suite struct AnswerPartsTests {
  /// Parts of one kind in a row as one text.
  private func parts(of pieces: [String], begins: AnswerPart.Kind = .text) -> String {
    var stream = AnswerParts(begins: begins)
    var text = ""
    var last: AnswerPart.Kind?
    for part in pieces.flatMap({ stream.push($0) }) + stream.finish() {
      text += part.kind == last ? part.text : "\(text.isEmpty ? "" : "|")\(part.kind):\(part.text)"
      last = part.hasEnded ? nil : part.kind
    }
    return text
  }

  @Test(arguments: [
    ("plain text", "text:plain text"), ("<think>\nhm\n</think>\n\nyes", "thinking:\nhm\n|text:\n\nyes"),
    ("a<tool_call>1</tool_call><tool_call>2</tool_call>", "text:a|toolCall:1|toolCall:2"),
    ("<think><tool_call></think>x", "thinking:<tool_call>|text:x"),
    ("a <thin b </think> <", "text:a <thin b </think> <"), ("<think>hm", "thinking:hm"),
  ])
  func tagsAreFoundWholeAndLetterByLetter(_ text: String, _ expected: String) {
    #expect(parts(of: [text]) == expected)
    #expect(parts(of: text.map { String($0) }) == expected)
  }

  @Test func aThoughtMayBeginInThePrompt() {
    #expect(parts(of: ["hm</think>x"], begins: .thinking) == "thinking:hm|text:x")
  }
}
