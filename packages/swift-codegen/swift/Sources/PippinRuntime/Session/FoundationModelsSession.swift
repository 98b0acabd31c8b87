#if canImport(FoundationModels)
  import FoundationModels
  import PippinTokenizer

  /// Apple's own model behind the same protocol. A conversation that is too long for it ends with Apple's error, and so does a
  /// second prompt while the first is answered.
  @available(iOS 26, macOS 26, visionOS 26, *)
  @available(tvOS, unavailable)
  @available(watchOS, unavailable)
  extension LanguageModelSession: AssistantSession {
    public var history: [ChatMessage] { transcript.compactMap(Self.message) }

    public func prepare() async { prewarm() }

    public func answer(_ prompt: String, options: GenerateOptions) async throws -> String {
      try await respond(to: prompt, options: GenerationOptions(options)).content
    }

    public func answers(_ prompt: String, options: GenerateOptions) -> AsyncThrowingStream<String, any Error> {
      taskStream { [self] out in
        for try await snapshot in streamResponse(to: prompt, options: try GenerationOptions(options)) {
          out.yield(snapshot.content)
        }
        try Task.checkCancellation()
      }.stream
    }

    /// Tool calls and what they gave are left out.
    private static func message(_ entry: Transcript.Entry) -> ChatMessage? {
      switch entry {
      case .instructions(let entry): message("system", entry.segments)
      case .prompt(let entry): message("user", entry.segments)
      case .response(let entry): message("assistant", entry.segments)
      default: nil
      }
    }

    private static func message(_ role: String, _ segments: [Transcript.Segment]) -> ChatMessage {
      let texts = segments.compactMap { segment in
        if case .text(let text) = segment { return text.content }
        return nil
      }
      return ChatMessage(role: role, content: .string(texts.joined()))
    }
  }

  @available(iOS 26, macOS 26, visionOS 26, *)
  @available(tvOS, unavailable)
  @available(watchOS, unavailable)
  extension GenerationOptions {
    /// - Throws: `RuntimeError.unsupported` for what Apple's session does not know.
    init(_ options: GenerateOptions) throws {
      let sampling = options.sampling
      let isRandom = sampling.temperature > 0
      let refused: [(isAsked: Bool, what: String)] = [
        (options.tools?.isEmpty == false, "tools as JSON schemas"),
        (!options.templateVariables.isEmpty, "variables of a chat template"), (!options.stopTexts.isEmpty, "stop texts"),
        (options.maxContext != nil || options.contextPolicy != .error, "a choice of the context"),
        (isRandom && sampling.minP != 0, "min-p"), (isRandom && sampling.topK != 0 && sampling.topP != 1, "top-k with top-p"),
        (sampling.repetitionPenalty != 1 || sampling.frequencyPenalty != 0 || sampling.presencePenalty != 0, "penalties"),
        (sampling.temperature > 1, "a temperature above 1"),
      ]
      if let first = refused.first(where: \.isAsked) {
        throw RuntimeError.unsupported("Apple's model does not have \(first.what)")
      }
      self.init()
      maximumResponseTokens = options.maxTokens
      guard isRandom else {
        self.sampling = .greedy
        return
      }
      temperature = Double(sampling.temperature)
      let seed = UInt64(sampling.seed)
      if sampling.topK != 0 {
        self.sampling = .random(top: sampling.topK, seed: seed)
      } else {
        self.sampling = .random(probabilityThreshold: Double(sampling.topP), seed: seed)
      }
    }
  }
#endif
