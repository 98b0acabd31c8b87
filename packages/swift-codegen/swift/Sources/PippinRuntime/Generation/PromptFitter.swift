import PippinTokenizer

/// A conversation as the model reads it.
struct FittedPrompt: Equatable {
  /// What is left of the conversation.
  var messages: [ChatMessage]
  var text: String
  var ids: [Int]
  /// Messages that were left out so that it fits.
  var droppedMessages = 0
  /// Tokens at its beginning that are the same in the next turns of the conversation: the system messages.
  var stablePrefix = 0
}

/// Renders and encodes a conversation, and follows the context policy where it is too long.
struct PromptFitter {
  let tokenizer: Tokenizer
  let options: GenerateOptions
  /// Tokens of prompt and answer together.
  let limit: Int

  /// - Throws: `RuntimeError.promptTooLong`, `.promptEmpty`; `TokenizerError` when the template refuses the conversation.
  func fit(_ messages: [ChatMessage]) throws -> FittedPrompt {
    guard !messages.isEmpty else { throw RuntimeError.promptEmpty }
    switch options.contextPolicy {
    case .error:
      let prompt = try render(messages)
      guard prompt.ids.count <= limit else { throw RuntimeError.promptTooLong(tokens: prompt.ids.count, limit: limit) }
      return try withStablePrefix(prompt, messages)
    case .dropOldestTurns: return try dropping(messages)
    case .slide(let keeping):
      var prompt = try render(messages)
      prompt.ids = slid(prompt.ids, keeping: keeping)
      return prompt
    }
  }

  /// Room for the answer that a policy makes: what was asked for, at most half of the context.
  private var reserve: Int { min(options.maxTokens ?? limit / 4, limit / 2) }

  private func dropping(_ messages: [ChatMessage]) throws -> FittedPrompt {
    var kept = messages
    while true {
      var prompt = try render(kept)
      prompt.droppedMessages = messages.count - kept.count
      if prompt.ids.count + reserve <= limit { return try withStablePrefix(prompt, kept) }
      guard let shorter = withoutOldestTurn(kept) else {
        guard prompt.ids.count <= limit else { throw RuntimeError.promptTooLong(tokens: prompt.ids.count, limit: limit) }
        return try withStablePrefix(prompt, kept)
      }
      kept = shorter
    }
  }

  /// Without the oldest message that is not the system's, and what follows it up to the next one of the user: templates want
  /// turns that begin with the user. nil when only the last message is left.
  private func withoutOldestTurn(_ messages: [ChatMessage]) -> [ChatMessage]? {
    let isSystem = { (message: ChatMessage) in message.role == "system" || message.role == "developer" }
    guard let oldest = messages.firstIndex(where: { !isSystem($0) }), oldest < messages.count - 1 else { return nil }
    let next = messages[(oldest + 1)...].firstIndex { $0.role == "user" } ?? messages.count - 1
    return Array(messages[..<oldest] + messages[min(next, messages.count - 1)...])
  }

  private func slid(_ ids: [Int], keeping: Int) -> [Int] {
    let room = limit - reserve
    guard ids.count > room else { return ids }
    let head = min(max(0, keeping), room / 2)
    return Array(ids[..<head] + ids[(ids.count - (room - head))...])
  }

  private func render(_ messages: [ChatMessage]) throws -> FittedPrompt {
    let prompt: FittedPrompt
    if let template = tokenizer.chatTemplate {
      let text = try template.render(messages, tools: options.tools, variables: options.templateVariables)
      prompt = FittedPrompt(messages: messages, text: text, ids: tokenizer.encode(text, addsSpecialTokens: false))
    } else {
      // A base model continues the last message.
      let text = messages.last?.content.text ?? ""
      prompt = FittedPrompt(messages: messages, text: text, ids: tokenizer.encode(text))
    }
    guard !prompt.ids.isEmpty else { throw RuntimeError.promptEmpty }
    return prompt
  }

  /// Templates may refuse system messages alone: then nothing is known to be stable.
  private func withStablePrefix(_ prompt: FittedPrompt, _ messages: [ChatMessage]) throws -> FittedPrompt {
    let system = messages.prefix { $0.role == "system" || $0.role == "developer" }
    guard !system.isEmpty, let template = tokenizer.chatTemplate,
      let text = try? template.render(
        Array(system), tools: options.tools, addsGenerationPrompt: false, variables: options.templateVariables)
    else { return prompt }
    var prompt = prompt
    let ids = tokenizer.encode(text, addsSpecialTokens: false)
    prompt.stablePrefix = zip(ids, prompt.ids).prefix { $0 == $1 }.count
    return prompt
  }
}

extension JsonValue {
  /// The text of a message, also of one that is a list of parts.
  fileprivate var text: String? {
    switch self {
    case .string(let text): text
    case .array(let parts): parts.compactMap { $0["text"]?.text }.joined()
    default: nil
    }
  }
}
