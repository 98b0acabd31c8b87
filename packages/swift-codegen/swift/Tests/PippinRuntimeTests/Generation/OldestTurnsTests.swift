import PippinTokenizer
import Testing

@testable import PippinRuntime

@Suite struct OldestTurnsTests {
  private func talk(_ text: String) -> [ChatMessage] {
    text.map { letter in
      let role = ["s": "system", "u": "user", "a": "assistant", "t": "tool"][letter.lowercased()]!
      return ChatMessage(role: role, content: .string(String(letter)))
    }
  }

  private func text(_ messages: [ChatMessage]) -> String {
    messages.map { if case .string(let text) = $0.content { text } else { "" } }.joined()
  }

  /// Each message is ten tokens.
  @Test(arguments: [
    ("suauau", 100, "suauau"), ("suauau", 60, "suau"), ("suauau", 45, "suau"), ("suauau", 30, "su"), ("uau", 15, "u"),
    ("suatatau", 25, "su"), ("usau", 25, "su"),
  ])
  func theOldestTurnsGoFirst(all: String, limit: Int, kept: String) throws {
    let fitted = try dropOldestTurns(talk(all), limit: limit, answerTokens: 5) { 10 * $0.count }
    #expect(text(fitted.messages) == kept)
    #expect(fitted.dropped == all.count - kept.count)
    #expect(fitted.tokens == 10 * kept.count)
  }

  @Test func whatMustStayIsNotDropped() {
    #expect(throws: RuntimeError.promptTooLong(tokens: 20, limit: 20)) {
      try dropOldestTurns(talk("suau"), limit: 20, answerTokens: 1) { 10 * $0.count }
    }
  }
}
