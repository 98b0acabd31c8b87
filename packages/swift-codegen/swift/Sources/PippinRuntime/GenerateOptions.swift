import PippinTokenizer

/// How an answer is made.
public struct GenerateOptions: Sendable, Equatable {
  /// Longest answer in tokens; nil: until the model stops or the context is full.
  public var maxTokens: Int?
  /// Tokens of prompt and answer together; nil, or more than the package holds: what the package holds.
  public var maxContext: Int?
  /// What happens where prompt and answer do not fit.
  public var contextPolicy: ContextPolicy
  public var sampling: Sampling
  /// JSON schemas of functions, for templates that know tools.
  public var tools: [JsonValue]?
  /// Further variables of the chat template: `enable_thinking` …
  public var templateVariables: [JsonValue.Member]
  /// Texts that end an answer; they are not part of it.
  public var stopTexts: [String]

  public init(
    maxTokens: Int? = nil, maxContext: Int? = nil, contextPolicy: ContextPolicy = .error, sampling: Sampling = .greedy,
    tools: [JsonValue]? = nil, templateVariables: [JsonValue.Member] = [], stopTexts: [String] = []
  ) {
    self.maxTokens = maxTokens
    self.maxContext = maxContext
    self.contextPolicy = contextPolicy
    self.sampling = sampling
    self.tools = tools
    self.templateVariables = templateVariables
    self.stopTexts = stopTexts
  }
}

/// What happens at the limit of the context.
public enum ContextPolicy: Sendable, Equatable {
  /// A prompt that is too long is `RuntimeError.promptTooLong`; an answer ends with `.context` where the context does.
  case error
  /// The oldest messages are left out until prompt and answer fit. System messages and the last message stay.
  case dropOldestTurns
  /// The oldest tokens behind the first `keeping` ones are forgotten, also in the middle of an answer.
  case slide(keeping: Int)
}

/// How a token is chosen from logits. The same seed gives the same tokens on every device and in Pippin's TypeScript.
public struct Sampling: Sendable, Equatable, Codable {
  /// 0 takes the most likely token.
  public var temperature: Float
  /// Only the most likely `topK` tokens; 0: all.
  public var topK: Int
  /// Only the most likely tokens that together have this probability; 1: all.
  public var topP: Float
  /// Only tokens at least this share as likely as the most likely one; 0: all.
  public var minP: Float
  /// Logits of tokens that occurred are divided by it where positive, multiplied where negative; 1: off.
  public var repetitionPenalty: Float
  /// Subtracted from a token's logit for each time that it occurred in the answer; 0: off.
  public var frequencyPenalty: Float
  /// Subtracted once from the logit of a token that occurred in the answer; 0: off.
  public var presencePenalty: Float
  public var seed: UInt32

  public init(
    temperature: Float = 0, topK: Int = 0, topP: Float = 1, minP: Float = 0, repetitionPenalty: Float = 1,
    frequencyPenalty: Float = 0, presencePenalty: Float = 0, seed: UInt32 = 0
  ) {
    self.temperature = temperature
    self.topK = topK
    self.topP = topP
    self.minP = minP
    self.repetitionPenalty = repetitionPenalty
    self.frequencyPenalty = frequencyPenalty
    self.presencePenalty = presencePenalty
    self.seed = seed
  }

  public static let greedy = Sampling()
}
