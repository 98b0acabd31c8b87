#if canImport(CoreML)
  import Foundation
  import PippinTokenizer

  /// A Core ML package that Pippin wrote, as a `LanguageModel`.
  ///
  ///     let model = CoreMLModel(facts: QwenAssets.facts, files: QwenAssets.files)
  ///     for try await chunk in model.generate([ChatMessage(role: "user", content: "Hello")], options: .init()) { … }
  ///
  /// Keys and values of a conversation stay in memory: the next turn computes only what is new.
  public final class CoreMLModel: InspectableModel {
    public let facts: ModelFacts
    private let options: CoreMLOptions
    private let loader: ModelLoader
    private let gate = AnswerGate()
    private let loaded = Locked<LoadedModel?>(nil)
    private let watch = Locked<(any Sendable)?>(nil)

    public init(facts: ModelFacts, files: ModelFiles, options: CoreMLOptions = CoreMLOptions()) {
      self.facts = facts
      self.options = options
      loader = ModelLoader(facts: facts, files: files, options: options)
      guard options.adaptation.unloadsOnMemoryWarning else { return }
      let observer = options.conditions.onMemoryWarning { [weak self] in self?.giveMemoryBack() }
      watch { $0 = observer }
    }

    /// How the model was loaded; nil while it is not.
    public var loadReport: LoadReport? { loaded { $0?.report } }

    public func load() async throws { try await gate.withTurn { _ = try await self.ready() } }

    public func generate(_ messages: [ChatMessage], options: GenerateOptions = GenerateOptions())
      -> AsyncThrowingStream<Chunk, any Error>
    {
      let asked = ContinuousClock.now
      return answerStream(in: gate) { try await self.answer(messages, options, asked, $0) }
    }

    public func unload() async { await gate.endAnswers { self.loaded { $0 = nil } } }

    public func logits(after ids: [Int]) async throws -> [Float] {
      try await gate.withTurn {
        let session = try await self.ready().session
        var row: [Float] = []
        session.rewind(to: 0)
        _ = try await session.read(ids) { row = $0.values }
        return row
      }
    }

    public func greedy(after ids: [Int], count: Int) async throws -> [Int] {
      try await gate.withTurn {
        let model = try await self.ready()
        var answer: [Int] = []
        guard count > 0 else { return answer }
        let events = AnswerLoop.Events(token: { id in
          answer.append(id)
          return false
        })
        _ = try await self.loop(model, GenerateOptions(maxTokens: count), prompt: ids).run(ids, events)
        return answer
      }
    }

    /// Behind the running answer, if there is one.
    private func giveMemoryBack() {
      Task { try await gate.withTurn { self.loaded { $0 = nil } } }
    }

    private func ready() async throws -> LoadedModel {
      if let model = loaded({ $0 }) { return model }
      let model = try await loader.load()
      loaded { $0 = model }
      return model
    }

    private func limit(_ model: LoadedModel, _ asked: GenerateOptions) -> Int {
      min(asked.maxContext ?? .max, model.session.contextLength)
    }

    private func loop(_ model: LoadedModel, _ asked: GenerateOptions, prompt: [Int]) -> AnswerLoop {
      AnswerLoop(
        session: model.session, sampler: Sampler(asked.sampling, prompt: prompt),
        stopTokens: Set(model.manifest.stopTokens).union(model.tokenizer.stopIds), limit: limit(model, asked), options: asked,
        adaptation: options.adaptation, conditions: options.conditions)
    }

    private func answer(
      _ messages: [ChatMessage], _ asked: GenerateOptions, _ began: ContinuousClock.Instant, _ continuation: AnswerContinuation
    ) async throws {
      if options.adaptation.refusesWhenCritical, options.conditions.thermalState == .critical {
        throw RuntimeError.conditionsTooBad("it is too hot")
      }
      let model = try await ready()
      let prompt = try PromptFitter(tokenizer: model.tokenizer, options: asked, limit: limit(model, asked)).fit(messages)
      let prefixes = PrefixUse(model, prompt, self.options)
      prefixes?.restore()
      let loop = loop(model, asked, prompt: prompt.ids)
      var text = AnswerText(
        model.tokenizer.stream(skipsSpecialTokens: true), stopTexts: asked.stopTexts, begins: AnswerText.kind(after: prompt.text))
      var usage = Usage(promptTokens: prompt.ids.count, droppedMessages: prompt.droppedMessages)
      var first: ContinuousClock.Instant?
      let readFrom = ContinuousClock.now
      let events = AnswerLoop.Events(
        prefilled: { cached in
          usage.cachedTokens = cached
          usage.prefillSeconds = (ContinuousClock.now - readFrom).inSeconds
        },
        token: { id in
          let now = ContinuousClock.now
          if let first { usage.decodeSeconds = (now - first).inSeconds } else { usage.timeToFirstToken = (now - began).inSeconds }
          first = first ?? now
          usage.outputTokens += 1
          for chunk in text.push(id) { try continuation.yield(chunk) }
          return text.hasStopped
        })
      let reason = try await loop.run(prompt.ids, events)
      for chunk in text.finish() { try continuation.yield(chunk) }
      try continuation.yield(Chunk(text: "", ids: text.pendingIds, end: AnswerEnd(reason: reason, usage: usage)))
      prefixes?.store()
    }
  }

  /// The system prompt of one answer and its copy on disk.
  private struct PrefixUse {
    private let cache: PrefixCache
    private let session: CachedSession
    private let ids: [Int]
    private let key: String

    /// nil where nothing is kept: it is switched off, the prompt is short, or the package has no cache.
    init?(_ model: LoadedModel, _ prompt: FittedPrompt, _ options: CoreMLOptions) {
      // The last token of a prompt is always computed.
      let count = min(prompt.stablePrefix, prompt.ids.count - 1)
      guard let kept = options.prefixCache, count >= kept.minimumTokens, let session = model.session as? CachedSession else {
        return nil
      }
      cache = PrefixCache(folder: options.cacheFolder.appendingPathComponent("prefixes"), options: kept)
      self.session = session
      ids = Array(prompt.ids.prefix(count))
      key = "\(model.key) \(model.report.computeUnits.rawValue)"
    }

    func restore() {
      guard !session.tokens.starts(with: ids) else { return }
      _ = cache.restore(ids, into: session, key: key)
    }

    func store() {
      guard session.tokens.starts(with: ids) else { return }
      cache.store(ids.count, of: session, key: key)
    }
  }
#endif
