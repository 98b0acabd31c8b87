#if canImport(MLCSwift)
  import MLCSwift
  import PippinTokenizer

  /// One answer of MLC-LLM's engine: from options to a request, from responses to chunks.
  struct MLCAnswer {
    let request: MLCRequest
    private let options: GenerateOptions
    private let limit: Int
    private let start: ContinuousClock.Instant
    private var text: AnswerText
    private var first: ContinuousClock.Instant?
    private var last: ContinuousClock.Instant?
    private var reason: String?
    private var counted: CompletionUsage?
    private var dropped = 0

    init(
      _ messages: [ChatMessage], _ options: GenerateOptions, facts: ModelFacts, tokenizer: Tokenizer?,
      start: ContinuousClock.Instant
    ) throws {
      guard !messages.isEmpty else { throw RuntimeError.promptEmpty }
      try MLCRequest.refuse(options)
      self.options = options
      self.start = start
      limit = min(options.maxContext ?? facts.contextLength, facts.contextLength)
      var messages = messages
      var room: Int?
      var begins = AnswerPart.Kind.text
      // Without a template the fitter counts the last message only.
      if let tokenizer, tokenizer.chatTemplate != nil {
        let prompt = try PromptFitter(tokenizer: tokenizer, options: options, limit: limit).fit(messages)
        messages = prompt.messages
        dropped = prompt.droppedMessages
        // The engine takes no request for 0 tokens.
        guard prompt.ids.count < limit else { throw RuntimeError.promptTooLong(tokens: prompt.ids.count, limit: limit) }
        room = limit - prompt.ids.count
        begins = AnswerText.kind(after: prompt.text)
      } else if options.contextPolicy == .dropOldestTurns {
        throw RuntimeError.unsupported("turns can be dropped only where tokenizer.pippin lies beside the model")
      } else if options.maxContext != nil {
        room = limit
      }
      text = AnswerText(nil, begins: begins)
      request = try MLCRequest(messages, options, maxTokens: [options.maxTokens, room].compactMap { $0 }.min())
    }

    /// - Throws: `RuntimeError.predictionFailed` when the engine reports an error.
    mutating func take(_ response: ChatCompletionStreamResponse) throws -> [Chunk] {
      if let usage = response.usage { counted = usage }
      var chunks: [Chunk] = []
      for choice in response.choices {
        let piece = choice.delta.content?.asText() ?? ""
        if choice.finish_reason == "error" {
          throw RuntimeError.predictionFailed(piece.isEmpty ? "MLC-LLM does not say why" : piece)
        }
        reason = choice.finish_reason ?? reason
        guard !piece.isEmpty else { continue }
        last = .now
        if first == nil { first = last }
        chunks += text.push(piece)
      }
      return chunks
    }

    /// The last chunks. `length` means that `max_tokens` were given out, or that the context is full.
    ///
    /// - Throws: `RuntimeError.promptTooLong` when the engine had no room for a single token.
    mutating func finish() throws -> [Chunk] {
      let usage = usage()
      var end = FinishReason.stop
      if reason == "length" {
        end = options.maxTokens.map { usage.outputTokens >= $0 } == true ? .maxTokens : .context
        if usage.outputTokens == 0 && options.maxTokens != 0 {
          throw RuntimeError.promptTooLong(tokens: usage.promptTokens, limit: limit)
        }
      } else if reason == nil {
        throw RuntimeError.predictionFailed("MLC-LLM ended the answer without a reason")
      }
      return text.finish() + [Chunk(text: "", end: AnswerEnd(reason: end, usage: usage))]
    }

    private func usage() -> Usage {
      var usage = Usage(droppedMessages: dropped)
      usage.promptTokens = counted?.prompt_tokens ?? 0
      usage.outputTokens = counted?.completion_tokens ?? 0
      if let first { usage.timeToFirstToken = start.duration(to: first).inSeconds }
      if let first, let last { usage.decodeSeconds = first.duration(to: last).inSeconds }
      usage.prefillSeconds = usage.timeToFirstToken
      if let fed = counted?.extra?.num_prefill_tokens {
        usage.cachedTokens = max(0, usage.promptTokens - fed)
        if let rate = counted?.extra?.prefill_tokens_per_s, rate > 0 { usage.prefillSeconds = Double(fed) / Double(rate) }
      }
      return usage
    }
  }
#endif
