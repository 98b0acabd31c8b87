#if canImport(MLCSwift)
  import MLCSwift
  import PippinTokenizer

  /// What is asked of MLC-LLM's engine for one answer.
  struct MLCRequest {
    var messages: [ChatCompletionMessage]
    var maxTokens: Int?
    var sampling: Sampling
    var stopTexts: [String]

    /// - Throws: `RuntimeError.unsupported` for messages that the engine does not take.
    init(_ messages: [ChatMessage], _ options: GenerateOptions, maxTokens: Int?) throws {
      self.messages = try messages.map(Self.message)
      self.maxTokens = maxTokens
      sampling = options.sampling
      stopTexts = options.stopTexts
    }

    func start(_ engine: MLCEngine) async -> AsyncStream<ChatCompletionStreamResponse> {
      await engine.chat.completions.create(
        messages: messages, frequency_penalty: sampling.frequencyPenalty, presence_penalty: sampling.presencePenalty,
        max_tokens: maxTokens, seed: Int(sampling.seed), stop: stopTexts.isEmpty ? nil : stopTexts,
        stream_options: StreamOptions(include_usage: true), temperature: sampling.temperature, top_p: sampling.topP)
    }

    /// - Throws: `RuntimeError.unsupported` for what the engine cannot do.
    static func refuse(_ options: GenerateOptions) throws {
      let sampling = options.sampling
      let isRandom = sampling.temperature > 0
      let refused: [(isAsked: Bool, what: String)] = [
        (isRandom && sampling.topK != 0, "top-k"), (isRandom && sampling.minP != 0, "min-p"),
        (sampling.repetitionPenalty != 1, "a repetition penalty (a frequency penalty it has)"),
        // ChatTool.parameters holds texts only, which no JSON schema fits into.
        (options.tools?.isEmpty == false, "tools from Swift"),
        (!options.templateVariables.isEmpty, "variables of the chat template"),
      ]
      if let first = refused.first(where: \.isAsked) {
        throw RuntimeError.unsupported("MLC-LLM does not have \(first.what)")
      }
      if case .slide = options.contextPolicy {
        throw RuntimeError.unsupported("MLC-LLM slides its window only as mlc-chat-config.json says")
      }
    }

    private static func message(_ message: ChatMessage) throws -> ChatCompletionMessage {
      guard let role = ChatCompletionRole(rawValue: message.role) else {
        throw RuntimeError.unsupported("MLC-LLM does not know the role \(message.role)")
      }
      if message.more.contains(where: { $0.key == "tool_calls" }) {
        throw RuntimeError.unsupported("MLC-LLM does not take tool calls from Swift")
      }
      guard let text = text(message.content) else {
        throw RuntimeError.unsupported("MLC-LLM is given text only here")
      }
      return ChatCompletionMessage(role: role, content: text)
    }

    /// A text, or a list of `{"type": "text", "text": …}`.
    private static func text(_ content: JsonValue) -> String? {
      switch content {
      case .string(let text): return text
      case .array(let parts):
        var all = ""
        for part in parts {
          guard part["type"] == .string("text"), case .string(let text) = part["text"] else { return nil }
          all += text
        }
        return all
      default: return nil
      }
    }
  }
#endif
