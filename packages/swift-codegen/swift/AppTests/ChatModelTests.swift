import Foundation
import PippinRuntime
import PippinTokenizer
import Testing

@testable import PippinDemo

@MainActor @Suite(.timeLimit(.minutes(1))) struct ChatModelTests {
  /// A chat over a scripted model, loaded.
  private func chat(_ model: FakeLanguageModel, change: (inout DemoServices) -> Void = { _ in }) async -> ChatModel {
    var services = DemoServices(facts: .fake, conditions: FakeConditions(), make: { _ in model })
    change(&services)
    let chat = ChatModel(ModelHolder(services), services: services, defaults: nil, seed: { 5 })
    await chat.start()
    return chat
  }

  private func ask(_ chat: ChatModel, _ prompt: String) async {
    chat.draft = prompt
    chat.send()
    await settle(chat)
  }

  private func settle(_ chat: ChatModel) async {
    while chat.isAnswering || chat.isTesting { await Task.yield() }
  }

  private func texts(_ messages: [ChatMessage]) -> [String] {
    messages.map { message in
      guard case .string(let text) = message.content else { return message.role }
      return "\(message.role): \(text)"
    }
  }

  @Test func anAnswerGrowsUnderItsQuestion() async {
    let model = FakeLanguageModel([[.thinking("hm"), .text("Blue"), .pause, .text(" sky.")]])
    let chat = await chat(model)
    chat.draft = "  Colour?\n"
    chat.send()
    while chat.turns[0].answer.isEmpty { await Task.yield() }
    #expect(chat.draft.isEmpty && chat.isAnswering && !chat.canSend)
    #expect(chat.turns[0].prompt == "Colour?")
    #expect(chat.turns[0].answer == "Blue" && chat.turns[0].thoughts == "hm")

    model.resume()
    await settle(chat)

    #expect(chat.turns[0].answer == "Blue sky.")
    #expect(chat.turns[0].end?.reason == .stop)
    #expect(chat.runs.map(\.usage.outputTokens) == [3])
    #expect(chat.runs[0].thermalState == .fair && chat.runs[0].footprintBytes == 1000)
  }

  @Test func stopShowsNoFurtherPieceAndTheModelEnds() async {
    let model = FakeLanguageModel([[.endless("a")], [.text("b")]])
    let chat = await chat(model)
    chat.draft = "Go"
    chat.send()
    while chat.turns[0].answer.count < 5 { await Task.yield() }
    let shown = chat.turns[0].answer

    await chat.stop()

    #expect(chat.turns[0].answer == shown)
    #expect(chat.turns[0].isStopped && !chat.isAnswering && chat.runs.isEmpty)
    await ask(chat, "Next")
    #expect(chat.turns[1].answer == "b")
    #expect(model.runningAnswers == 0)
    let chunks = model.chunks
    for _ in 0..<100 { await Task.yield() }
    #expect(model.chunks == chunks)
  }

  @Test func theModelReadsTheConversationAndTheInstructions() async {
    let model = FakeLanguageModel([[.thinking("hm"), .text("One.")], [.text("Two.")]])
    let chat = await chat(model)
    chat.settings.instructions = " Be short. "
    chat.settings.maxTokens = 9
    chat.settings.temperature = 0.5
    chat.settings.context = .slide
    await ask(chat, "1?")
    await ask(chat, "2?")
    #expect(texts(model.calls[1].messages) == ["system: Be short.", "user: 1?", "assistant: One.", "user: 2?"])
    #expect(model.calls[1].messages[2].more == [.init("reasoning_content", "hm")])
    let options = model.calls[1].options
    #expect(options.maxTokens == 9 && options.contextPolicy == .slide(keeping: 4))
    #expect(options.sampling.temperature == 0.5 && options.sampling.seed == 5)
  }

  @Test func anErrorIsShownWithWhatHelpsAndCanBeTriedAgain() async {
    let model = FakeLanguageModel([[.text("so "), .fail(RuntimeError.notFinite(position: 4))], [.text("Good.")]])
    let chat = await chat(model)
    await ask(chat, "Try")
    #expect(chat.turns[0].failure?.reason == "The model computed values that are no numbers at token 4.")
    #expect(chat.turns[0].failure?.suggestion == "Try again; if it happens again, run the self-test.")

    chat.retry()
    await settle(chat)

    #expect(chat.turns.map(\.prompt) == ["Try"] && chat.turns[0].answer == "Good." && chat.turns[0].failure == nil)
    #expect(texts(model.calls[1].messages) == ["user: Try"])
  }

  @Test func aTurnWithoutAnAnswerIsLeftOutOfTheNextPrompt() async {
    let model = FakeLanguageModel([[.fail(RuntimeError.promptEmpty)], [.text("Yes.")]])
    let chat = await chat(model)
    await ask(chat, "1?")
    await ask(chat, "2?")
    #expect(texts(model.calls[1].messages) == ["user: 2?"])
  }

  @Test func clearEndsTheAnswerAndForgets() async {
    let model = FakeLanguageModel([[.endless("a")], [.text("b")]])
    let chat = await chat(model)
    chat.draft = "Go"
    chat.send()
    while chat.turns[0].answer.isEmpty { await Task.yield() }
    await chat.clear()
    #expect(chat.turns.isEmpty && !chat.isAnswering)
    await ask(chat, "New")
    #expect(texts(model.calls[1].messages) == ["user: New"])
  }

  @Test func aLoadThatFailsIsShownAndTriedAgain() async {
    let error = RuntimeError.notEnoughMemory(needed: 2_000_000, available: 1_000_000)
    let chat = await chat(FakeLanguageModel([[.text("a")]], loadErrors: [error]))
    #expect(chat.phase == .failed(Failure(error)))
    chat.draft = "Hello"
    #expect(!chat.canSend)
    await chat.start()
    #expect(chat.phase == .ready && chat.canSend)
  }

  @Test func whatWasSetAsideIsForgivenWhenTheUserTriesAgain() async {
    let model = FakeLanguageModel([], loadErrors: [RuntimeError.quarantined("the app ended")])
    let forgiven = Box(false)
    let chat = await chat(model) { $0.forgive = { forgiven.value = true } }
    #expect(chat.phase == .failed(Failure(RuntimeError.quarantined("the app ended"))))

    await chat.start()

    #expect(forgiven.value)
    #expect(chat.phase == .ready)
  }

  @Test func missingFilesAreFetchedAndTheModelIsLoaded() async {
    let isThere = Box(false)
    let model = FakeLanguageModel([])
    let chat = await chat(model) { services in
      services.isInstalled = { isThere.value }
      services.download = { progress in
        progress(10, 30)
        isThere.value = true
      }
    }
    #expect(chat.phase == .missing)
    await chat.download()
    #expect(chat.phase == .ready && model.isLoaded)
  }

  @Test func aDownloadShowsItsProgressAndItsErrorAndCanBeStopped() async {
    let attempts = Box(0)
    let chat = await chat(FakeLanguageModel([])) { services in
      services.isInstalled = { false }
      services.download = { progress in
        attempts.value += 1
        progress(10, 30)
        if attempts.value == 1 { throw RuntimeError.downloadFailed("weights", reason: "the server said 503") }
        while !Task.isCancelled { await Task.yield() }
        throw CancellationError()
      }
    }
    await chat.download()
    #expect(chat.phase == .failed(Failure(RuntimeError.downloadFailed("weights", reason: "the server said 503"))))

    let second = Task { await chat.download() }
    while chat.phase != .downloading(done: 10, total: 30) { await Task.yield() }
    chat.cancelDownload()
    await second.value
    #expect(chat.phase == .missing)
  }

  @Test func otherComputeUnitsMakeAnotherModel() async {
    let models = [FakeLanguageModel(says: "one"), FakeLanguageModel(says: "two")]
    let chat = await chat(models[0]) { services in
      services.computeUnits = ComputeUnits.allCases
      services.make = { options in options.computeUnits == .all ? models[0] : models[1] }
      services.loadReport = { $0 === models[1] ? ["CPU"] : ["all"] }
    }
    #expect(chat.loadReport == ["all"])
    chat.settings.computeUnits = .cpuOnly
    await chat.reload()
    #expect(chat.loadReport == ["CPU"] && !models[0].isLoaded && models[1].isLoaded)
    await ask(chat, "Who?")
    #expect(chat.turns[0].answer == "two")
  }

  @Test func theSelfTestShowsItsFindings() async {
    let chat = await chat(FakeLanguageModel([])) { services in
      services.selfTest = { model in
        try await model.load()
        throw RuntimeError.predictionFailed("no")
      }
    }
    chat.runSelfTest()
    #expect(chat.isTesting)
    await settle(chat)
    #expect(chat.testFailure == Failure(RuntimeError.predictionFailed("no")) && chat.findings == nil)
  }

  @Test func leavingTheScreenStopsTheAnswer() async {
    let model = FakeLanguageModel([[.endless("a")]])
    let chat = await chat(model)
    chat.draft = "Go"
    chat.send()
    while chat.turns[0].answer.isEmpty { await Task.yield() }
    await chat.enterBackground()
    #expect(chat.turns[0].isStopped)
    while model.runningAnswers > 0 { await Task.yield() }
    await chat.enterForeground()
    #expect(chat.phase == .ready)
  }

  @Test func aMemoryWarningFreesAnIdleModelAndTheNextQuestionLoadsIt() async {
    let conditions = FakeConditions()
    let model = FakeLanguageModel(says: "back")
    let chat = await chat(model) { $0.conditions = conditions }
    conditions.warn()
    while model.isLoaded { await Task.yield() }
    await ask(chat, "Still there?")
    #expect(chat.turns[0].answer == "back" && model.loads == 2)
  }

  @Test func settingsAreKept() async throws {
    let defaults = try #require(UserDefaults(suiteName: "pippin-demo-\(UUID().uuidString)"))
    let services = DemoServices(facts: .fake, conditions: FakeConditions(), make: { _ in FakeLanguageModel([]) })
    ChatModel(ModelHolder(services), services: services, defaults: defaults).settings.topP = 0.5
    #expect(ChatModel(ModelHolder(services), services: services, defaults: defaults).settings.topP == 0.5)
  }
}

/// A value that closures of several tasks share.
private final class Box<Value: Sendable>: @unchecked Sendable {
  private let lock = NSLock()
  private var held: Value
  init(_ value: Value) { held = value }
  var value: Value {
    get { lock.withLock { held } }
    set { lock.withLock { held = newValue } }
  }
}
