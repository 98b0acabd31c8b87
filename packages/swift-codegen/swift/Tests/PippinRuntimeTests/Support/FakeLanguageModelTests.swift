import PippinRuntime
import PippinTokenizer
import Testing

@Suite(.timeLimit(.minutes(1))) struct FakeLanguageModelTests {
  private let hello = [ChatMessage(role: "user", content: "Say it")]

  @Test func itSaysItsScript() async throws {
    let model = FakeLanguageModel([[.thinking("hm"), .text("one"), .text(" two")]])
    var chunks: [Chunk] = []
    for try await chunk in model.generate(hello, options: .init()) { chunks.append(chunk) }
    #expect(chunks.map(\.text) == ["hm", "one", " two", ""])
    #expect(chunks[0].kind == .thinking)
    #expect(chunks.last?.end?.reason == .stop)
    #expect(chunks.last?.end?.usage.promptTokens == 2)
    #expect(chunks.last?.end?.usage.outputTokens == 3)
  }

  @Test func maxTokensEndsAnEndlessAnswer() async throws {
    let model = FakeLanguageModel([[.endless("a")]])
    var text = ""
    var end: AnswerEnd?
    for try await chunk in model.generate(hello, options: .init(maxTokens: 5)) {
      text += chunk.text
      end = chunk.end
    }
    #expect(text == "aaaaa")
    #expect(end?.reason == .maxTokens)
  }

  @Test func unloadEndsAnAnswerThatWaits() async throws {
    let model = FakeLanguageModel([[.text("a"), .pause, .text("b")]])
    var answer = model.generate(hello, options: .init()).makeAsyncIterator()
    let first = try await answer.next()
    #expect(first?.text == "a")
    await model.unload()
    await #expect(throws: CancellationError.self) { _ = try await answer.next() }
    #expect(!model.isLoaded && model.runningAnswers == 0)
  }
}
