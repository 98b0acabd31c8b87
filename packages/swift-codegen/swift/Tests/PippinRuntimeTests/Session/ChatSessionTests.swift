import PippinRuntime
import PippinTokenizer
import Testing

@Suite(.timeLimit(.minutes(1))) struct ChatSessionTests {
  private func text(_ message: ChatMessage) -> String {
    guard case .string(let text) = message.content else { return "" }
    return "\(message.role): \(text)"
  }

  @Test func answersSeeAllThatCameBefore() async throws {
    let model = FakeLanguageModel(says: "A lens bends light.", "A prism splits it.")
    let session = ChatSession(model: model, instructions: "Be short.")

    let first = try await session.respond(to: "What is a lens?")
    let second = try await session.respond(to: "And a prism?")

    #expect(first.content == "A lens bends light." && second.content == "A prism splits it.")
    #expect(second.end.reason == .stop)
    #expect(
      model.calls[1].messages.map(text) == [
        "system: Be short.", "user: What is a lens?", "assistant: A lens bends light.", "user: And a prism?",
      ])
    #expect(await session.transcript.map(text).last == "assistant: A prism splits it.")
  }

  @Test func snapshotsGrow() async throws {
    let session = ChatSession(model: FakeLanguageModel([[.thinking("hm"), .text("one"), .text(" two")]]))
    var contents: [String] = []
    for try await snapshot in session.streamResponse(to: "Count") { contents.append(snapshot.content) }
    #expect(contents == ["", "one", "one two", "one two"])
    #expect(await session.transcript.last?.more == [.init("reasoning_content", "hm")])
  }

  @Test func answersComeOneAtATimeInOrderOfTheCalls() async throws {
    let model = FakeLanguageModel(says: "first", "second")
    let session = ChatSession(model: model)
    let streams = [session.streamResponse(to: "1"), session.streamResponse(to: "2")]
    let second = try await streams[1].collect()
    let first = try await streams[0].collect()
    #expect([first.content, second.content] == ["first", "second"])
    #expect(model.calls[1].messages.count == 3)
  }

  @Test func aStoppedAnswerLeavesTheTranscriptAsItWas() async throws {
    let model = FakeLanguageModel([[.endless("a")], [.text("b")]])
    let session = ChatSession(model: model)
    for try await snapshot in session.streamResponse(to: "Go on") where snapshot.content.count == 3 { break }
    let answer = try await session.respond(to: "Stop")
    #expect(answer.content == "b")
    #expect(await session.transcript.map(text) == ["user: Stop", "assistant: b"])
    #expect(model.runningAnswers == 0)
  }

  @Test func aFailedAnswerIsThrownAndLeavesTheTranscriptAsItWas() async throws {
    let model = FakeLanguageModel([[.text("a"), .fail(RuntimeError.notFinite(position: 3))], [.text("b")]])
    let session = ChatSession(model: model)
    await #expect(throws: RuntimeError.notFinite(position: 3)) { try await session.respond(to: "One") }
    #expect(await session.transcript.isEmpty)
    #expect(try await session.respond(to: "Two").content == "b")
  }

  @Test func isRespondingWhileAnAnswerIsMade() async throws {
    let model = FakeLanguageModel([[.text("a"), .pause]])
    let session = ChatSession(model: model)
    #expect(await !session.isResponding)
    var stream = session.streamResponse(to: "Wait").makeAsyncIterator()
    _ = try await stream.next()
    #expect(await session.isResponding)
    model.resume()
    while try await stream.next() != nil {}
    #expect(await !session.isResponding)
  }

  @Test func aConversationCanBeGoneOnWith() async throws {
    let model = FakeLanguageModel(says: "Blue.")
    let talk = [ChatMessage(role: "user", content: "Hi"), ChatMessage(role: "assistant", content: "Hello")]
    _ = try await ChatSession(model: model, transcript: talk).respond(to: "Colour?")
    #expect(model.calls[0].messages.map(text) == ["user: Hi", "assistant: Hello", "user: Colour?"])
  }

  @Test func toolsAreRefused() async {
    let session = ChatSession(model: FakeLanguageModel(says: "a"))
    await #expect(throws: RuntimeError.self) {
      try await session.respond(to: "a", options: .init(tools: [["type": "function"]]))
    }
  }

  @Test func theProtocolGivesTextsAndLoadsAhead() async throws {
    let model = FakeLanguageModel(says: "one two", "three")
    let session: any AssistantSession = ChatSession(model: model)
    await session.prepare()
    #expect(model.isLoaded)
    var texts: [String] = []
    for try await text in session.answers("a", options: .init()) { texts.append(text) }
    #expect(texts == ["one", "one two", "one two"])
    #expect(try await session.answer("b", options: .init()) == "three")
    #expect(await session.history.count == 4)
  }
}
