import PippinTokenizer

/// A conversation with a model, in the shape of Apple's `LanguageModelSession`.
///
///     let session = ChatSession(model: model, instructions: "Answer in one sentence.")
///     print(try await session.respond(to: "What is a lens?").content)
///     for try await snapshot in session.streamResponse(to: "And a prism?") { show(snapshot.content) }
///
/// Answers are made one at a time, in the order of the calls; each sees all that came before. An answer that fails or is stopped
/// leaves the transcript as it was.
public actor ChatSession {
  /// A whole answer.
  public struct Response: Sendable, Equatable {
    public var content: String
    /// What the model thought before it answered; empty for most models.
    public var thoughts: String
    public var end: AnswerEnd
  }

  private let model: any LanguageModel
  private let gate = AnswerGate()
  /// Instructions as a message of the role `system`, then messages of `user` and `assistant`.
  public private(set) var transcript: [ChatMessage]

  /// - Parameter instructions: what the model is told before the first prompt; nil: nothing.
  public init(model: any LanguageModel, instructions: String? = nil) {
    self.init(model: model, transcript: instructions.map { [ChatMessage(role: "system", content: .string($0))] } ?? [])
  }

  /// Goes on with a conversation.
  public init(model: any LanguageModel, transcript: [ChatMessage]) {
    self.model = model
    self.transcript = transcript
  }

  /// An answer is being made.
  public private(set) var isResponding = false

  /// Loads the model in the background, so that the first answer begins at once. An error shows with that answer.
  public nonisolated func prewarm() {
    Task { [model] in try? await model.load() }
  }

  /// - Throws: what the model throws; `CancellationError`; `RuntimeError.unsupported` for options with tools, which a session does
  ///   not call.
  @discardableResult
  public nonisolated func respond(to prompt: String, options: GenerateOptions = .init()) async throws -> Response {
    try await streamResponse(to: prompt, options: options).collect()
  }

  /// Gives the answer so far, again and again. End the loop to stop the model.
  public nonisolated func streamResponse(to prompt: String, options: GenerateOptions = .init()) -> ResponseStream {
    ResponseStream(
      chunks: answerStream(in: gate) { [self] out in try await run(prompt, options, into: out) })
  }

  private func run(_ prompt: String, _ options: GenerateOptions, into out: AnswerContinuation) async throws {
    guard options.tools == nil else {
      throw RuntimeError.unsupported("a session does not call tools; call the model's generate")
    }
    isResponding = true
    defer { isResponding = false }
    let message = ChatMessage(role: "user", content: .string(prompt))
    var answer = ResponseStream.Snapshot()
    for try await chunk in model.generate(transcript + [message], options: options) {
      answer.add(chunk)
      try out.yield(chunk)
    }
    // A model's stream that was ended by cancellation gives nothing more, without an error.
    try Task.checkCancellation()
    transcript += [message, answer.message]
  }
}

extension ChatSession: AssistantSession {
  public var history: [ChatMessage] { transcript }

  public nonisolated func prepare() async { try? await model.load() }

  public nonisolated func answer(_ prompt: String, options: GenerateOptions) async throws -> String {
    try await respond(to: prompt, options: options).content
  }

  public nonisolated func answers(_ prompt: String, options: GenerateOptions) -> AsyncThrowingStream<String, any Error> {
    streamResponse(to: prompt, options: options).texts
  }
}
