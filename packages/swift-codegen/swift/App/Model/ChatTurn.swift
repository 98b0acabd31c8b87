import Foundation
import PippinRuntime
import PippinTokenizer

/// A question and its answer so far.
struct ChatTurn: Identifiable, Equatable, Sendable {
  let id: Int
  let prompt: String
  var answer = ""
  var thoughts = ""
  var toolCalls = ""
  /// Set when the answer came to its end by itself.
  var end: AnswerEnd?
  /// Ended by the user, or because the app left the screen.
  var isStopped = false
  var failure: Failure?

  var isRunning: Bool { end == nil && !isStopped && failure == nil }

  mutating func add(_ chunk: Chunk) {
    switch chunk.kind {
    case .text: answer += chunk.text
    case .thinking: thoughts += chunk.text
    case .toolCall: toolCalls += chunk.text
    }
    if let end = chunk.end { self.end = end }
  }

  /// As the model reads it later: nothing for a turn without an answer, since templates want question and answer in turn.
  var messages: [ChatMessage] {
    guard !answer.isEmpty else { return [] }
    let more = thoughts.isEmpty ? [] : [JsonValue.Member("reasoning_content", .string(thoughts))]
    return [question, ChatMessage(role: "assistant", content: .string(answer), more: more)]
  }

  var question: ChatMessage { ChatMessage(role: "user", content: .string(prompt)) }
}

/// Why something did not work, and what helps.
struct Failure: Equatable, Sendable {
  var reason: String
  var suggestion: String?

  init(_ error: any Error) {
    let localized = error as? any LocalizedError
    reason = localized?.errorDescription ?? String(describing: error)
    suggestion = localized?.recoverySuggestion
  }
}
