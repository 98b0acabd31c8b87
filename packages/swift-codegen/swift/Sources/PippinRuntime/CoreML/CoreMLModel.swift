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
    /// The load after which an answer was begun.
    private let hasAnswered = Locked<LoadReport?>(nil)
    private let watch = Locked<(any Sendable)?>(nil)

    public init(facts: ModelFacts, files: ModelFiles, options: CoreMLOptions = CoreMLOptions()) {
      self.facts = facts
      self.options = options
      loader = ModelLoader(facts: facts, files: files, options: options)
      guard options.adaptation.unloadsOnMemoryWarning else { return }
      let observer = options.conditions.onMemoryWarning { [weak self] in self?.giveMemoryBack() }
      watch.with { $0 = observer }
    }

    /// How the model was loaded; nil while it is not.
    public var loadReport: LoadReport? { loaded.with { $0?.report } }

    public func load() async throws { try await gate.withTurn { _ = try await self.ready() } }

    public func generate(_ messages: [ChatMessage], options: GenerateOptions = GenerateOptions())
      -> AsyncThrowingStream<Chunk, any Error>
    {
      let asked = ContinuousClock.now
      return answerStream(in: gate) { try await self.answer(messages, options, asked, $0) }
    }

    public func unload() async { await gate.endAnswers { self.loaded.with { $0 = nil } } }

    public func logits(after ids: [Int]) async throws -> [Float] {
      try await gate.withTurn {
        let session = try await self.ready().session
        var row: [Float] = []
        session.rewind(to: 0)
        try await session.feed(ids) { row = $0.values }
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
      Task { try await gate.withTurn { self.loaded.with { $0 = nil } } }
    }

    private func ready() async throws -> LoadedModel {
      if let model = loaded.with({ $0 }) { return model }
      let model = try await loader.load()
      loaded.with { $0 = model }
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
      _ messages: [ChatMessage], _ asked: GenerateOptions, _ called: ContinuousClock.Instant, _ continuation: AnswerContinuation
    ) async throws {
      if options.adaptation.refusesWhenCritical, options.conditions.thermalState == .critical {
        throw RuntimeError.conditionsTooBad("it is too hot")
      }
      try asked.sampling.validate()
      let model = try await ready()
      let meter = AnswerMeter(called: called, run: run(model, asked))
      do {
        let prompt = try PromptFitter(tokenizer: model.tokenizer, options: asked, limit: limit(model, asked)).fit(messages)
        meter.fitted(prompt)
        let prefixes = PrefixUse(model, prompt, options)
        prefixes?.restore()
        var text = AnswerText(
          model.tokenizer.stream(skipsSpecialTokens: true), stopTexts: asked.stopTexts,
          begins: AnswerText.kind(after: prompt.text))
        let events = AnswerLoop.Events(
          prefillBegins: meter.prefillBegins, prefillEnds: meter.prefillEnds,
          token: { id in
            meter.token()
            for chunk in text.push(id) { try continuation.yield(chunk) }
            return text.hasStopped
          },
          slid: meter.slid)
        let reason = try await loop(model, asked, prompt: prompt.ids).run(prompt.ids, events)
        for chunk in text.finish() { try continuation.yield(chunk) }
        let end = AnswerEnd(reason: reason, usage: meter.finish(reason))
        try continuation.yield(Chunk(text: "", ids: text.pendingIds, end: end))
        prefixes?.store()
      } catch {
        meter.fail(error)
        throw error
      }
    }

    /// The run's record in the log. The first answer after a load is a cold one.
    private func run(_ model: LoadedModel, _ asked: GenerateOptions) -> RunRecorder? {
      let isCold = hasAnswered.with { answered in
        defer { answered = model.report }
        return answered != model.report
      }
      return options.telemetry.map { telemetry in
        let named = telemetry.model(facts, engine: "coreml", computeUnit: model.report.computeUnits.rawValue)
        let scenario = RunScenario(isCold: isCold, options: asked, contextLength: model.session.contextLength)
        return telemetry.beginRun(model: named, scenario: scenario)
      }
    }
  }
#endif
