#if canImport(CoreML) && os(Linux)
  import CoreML
  import Foundation
  import PippinRuntime
  import PippinTokenizer
  import Testing

  /// An answer, read to its end.
  struct Collected {
    var ids: [Int] = []
    var text = ""
    var end: AnswerEnd?

    init(_ stream: AsyncThrowingStream<Chunk, any Error>) async throws {
      for try await chunk in stream {
        ids += chunk.ids
        text += chunk.text
        end = chunk.end ?? end
      }
    }
  }

  func ids(_ messages: [ChatMessage]) -> [Int] {
    let tokenizer = try! Toy.tokenizer()
    return tokenizer.encode(try! tokenizer.chatTemplate!.render(messages), addsSpecialTokens: false)
  }

  let hello = [ChatMessage(role: "user", content: "Hello there")]

  @Suite(.serialized) struct CoreMLModelTests {
    @Test(arguments: Toy.Form.allCases)
    func theTokensAreThoseOfThePackage(_ form: Toy.Form) async throws {
      let toy = try Toy(form)
      defer { toy.remove() }
      let prompt = ids(hello)
      let answer = try await Collected(toy.model().generate(hello, options: GenerateOptions(maxTokens: 20)))
      #expect(answer.ids == Toy.answer(prompt, 20))
      let decoded = try Toy.tokenizer().decode(answer.ids, skipsSpecialTokens: true)
      #expect(answer.text == decoded)
      #expect(answer.end?.reason == .maxTokens)
      #expect(answer.end?.usage.promptTokens == prompt.count)
      #expect(answer.end?.usage.outputTokens == 20)
      #expect(answer.end?.usage.cachedTokens == 0)
    }

    @Test(arguments: Toy.Form.allCases)
    func theNextTurnReadsOnlyWhatIsNew(_ form: Toy.Form) async throws {
      let toy = try Toy(form)
      defer { toy.remove() }
      let model = toy.model()
      let first = try await Collected(model.generate(hello, options: GenerateOptions(maxTokens: 4)))
      var turn = hello
      turn.append(ChatMessage(role: "assistant", content: .string(first.text)))
      turn.append(ChatMessage(role: "user", content: "And?"))
      let prompt = ids(turn)
      let second = try await Collected(model.generate(turn, options: GenerateOptions(maxTokens: 6)))
      #expect(second.ids == Toy.answer(prompt, 6))
      let cached = second.end!.usage.cachedTokens
      // The prompt of the first turn, at the least; a program without a cache computes all of it again.
      #expect(form == .ranged || form == .fixed ? cached == 0 : cached >= ids(hello).count)
    }

    @Test func aPromptGoesThroughPrefillInPieces() async throws {
      let toy = try Toy(.states)
      defer { toy.remove() }
      let model = toy.model()
      try await model.load()
      toy.script.reset()
      let count = ids(hello).count
      _ = try await Collected(model.generate(hello, options: GenerateOptions(maxTokens: 1)))
      let (whole, rest) = count.quotientAndRemainder(dividingBy: Toy.prefill)
      #expect(toy.script.predictions == whole + (2 * rest >= Toy.prefill ? 1 : rest))
    }

    @Test func aStopTextEndsTheAnswerAndIsNotPartOfIt() async throws {
      let toy = try Toy(.states)
      defer { toy.remove() }
      let model = toy.model()
      let whole = try await Collected(model.generate(hello, options: GenerateOptions(maxTokens: 12))).text
      let stop = String(whole.dropFirst(5).prefix(2))
      let answer = try await Collected(model.generate(hello, options: GenerateOptions(maxTokens: 12, stopTexts: [stop])))
      #expect(answer.text == String(whole[..<whole.range(of: stop)!.lowerBound]))
      #expect(answer.end?.reason == .stop)
    }

    @Test func leavingTheLoopStopsTheModelWithinOneToken() async throws {
      let toy = try Toy(.states)
      defer { toy.remove() }
      let model = toy.model()
      try await model.load()
      toy.script.reset()
      // Slower than the reader, as a device is.
      toy.script.before { _ in usleep(20_000) }
      var read = 0
      for try await chunk in model.generate(hello, options: GenerateOptions()) {
        read += chunk.ids.count
        if read >= 3 { break }
      }
      let atBreak = toy.script.predictions
      await model.unload()
      #expect(toy.script.predictions <= atBreak + 1)
      #expect(FakeCoreML.live.now == FakeCoreML.Live())
    }

    @Test func cancellingTheTaskEndsTheLoop() async throws {
      let toy = try Toy(.states)
      defer { toy.remove() }
      let model = toy.model()
      try await model.load()
      toy.script.reset()
      toy.script.before { _ in usleep(5_000) }
      let task = Task { try await Collected(model.generate(hello, options: GenerateOptions())) }
      while toy.script.predictions < 8 { try await Task.sleep(for: .milliseconds(1)) }
      task.cancel()
      let answer = try? await task.value
      #expect(answer?.end == nil)
      // It answers again, and right.
      toy.script.before { _ in }
      let again = try await Collected(model.generate(hello, options: GenerateOptions(maxTokens: 5)))
      #expect(again.ids == Toy.answer(ids(hello), 5))
    }

    @Test func nothingIsLeftInMemoryWhenTheModelIsGone() async throws {
      let before = FakeCoreML.live.now
      for form in Toy.Form.allCases {
        let toy = try Toy(form)
        defer { toy.remove() }
        var model: CoreMLModel? = toy.model()
        _ = try await Collected(model!.generate(hello, options: GenerateOptions(maxTokens: 3)))
        weak var held: CoreMLModel?
        held = model
        model = nil
        // The task behind the stream may still be ending.
        for _ in 0..<200 where held != nil { try await Task.sleep(for: .milliseconds(5)) }
        #expect(held == nil)
      }
      #expect(FakeCoreML.live.now == before)
    }

    @Test func twoAnswersAreComputedOneAfterTheOther() async throws {
      let toy = try Toy(.states)
      defer { toy.remove() }
      let model = toy.model()
      async let first = Collected(model.generate(hello, options: GenerateOptions(maxTokens: 10)))
      let other = [ChatMessage(role: "user", content: "Something else")]
      async let second = Collected(model.generate(other, options: GenerateOptions(maxTokens: 10)))
      #expect(try await first.ids == Toy.answer(ids(hello), 10))
      #expect(try await second.ids == Toy.answer(ids(other), 10))
    }

    @Test func unloadingEndsARunningAnswer() async throws {
      let toy = try Toy(.states)
      defer { toy.remove() }
      let model = toy.model()
      try await model.load()
      toy.script.before { _ in usleep(5_000) }
      let task = Task { try await Collected(model.generate(hello, options: GenerateOptions())) }
      while toy.script.predictions < 6 { try await Task.sleep(for: .milliseconds(1)) }
      await model.unload()
      await #expect(throws: CancellationError.self) { try await task.value }
      #expect(model.loadReport == nil)
      #expect(FakeCoreML.live.now == FakeCoreML.Live())
    }

    @Test func aFailedPredictionEndsTheAnswerAndTheNextOneIsRight() async throws {
      for form in [Toy.Form.states, .features, .chain, .ranged] {
        let toy = try Toy(form)
        defer { toy.remove() }
        let model = toy.model()
        try await model.load()
        toy.script.reset()
        toy.script.before { number in
          if number == 9 { throw MLModelError(.generic, "the Neural Engine gave up") }
        }
        await #expect(throws: RuntimeError.predictionFailed("the Neural Engine gave up")) {
          try await Collected(model.generate(hello, options: GenerateOptions()))
        }
        let answer = try await Collected(model.generate(hello, options: GenerateOptions(maxTokens: 5)))
        #expect(answer.ids == Toy.answer(ids(hello), 5))
      }
    }
  }
#endif
