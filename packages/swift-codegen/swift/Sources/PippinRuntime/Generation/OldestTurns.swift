import PippinTokenizer

/// A conversation that was cut to fit.
struct FittedConversation {
  var messages: [ChatMessage]
  /// Tokens of the prompt.
  var tokens: Int
  var dropped: Int
}

/// Leaves out the oldest turns until prompt and answer fit: a turn is a message and what follows it up to the next one of the user.
/// System messages and the last message stay.
///
/// - Parameters:
///   - limit: tokens of prompt and answer together.
///   - answerTokens: room that the answer needs, at least 1.
///   - count: tokens of a conversation's prompt.
/// - Throws: `RuntimeError.promptTooLong` when what must stay does not fit; what `count` throws.
func dropOldestTurns(
  _ messages: [ChatMessage], limit: Int, answerTokens: Int, count: ([ChatMessage]) throws -> Int
) throws -> FittedConversation {
  var kept = messages
  while true {
    let tokens = try count(kept)
    if tokens + max(1, answerTokens) <= limit {
      return FittedConversation(messages: kept, tokens: tokens, dropped: messages.count - kept.count)
    }
    guard let first = kept.firstIndex(where: { $0.role != "system" }), first < kept.count - 1 else {
      throw RuntimeError.promptTooLong(tokens: tokens, limit: limit)
    }
    let next = kept[(first + 1)...].firstIndex { $0.role == "user" } ?? kept.count - 1
    let isLast = { (index: Int) in index == kept.count - 1 }
    // A system message in the middle stays too.
    kept = kept.indices.filter { index in
      !(first..<next).contains(index) || isLast(index) || kept[index].role == "system"
    }.map { kept[$0] }
  }
}
