// A stand-in for the package MLCSwift of MLC-LLM (ios/MLCSwift), with the part of its interface that the runtime calls: names,
// types, defaults and what is not Sendable are as there. In place of the engine, an MLCEngineScript answers, which a test puts under
// the path of its model. It shows that our calls compile and that streams, errors and cancellation are handled; nothing of the
// real engine's timing, memory or text.

import Foundation

public enum ChatCompletionRole: String, Codable {
  case system, user, assistant, tool
}

public enum ChatCompletionMessageContent {
  case text(String)
  case parts([[String: String]])

  public func asText() -> String {
    switch self {
    case .text(let text): text
    case .parts(let parts): parts.filter { $0["type"] == "text" }.compactMap { $0["text"] }.joined()
    }
  }
}

public struct ChatCompletionMessage {
  public var role: ChatCompletionRole
  public var content: ChatCompletionMessageContent?

  public init(role: ChatCompletionRole, content: String) {
    self.role = role
    self.content = .text(content)
  }
}

public struct ChatCompletionStreamResponseChoice {
  public var finish_reason: String?
  public var index: Int
  public var delta: ChatCompletionMessage
}

public struct CompletionUsageExtra {
  public var prefill_tokens_per_s: Float?
  public var decode_tokens_per_s: Float?
  public var num_prefill_tokens: Int?
}

public struct CompletionUsage {
  public var prompt_tokens: Int
  public var completion_tokens: Int
  public var total_tokens: Int
  public var extra: CompletionUsageExtra?
}

public struct ChatCompletionStreamResponse {
  public var id: String
  public var choices: [ChatCompletionStreamResponseChoice] = []
  public var usage: CompletionUsage?
}

public struct StreamOptions {
  public var include_usage: Bool

  public init(include_usage: Bool) { self.include_usage = include_usage }
}

public struct ChatTool {}

public struct ResponseFormat {}

/// What the engine of a path does, and what it was asked. Not in MLCSwift.
public final class MLCEngineScript: @unchecked Sendable {
  public enum Step: Sendable {
    case text(String)
    /// A text again and again.
    case endless(String)
    case finish(String, text: String = "")
    case usage(prompt: Int, completion: Int, fed: Int? = nil, prefillRate: Float? = nil)
  }

  public struct Request: Sendable {
    public var messages: [[String]]
    public var maxTokens: Int?
    public var temperature: Float?
    public var topP: Float?
    public var frequencyPenalty: Float?
    public var presencePenalty: Float?
    public var seed: Int?
    public var stop: [String]?
  }

  private static let lock = NSLock()
  nonisolated(unsafe) private static var all: [String: MLCEngineScript] = [:]

  private var answers: [[Step]]
  private var state = (requests: [Request](), calls: [String](), pieces: 0)

  /// - Parameter answers: one for each request, the one of the warm-up first.
  public init(path: String, _ answers: [[Step]]) {
    self.answers = answers
    Self.lock.withLock { Self.all[path] = self }
  }

  public var requests: [Request] { Self.lock.withLock { state.requests } }
  /// `reload`, `abort`, `unload` …, in order.
  public var calls: [String] { Self.lock.withLock { state.calls } }
  /// Responses that were given.
  public var pieces: Int { Self.lock.withLock { state.pieces } }

  static func at(_ path: String) -> MLCEngineScript? { lock.withLock { all[path] } }
  func note(_ call: String) { Self.lock.withLock { state.calls.append(call) } }
  func give() { Self.lock.withLock { state.pieces += 1 } }
  func next(_ request: Request) -> [Step] {
    Self.lock.withLock {
      state.requests.append(request)
      return answers.isEmpty ? [.finish("error", text: "the script has no further answer")] : answers.removeFirst()
    }
  }
}

public class MLCEngine {
  public class Completions {
    fileprivate var script: MLCEngineScript?

    public func create(
      messages: [ChatCompletionMessage], model: String? = nil, frequency_penalty: Float? = nil,
      presence_penalty: Float? = nil, logprobs: Bool = false, top_logprobs: Int = 0, logit_bias: [Int: Float]? = nil,
      max_tokens: Int? = nil, n: Int = 1, seed: Int? = nil, stop: [String]? = nil, stream: Bool = true,
      stream_options: StreamOptions? = nil, temperature: Float? = nil, top_p: Float? = nil, tools: [ChatTool]? = nil,
      user: String? = nil, response_format: ResponseFormat? = nil
    ) async -> AsyncStream<ChatCompletionStreamResponse> {
      let request = MLCEngineScript.Request(
        messages: messages.map { [$0.role.rawValue, $0.content?.asText() ?? ""] }, maxTokens: max_tokens,
        temperature: temperature, topP: top_p, frequencyPenalty: frequency_penalty, presencePenalty: presence_penalty,
        seed: seed, stop: stop)
      let steps = script?.next(request) ?? [.finish("error", text: "the engine has no model")]
      let script = script
      let includesUsage = stream_options?.include_usage == true
      return AsyncStream { continuation in
        let task = Task {
          for step in steps {
            await Task.yield()
            guard await Self.play(step, script, continuation, includesUsage) else { return }
          }
          continuation.finish()
        }
        continuation.onTermination = { termination in
          if case .cancelled = termination { script?.note("abort") }
          task.cancel()
        }
      }
    }

    private static func play(
      _ step: MLCEngineScript.Step, _ script: MLCEngineScript?,
      _ continuation: AsyncStream<ChatCompletionStreamResponse>.Continuation, _ includesUsage: Bool
    ) async -> Bool {
      func give(_ text: String?, _ reason: String?) {
        var delta = ChatCompletionMessage(role: .assistant, content: "")
        delta.content = text.map { .text($0) }
        let choice = ChatCompletionStreamResponseChoice(finish_reason: reason, index: 0, delta: delta)
        script?.give()
        continuation.yield(ChatCompletionStreamResponse(id: "1", choices: [choice]))
      }
      switch step {
      case .text(let text): give(text, nil)
      case .endless(let text):
        while !Task.isCancelled {
          give(text, nil)
          await Task.yield()
        }
        return false
      case .finish(let reason, let text): give(text.isEmpty ? nil : text, reason)
      case .usage(let prompt, let completion, let fed, let rate):
        guard includesUsage else { break }
        let extra = CompletionUsageExtra(prefill_tokens_per_s: rate, num_prefill_tokens: fed)
        continuation.yield(
          ChatCompletionStreamResponse(
            id: "1",
            usage: CompletionUsage(
              prompt_tokens: prompt, completion_tokens: completion, total_tokens: prompt + completion, extra: extra)))
      }
      return true
    }
  }

  public class Chat {
    public let completions = Completions()
  }

  public let chat = Chat()

  public init() {}

  public func reload(modelPath: String, modelLib: String) async {
    chat.completions.script = MLCEngineScript.at(modelPath)
    chat.completions.script?.note("reload \(modelLib)")
  }

  public func reset() async { chat.completions.script?.note("reset") }

  public func unload() async {
    chat.completions.script?.note("unload")
    chat.completions.script = nil
  }
}
