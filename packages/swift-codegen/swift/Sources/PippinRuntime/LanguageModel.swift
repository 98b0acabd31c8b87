import Foundation
import PippinTokenizer

/// A model that answers conversations, whatever runs it: Core ML, MLC-LLM, or a fake in tests.
///
///     for try await chunk in model.generate([ChatMessage(role: "user", content: "Hello")], options: .init()) {
///       print(chunk.text, terminator: "")
///     }
///
/// One answer is computed at a time; a second call waits for the first. End the loop, or the task around it, and the model stops
/// within one token.
public protocol LanguageModel: AnyObject, Sendable {
  var facts: ModelFacts { get }

  /// Reads the model into memory and runs it once, so that the first answer begins at once. Does nothing when it is loaded.
  ///
  /// - Throws: `RuntimeError`, in place of a crash: too little memory, a damaged file, a system that is too old …
  func load() async throws

  /// Answers a conversation. Loads the model when that has not been done.
  func generate(_ messages: [ChatMessage], options: GenerateOptions) -> AsyncThrowingStream<Chunk, any Error>

  /// Frees the model's memory. A running answer ends with `CancellationError`.
  func unload() async
}

/// A piece of an answer. The last one has `end`, and often no text.
public struct Chunk: Sendable, Equatable {
  /// Text that is complete: never half a character, never taken back.
  public var text: String
  /// The tokens behind it; several where a character or a tag takes more than one, none in the last piece.
  public var ids: [Int]
  /// Answer, thought or tool call.
  public var kind: AnswerPart.Kind
  /// Set in the last piece of an answer.
  public var end: AnswerEnd?

  public init(text: String, ids: [Int] = [], kind: AnswerPart.Kind = .text, end: AnswerEnd? = nil) {
    self.text = text
    self.ids = ids
    self.kind = kind
    self.end = end
  }
}

/// How an answer ended, and what it took.
public struct AnswerEnd: Sendable, Equatable {
  public var reason: FinishReason
  public var usage: Usage

  public init(reason: FinishReason, usage: Usage) {
    self.reason = reason
    self.usage = usage
  }
}

public enum FinishReason: String, Sendable, Codable {
  /// A stop token or a stop text.
  case stop
  /// `GenerateOptions.maxTokens`, or fewer where the device is too hot.
  case maxTokens
  /// The context is full.
  case context
}

/// Counts and times of one answer. Times are in seconds of the monotonic clock.
public struct Usage: Sendable, Equatable, Codable {
  /// Tokens of the prompt as it was fed, after turns were dropped.
  public var promptTokens: Int
  /// Those of them that were still in the cache and not computed again.
  public var cachedTokens: Int
  public var outputTokens: Int
  /// From the call of `generate` until its turn came and the model was loaded.
  public var waitSeconds: Double
  /// From there to the first token, with rendering and encoding.
  public var timeToFirstToken: Double
  public var prefillSeconds: Double
  /// From the first token to the last.
  public var decodeSeconds: Double
  /// Messages that `ContextPolicy.dropOldestTurns` left out.
  public var droppedMessages: Int

  public init(
    promptTokens: Int = 0, cachedTokens: Int = 0, outputTokens: Int = 0, waitSeconds: Double = 0, timeToFirstToken: Double = 0,
    prefillSeconds: Double = 0,
    decodeSeconds: Double = 0, droppedMessages: Int = 0
  ) {
    self.promptTokens = promptTokens
    self.cachedTokens = cachedTokens
    self.outputTokens = outputTokens
    self.waitSeconds = waitSeconds
    self.timeToFirstToken = timeToFirstToken
    self.prefillSeconds = prefillSeconds
    self.decodeSeconds = decodeSeconds
    self.droppedMessages = droppedMessages
  }

  /// Tokens after the first, per second between them; 0 for fewer than two.
  public var tokensPerSecond: Double {
    outputTokens > 1 && decodeSeconds > 0 ? Double(outputTokens - 1) / decodeSeconds : 0
  }
}
