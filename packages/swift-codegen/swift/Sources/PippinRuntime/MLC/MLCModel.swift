#if canImport(MLCSwift)
  import Foundation
  import MLCSwift
  import PippinTokenizer

  /// A model that MLC-LLM runs, on the GPU through Metal; it has no other compute unit, and no code for the simulator.
  ///
  /// What differs from other models:
  /// - The engine writes prompts by `conv_template` of `mlc-chat-config.json`, not by the model's chat template.
  /// - Sampling is the engine's: temperature, top-p, frequency and presence penalty. The same seed gives the same tokens again on
  ///   the same device, not the tokens of other runtimes. Top-k, min-p, a repetition penalty, tools, template variables and
  ///   `ContextPolicy.slide` are refused with `RuntimeError.unsupported`.
  /// - The chat template of `tokenizer.pippin`, where that lies beside the model, counts the tokens of a prompt before the engine
  ///   does. Without it `ContextPolicy.dropOldestTurns` is refused, and `maxContext` only lowers `maxTokens`.
  /// - Chunks have no token ids.
  public final class MLCModel: LanguageModel {
    public let facts: ModelFacts
    private let files: ModelFiles
    private let library: String
    private let conditions: (any DeviceConditions)?
    private let gate = AnswerGate()
    private let engine = Engine()

    /// - Parameters:
    ///   - files: `packages` holds `mlc-chat-config.json` and the weights, `folder` perhaps `tokenizer.pippin`.
    ///   - library: the `model_lib` under which the model's code was linked into the app.
    ///   - conditions: tells the free memory, so that a model that does not fit is refused; nil: it is not asked.
    public init(facts: ModelFacts, files: ModelFiles, library: String, conditions: (any DeviceConditions)? = nil) {
      self.facts = facts
      self.files = files
      self.library = library
      self.conditions = conditions
    }

    public func load() async throws { try await gate.withTurn { try await loadNow() } }

    public func unload() async { await gate.endAnswers { [engine] in await engine.close() } }

    public func generate(_ messages: [ChatMessage], options: GenerateOptions) -> AsyncThrowingStream<Chunk, any Error> {
      let start = ContinuousClock.now
      return answerStream(in: gate) { [self] out in
        try await loadNow()
        var answer = try MLCAnswer(messages, options, facts: facts, tokenizer: engine.tokenizer, start: start)
        for await response in try await answer.request.start(engine.opened()) {
          for chunk in try answer.take(response) { try out.yield(chunk) }
        }
        // The engine's stream ends without a word when the task is cancelled.
        try Task.checkCancellation()
        for chunk in try answer.finish() { try out.yield(chunk) }
      }
    }

    private func loadNow() async throws {
      if engine.isOpen { return }
      #if targetEnvironment(simulator)
        throw RuntimeError.unsupported("MLC-LLM has no code for the simulator; choose a device, or My Mac (Designed for iPad)")
      #else
        if let available = conditions?.availableMemory, available < facts.peakBytes {
          throw RuntimeError.notEnoughMemory(needed: facts.peakBytes, available: available)
        }
        let weights = MLCFiles(folder: files.packages)
        try weights.verify()
        let path = try weights.enginePath()
        let hasTokenizer = FileManager.default.fileExists(atPath: files.tokenizer.path)
        let tokenizer = hasTokenizer ? try Tokenizer(contentsOf: files.tokenizer) : nil
        let opened = await engine.open(path: path, library: library, tokenizer: tokenizer)
        do { try await Self.warmUp(opened) } catch {
          await engine.close()
          throw error
        }
      #endif
    }

    /// `reload` says nothing of errors: the first answer does.
    private static func warmUp(_ engine: MLCEngine) async throws {
      let hello = [ChatMessage(role: "user", content: "Hi")]
      let request = try MLCRequest(hello, GenerateOptions(), maxTokens: 1)
      for await response in await request.start(engine) {
        for choice in response.choices where choice.finish_reason == "error" {
          throw RuntimeError.loadFailed(choice.delta.content?.asText() ?? "MLC-LLM does not say why")
        }
      }
      try Task.checkCancellation()
    }

    /// Holds the engine while it is loaded. `MLCEngine` does not declare that it may be used from several tasks; all of its calls go
    /// to threads of its own, and `AnswerGate` lets one task at a time come here.
    private final class Engine: @unchecked Sendable {
      private var engine: MLCEngine?
      private(set) var tokenizer: Tokenizer?
      var isOpen: Bool { engine != nil }

      func open(path: String, library: String, tokenizer: Tokenizer?) async -> MLCEngine {
        let engine = MLCEngine()
        await engine.reload(modelPath: path, modelLib: library)
        self.engine = engine
        self.tokenizer = tokenizer
        return engine
      }

      func opened() throws -> MLCEngine {
        guard let engine else { throw RuntimeError.loadFailed("the engine is closed") }
        return engine
      }

      func close() async {
        await engine?.unload()
        engine = nil
        tokenizer = nil
      }
    }
  }
#endif
