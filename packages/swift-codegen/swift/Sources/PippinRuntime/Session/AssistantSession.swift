import PippinTokenizer

/// A conversation with an assistant, whoever computes it: a `ChatSession` over a model of Pippin, or Apple's
/// `LanguageModelSession` from iOS 26 and macOS 26 on. An app that holds an `any AssistantSession` swaps one for the other.
///
/// The methods have names of their own, so that calls of `respond` and `streamResponse` on Apple's type mean what they did.
public protocol AssistantSession: AnyObject, Sendable {
  /// An answer is being made.
  var isResponding: Bool { get async }

  /// The conversation so far: instructions as a message of the role `system`, then messages of `user` and `assistant`.
  var history: [ChatMessage] { get async }

  /// Loads what the first answer needs.
  func prepare() async

  /// Asks and waits for the whole answer.
  ///
  /// - Parameter options: Apple's session looks at `maxTokens` and `sampling` and refuses others.
  /// - Throws: what the model throws; `CancellationError`.
  func answer(_ prompt: String, options: GenerateOptions) async throws -> String

  /// Asks and gives the text of the answer so far, again and again, each time longer.
  func answers(_ prompt: String, options: GenerateOptions) -> AsyncThrowingStream<String, any Error>
}
