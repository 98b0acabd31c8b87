#if canImport(MLCSwift)
  import Foundation
  import MLCSwift
  import PippinRuntime
  import PippinTokenizer
  import Testing

  @Suite(.timeLimit(.minutes(1))) struct MLCModelTests {
    private static let warmUp: [MLCEngineScript.Step] = [.finish("length"), .usage(prompt: 1, completion: 1)]
    private let hello = [ChatMessage(role: "system", content: "Be kind."), ChatMessage(role: "user", content: "Hello")]

    /// A model whose engine gives these answers after its warm-up.
    private struct Made {
      let fixture: MLCFixture
      let script: MLCEngineScript
      let model: MLCModel

      init(_ answers: [[MLCEngineScript.Step]], tokenizer: URL? = nil, contextLength: Int = 64) throws {
        fixture = try MLCFixture(tokenizer: tokenizer)
        script = MLCEngineScript(path: fixture.url.path, [MLCModelTests.warmUp] + answers)
        let facts = ModelFacts(name: "Small", source: "example/small", backend: "mlc", vocabSize: 512, contextLength: contextLength)
        model = MLCModel(facts: facts, files: ModelFiles(folder: fixture.url), library: "qwen2_q4f16_1")
      }
    }

    private func collect(_ stream: AsyncThrowingStream<Chunk, any Error>) async throws -> [Chunk] {
      var chunks: [Chunk] = []
      for try await chunk in stream { chunks.append(chunk) }
      return chunks
    }

    @Test func anAnswerStreamsWithPartsReasonAndUsage() async throws {
      let made = try Made([
        [
          .text("<think>hm</th"), .text("ink>Hel"), .text("lo"), .finish("stop"),
          .usage(prompt: 20, completion: 6, fed: 5, prefillRate: 50),
        ]
      ])
      let options = GenerateOptions(
        maxTokens: 30, sampling: Sampling(temperature: 0.5, topP: 0.9, frequencyPenalty: 0.25, presencePenalty: 0.125, seed: 7),
        stopTexts: ["END"])

      let chunks = try await collect(made.model.generate(hello, options: options))

      #expect(chunks.filter { $0.kind == .thinking }.map(\.text).joined() == "hm")
      #expect(chunks.filter { $0.kind == .text }.map(\.text).joined() == "Hello")
      let end = try #require(chunks.last?.end)
      #expect(end.reason == .stop)
      #expect(end.usage.promptTokens == 20)
      #expect(end.usage.cachedTokens == 15)
      #expect(end.usage.outputTokens == 6)
      #expect(end.usage.prefillSeconds == 0.1)
      #expect(end.usage.timeToFirstToken > 0)
      let request = try #require(made.script.requests.last)
      #expect(request.messages == [["system", "Be kind."], ["user", "Hello"]])
      #expect(request.maxTokens == 30)
      #expect(request.temperature == 0.5 && request.topP == 0.9)
      #expect(request.frequencyPenalty == 0.25 && request.presencePenalty == 0.125)
      #expect(request.seed == 7 && request.stop == ["END"])
      #expect(made.script.calls == ["reload qwen2_q4f16_1"])
    }

    @Test func loadWarmsUpOnceAndUnloadFreesTheEngine() async throws {
      let made = try Made([])
      try await made.model.load()
      try await made.model.load()
      await made.model.unload()
      #expect(made.script.calls == ["reload qwen2_q4f16_1", "unload"])
      #expect(made.script.requests.map(\.maxTokens) == [1])
    }

    @Test func leavingTheLoopAbortsTheRequest() async throws {
      let made = try Made([[.endless("a")], [.text("b"), .finish("stop"), .usage(prompt: 1, completion: 1)]])
      var seen = 0
      for try await _ in made.model.generate(hello, options: .init()) {
        seen += 1
        if seen == 3 { break }
      }
      // The next answer begins only when the first one's task has ended.
      let next = try await collect(made.model.generate(hello, options: .init()))
      #expect(next.map(\.text).joined() == "b")
      #expect(made.script.calls.contains("abort"))
      let pieces = made.script.pieces
      for _ in 0..<100 { await Task.yield() }
      #expect(made.script.pieces == pieces)
    }

    @Test func cancellingTheTaskEndsTheAnswerWithItsError() async throws {
      let made = try Made([[.endless("a")]])
      let (begun, beginning) = AsyncStream.makeStream(of: Void.self)
      let model = made.model
      let reader = Task {
        for try await _ in model.generate(hello, options: .init()) { beginning.yield() }
        try Task.checkCancellation()
      }
      for await _ in begun { break }

      reader.cancel()

      await #expect(throws: CancellationError.self) { try await reader.value }
      await made.model.unload()
      #expect(made.script.calls == ["reload qwen2_q4f16_1", "abort", "unload"])
    }

    @Test func unloadEndsARunningAnswer() async throws {
      let made = try Made([[.endless("a")]])
      var answer = made.model.generate(hello, options: .init()).makeAsyncIterator()
      _ = try await answer.next()
      await made.model.unload()
      await #expect(throws: CancellationError.self) { while try await answer.next() != nil {} }
      #expect(made.script.calls == ["reload qwen2_q4f16_1", "abort", "unload"])
    }

    @Test func anErrorChunkIsThrownBehindTheText() async throws {
      let made = try Made([[.text("so "), .finish("error", text: "out of memory"), .usage(prompt: 0, completion: 0)]])
      var text = ""
      await #expect(throws: RuntimeError.predictionFailed("out of memory")) {
        for try await chunk in made.model.generate(hello, options: .init()) { text += chunk.text }
      }
      #expect(text == "so ")
    }

    @Test func anErrorInTheWarmUpIsALoadThatFailedAndMayBeTriedAgain() async throws {
      let made = try Made([])
      let script = MLCEngineScript(
        path: made.fixture.url.path, [[.finish("error", text: "no such library")], Self.warmUp])
      await #expect(throws: RuntimeError.loadFailed("no such library")) { try await made.model.load() }
      try await made.model.load()
      #expect(script.calls == ["reload qwen2_q4f16_1", "unload", "reload qwen2_q4f16_1"])
    }

    @Test(arguments: [(4 as Int?, 4, FinishReason.maxTokens), (40, 11, .context), (nil, 11, .context)])
    func lengthIsTheAskedNumberOrTheContext(maxTokens: Int?, written: Int, reason: FinishReason) async throws {
      let made = try Made([[.text("a"), .finish("length"), .usage(prompt: 5, completion: written)]])
      let chunks = try await collect(made.model.generate(hello, options: .init(maxTokens: maxTokens)))
      #expect(chunks.last?.end?.reason == reason)
    }

    @Test func aPromptWithoutRoomForAnAnswerIsAnError() async throws {
      let made = try Made([[.finish("length"), .usage(prompt: 80, completion: 0)]])
      await #expect(throws: RuntimeError.promptTooLong(tokens: 80, limit: 64)) {
        _ = try await collect(made.model.generate(hello, options: .init()))
      }
    }

    @Test func whatTheEngineCannotDoIsRefused() async throws {
      let made = try Made([])
      let all: [GenerateOptions] = [
        .init(sampling: .init(temperature: 1, topK: 40)), .init(sampling: .init(temperature: 1, minP: 0.1)),
        .init(sampling: .init(repetitionPenalty: 1.1)), .init(tools: [["type": "function"]]),
        .init(templateVariables: [.init("enable_thinking", false)]), .init(contextPolicy: .slide(keeping: 4)),
        .init(contextPolicy: .dropOldestTurns),
      ]
      for options in all {
        await #expect(throws: RuntimeError.self) { _ = try await collect(made.model.generate(hello, options: options)) }
      }
      #expect(made.script.requests.count == 1)
    }

    @Test func theTokenizerBesideTheModelCountsThePrompt() async throws {
      let answer: [MLCEngineScript.Step] = [.text("a"), .finish("stop"), .usage(prompt: 1, completion: 1)]
      let made = try Made([answer, answer], tokenizer: TokenizerFixture.byteLevel, contextLength: 4096)
      let tokenizer = try Tokenizer(contentsOf: TokenizerFixture.byteLevel)
      let talk = hello + [ChatMessage(role: "assistant", content: "Hi!"), ChatMessage(role: "user", content: "What is it?")]
      let template = try #require(tokenizer.chatTemplate)
      let whole = tokenizer.encode(try template.render(talk), addsSpecialTokens: false).count

      _ = try await collect(made.model.generate(talk, options: .init(maxContext: whole + 9)))
      let chunks = try await collect(
        made.model.generate(talk, options: .init(maxTokens: 9, maxContext: whole + 8, contextPolicy: .dropOldestTurns)))

      #expect(made.script.requests[1].maxTokens == 9)
      #expect(made.script.requests[2].messages == [["system", "Be kind."], ["user", "What is it?"]])
      #expect(chunks.last?.end?.usage.droppedMessages == 2)
      await #expect(throws: RuntimeError.promptTooLong(tokens: whole, limit: whole)) {
        _ = try await collect(made.model.generate(talk, options: .init(maxContext: whole)))
      }
    }

    @Test func aModelThatDoesNotFitIsRefusedBeforeTheEngineStarts() async throws {
      struct Tight: DeviceConditions {
        let thermalState = ThermalState.nominal
        let isLowPowerMode = false
        let availableMemory: Int64? = 10
        let footprint: Int64? = nil
        func onMemoryWarning(_ handler: @escaping @Sendable () -> Void) -> any Sendable { 0 }
      }
      let fixture = try MLCFixture()
      let model = MLCModel(facts: .fake, files: ModelFiles(folder: fixture.url), library: "a", conditions: Tight())
      await #expect(throws: RuntimeError.notEnoughMemory(needed: 700_000, available: 10)) { try await model.load() }
    }
  }
#endif
