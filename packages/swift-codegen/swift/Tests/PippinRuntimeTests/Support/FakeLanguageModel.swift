import Foundation
import PippinRuntime
import PippinTokenizer

/// A model that says what it was told to, one script for each answer. No clock, no chance.
///
/// Its counts: a prompt has a token for each word, an answer one for each chunk. Its times are fixed.
final class FakeLanguageModel: LanguageModel, @unchecked Sendable {
  enum Step: Sendable {
    case text(String)
    case thinking(String)
    case toolCall(String)
    /// Says a text again and again, until it is stopped.
    case endless(String)
    /// Waits until `resume()`, or until the answer is cancelled.
    case pause
    case fail(any Error)
  }

  /// What was asked.
  struct Call: Sendable {
    var messages: [ChatMessage]
    var options: GenerateOptions
  }

  let facts: ModelFacts
  private let gate = AnswerGate()
  private let resumed = AsyncStream.makeStream(of: Void.self)
  private let lock = NSLock()
  private var script: [[Step]]
  private var loadErrors: [any Error]
  private var state = State()

  private struct State {
    var calls: [Call] = []
    var isLoaded = false
    var loads = 0
    var chunks = 0
    var answers = 0
  }

  /// - Parameters:
  ///   - script: the answers, in order; a call beyond the last one fails.
  ///   - loadErrors: what the first attempts to load end with.
  init(_ script: [[Step]], facts: ModelFacts = .fake, loadErrors: [any Error] = []) {
    self.script = script
    self.facts = facts
    self.loadErrors = loadErrors
  }

  /// A model with one answer for each text, a chunk for each word.
  convenience init(says texts: String...) {
    self.init(texts.map { text in Self.words(text).map { .text($0) } })
  }

  var calls: [Call] { lock.withLock { state.calls } }
  var isLoaded: Bool { lock.withLock { state.isLoaded } }
  /// Successful loads.
  var loads: Int { lock.withLock { state.loads } }
  /// Chunks that were given in all answers, without the last ones.
  var chunks: Int { lock.withLock { state.chunks } }
  /// Answers that are being made.
  var runningAnswers: Int { lock.withLock { state.answers } }

  /// Lets one `pause` go on, this one or the next.
  func resume() { resumed.continuation.yield() }

  func load() async throws { try await gate.withTurn { try loadNow() } }

  func unload() async {
    await gate.endAnswers { [self] in lock.withLock { state.isLoaded = false } }
  }

  func generate(_ messages: [ChatMessage], options: GenerateOptions) -> AsyncThrowingStream<Chunk, any Error> {
    answerStream(in: gate) { [self] out in
      try loadNow()
      let steps = try next(Call(messages: messages, options: options))
      lock.withLock { state.answers += 1 }
      defer { lock.withLock { state.answers -= 1 } }
      var count = 0
      func give(_ text: String, _ kind: AnswerPart.Kind) throws -> Bool {
        if count == options.maxTokens { return false }
        try out.yield(Chunk(text: text, ids: [count], kind: kind))
        lock.withLock { state.chunks += 1 }
        count += 1
        return true
      }
      var reason = FinishReason.stop
      for step in steps where reason == .stop {
        var isWhole = true
        switch step {
        case .text(let text): isWhole = try give(text, .text)
        case .thinking(let text): isWhole = try give(text, .thinking)
        case .toolCall(let text): isWhole = try give(text, .toolCall)
        case .endless(let text):
          while isWhole {
            isWhole = try give(text, .text)
            await Task.yield()
          }
        case .pause:
          for await _ in resumed.stream { break }
          try Task.checkCancellation()
        case .fail(let error): throw error
        }
        if !isWhole { reason = .maxTokens }
      }
      try out.yield(Chunk(text: "", end: AnswerEnd(reason: reason, usage: Self.usage(messages, count))))
    }
  }

  private func loadNow() throws {
    try lock.withLock {
      if state.isLoaded { return }
      if !loadErrors.isEmpty { throw loadErrors.removeFirst() }
      state.isLoaded = true
      state.loads += 1
    }
  }

  private func next(_ call: Call) throws -> [Step] {
    try lock.withLock {
      state.calls.append(call)
      guard !script.isEmpty else { throw RuntimeError.unsupported("the script has no further answer") }
      return script.removeFirst()
    }
  }

  private static func usage(_ messages: [ChatMessage], _ outputTokens: Int) -> Usage {
    let promptTokens = messages.reduce(0) { sum, message in
      guard case .string(let text) = message.content else { return sum }
      return sum + words(text).count
    }
    return Usage(
      promptTokens: promptTokens, outputTokens: outputTokens, timeToFirstToken: 0.25, prefillSeconds: 0.125,
      decodeSeconds: 0.5 * Double(max(0, outputTokens - 1)))
  }

  /// Words with the space before them.
  private static func words(_ text: String) -> [String] {
    text.split(separator: " ").enumerated().map { $0 == 0 ? String($1) : " \($1)" }
  }
}

extension ModelFacts {
  static let fake = ModelFacts(
    name: "Fake", source: "example/fake-1", revision: "main", license: "apache-2.0", quantization: "int4",
    parameters: 1_000_000, vocabSize: 512, contextLength: 256, packageBytes: 500_000, cacheBytes: 65_536,
    peakBytes: 700_000)
}
