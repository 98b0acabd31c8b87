#if canImport(FoundationModels)
  import FoundationModels
  import PippinTokenizer
  import Testing

  @testable import PippinRuntime

  @Suite struct FoundationModelsSessionTests {
    @Test func applesSessionTakesTheSameCalls() async throws {
      let session: any AssistantSession = LanguageModelSession(instructions: "Be short.")
      var texts: [String] = []
      for try await text in session.answers("one two", options: .init()) { texts.append(text) }
      #expect(texts == ["one", "one two"])
      #expect(try await session.answer("three", options: .init()) == "three")
      #expect(await session.history.map(\.role) == ["system", "user", "assistant", "user", "assistant"])
      #expect(await session.history.first?.content == "Be short.")
    }

    @Test func optionsAreCarriedOver() throws {
      let greedy = try GenerationOptions(GenerateOptions(maxTokens: 9))
      #expect(greedy == GenerationOptions(sampling: .greedy, maximumResponseTokens: 9))
      let topP = try GenerationOptions(GenerateOptions(sampling: .init(temperature: 0.5, topP: 0.75, seed: 3)))
      #expect(topP == GenerationOptions(sampling: .random(probabilityThreshold: 0.75, seed: 3), temperature: 0.5))
      let topK = try GenerationOptions(GenerateOptions(sampling: .init(temperature: 1, topK: 40, seed: 3)))
      #expect(topK == GenerationOptions(sampling: .random(top: 40, seed: 3), temperature: 1))
    }

    @Test func whatApplesModelDoesNotKnowIsRefused() {
      let all: [GenerateOptions] = [
        .init(maxContext: 5), .init(contextPolicy: .dropOldestTurns), .init(stopTexts: ["a"]), .init(tools: [["a": 1]]),
        .init(templateVariables: [.init("a", 1)]), .init(sampling: .init(repetitionPenalty: 1.1)),
        .init(sampling: .init(temperature: 1.5)), .init(sampling: .init(temperature: 1, minP: 0.1)),
        .init(sampling: .init(temperature: 1, topK: 4, topP: 0.5)),
      ]
      for options in all { #expect(throws: RuntimeError.self) { try GenerationOptions(options) } }
    }
  }
#endif
