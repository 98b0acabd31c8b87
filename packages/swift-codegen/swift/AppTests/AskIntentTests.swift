#if canImport(AppIntents)
  import PippinRuntime
  import PippinTokenizer
  import Testing

  @testable import PippinDemo

  @Suite(.timeLimit(.minutes(1))) struct AskIntentTests {
    private func holder(
      _ units: [ComputeUnits], _ make: @escaping @Sendable (DemoServices.Options) async throws -> any LanguageModel
    ) -> ModelHolder {
      ModelHolder(DemoServices(facts: .fake, computeUnits: units, conditions: FakeConditions(), make: make))
    }

    @Test func itAnswersWithoutThoughtsAndBriefly() async throws {
      let model = FakeLanguageModel([[.thinking("hm"), .text("Blue"), .text(" sky.")]])
      let answer = try await AskIntent.answer("Colour?", from: holder([]) { _ in model })
      #expect(answer == "Blue sky.")
      #expect(model.calls[0].messages == [ChatMessage(role: "user", content: "Colour?")])
      #expect(model.calls[0].options.maxTokens == 200)
    }

    @Test func cancellingTheIntentStopsTheModel() async {
      let model = FakeLanguageModel([[.text("a"), .pause, .text("b")]])
      let holder = holder([]) { _ in model }
      let task = Task { try await AskIntent.answer("Go", from: holder) }
      while model.chunks == 0 { await Task.yield() }

      task.cancel()

      await #expect(throws: CancellationError.self) { try await task.value }
      while model.runningAnswers > 0 { await Task.yield() }
      #expect(model.chunks == 1)
    }

    @Test func whenTheTimeIsOverItGivesWhatThereIs() async throws {
      let model = FakeLanguageModel([[.text("So"), .endless(" on")]])
      let answer = try await AskIntent.answer("Go", from: holder([]) { _ in model }, within: .zero)
      #expect(answer == "So")
    }

    @Test func inTheBackgroundTheGPUIsNotAsked() async throws {
      let holder = holder(ComputeUnits.allCases) { FakeLanguageModel(says: $0.computeUnits.rawValue) }
      await holder.setActive(false)
      #expect(try await AskIntent.answer("Where?", from: holder) == "cpuAndNeuralEngine")
    }

    @Test func anAppThatWasStartedForTheIntentIsInTheBackground() async {
      #expect(await !ModelHolder.shared.isActive)
    }

    @Test func inTheBackgroundAModelThatNeedsTheGPUIsRefused() async {
      let holder = holder([]) { _ in FakeLanguageModel(says: "no") }
      await holder.setActive(false)
      await #expect(throws: RuntimeError.self) { try await AskIntent.answer("Where?", from: holder) }
    }

    @Test func inTheForegroundItIsTheModelOfTheChat() async throws {
      let holder = holder(ComputeUnits.allCases) { FakeLanguageModel(says: $0.computeUnits.rawValue) }
      _ = try await holder.model(DemoServices.Options(computeUnits: .cpuAndGPU))
      #expect(try await AskIntent.answer("Where?", from: holder) == "cpuAndGPU")
    }
  }
#endif
