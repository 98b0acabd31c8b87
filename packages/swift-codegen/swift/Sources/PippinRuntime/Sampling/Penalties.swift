/// Remembers the tokens of prompt and answer, and makes them less likely.
struct Penalties {
  private let repetition: Float
  private let frequency: Float
  private let presence: Float
  private let isActive: Bool
  /// How often each token occurred in the answer; 0: in the prompt only.
  private var seen: [Int: Int] = [:]

  init(_ sampling: Sampling, prompt: [Int]) {
    repetition = sampling.repetitionPenalty
    frequency = sampling.frequencyPenalty
    presence = sampling.presencePenalty
    isActive = repetition != 1 || frequency != 0 || presence != 0
    if repetition != 1 { for id in prompt { seen[id] = 0 } }
  }

  /// `apply` would leave every row as it is.
  var isEmpty: Bool { seen.isEmpty }

  /// Counts a token of the answer.
  mutating func add(_ id: Int) {
    if isActive { seen[id, default: 0] += 1 }
  }

  /// In this order: repetition as in `transformers` (Keskar et al. 2019), frequency and presence as in OpenAI's API and vLLM.
  func apply(to row: UnsafeMutableBufferPointer<Float>) {
    for (id, count) in seen where row.indices.contains(id) {
      var logit = row[id]
      logit = logit < 0 ? logit * repetition : logit / repetition
      if count > 0 {
        logit -= frequency * Float(count)
        logit -= presence
      }
      row[id] = logit
    }
  }
}
