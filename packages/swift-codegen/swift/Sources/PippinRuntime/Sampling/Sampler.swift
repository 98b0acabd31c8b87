/// Chooses the tokens of one answer. One task at a time may use it.
///
/// Steps are in the order of `transformers`: penalties, temperature, top-k, top-p, min-p, and one number of `SplitMix32` for each draw.
/// Each step has the same bits everywhere, and in `createSampler` of Pippin's TypeScript: weights are Floats by an exponential function of
/// our own, sums are Doubles in an order that is fixed. A logit of -infinity is a token that is never chosen.
public final class Sampler {
  private let sampling: Sampling
  private var penalties: Penalties
  private var random: SplitMix32
  /// Logits after the penalties, and each token's probability times an unknown factor.
  private var row: [Float] = []
  private var weights: [Float] = []

  /// - Parameters:
  ///   - sampling: an option that is out of its range counts as not given; `Sampling.validate` says so first.
  ///   - prompt: ids that the repetition penalty counts besides those of the answer.
  public init(_ sampling: Sampling, prompt: [Int]) {
    self.sampling = sampling.withinRange
    penalties = Penalties(self.sampling, prompt: prompt)
    random = SplitMix32(seed: sampling.seed)
  }

  /// Chooses the next token and remembers it.
  ///
  /// - Returns: nil where the row has NaN or +infinity, or nothing finite.
  public func next(_ logits: Logits) -> Int? {
    let id: Int?
    if sampling.temperature == 0 && penalties.isEmpty {
      id = logits.mostLikely()
    } else {
      let best = penalized(logits)
      id = sampling.temperature == 0 ? best : best.map { draw(weigh(best: $0)) }
    }
    if let id { accept(id) }
    return id
  }

  /// Remembers a token of the answer that was chosen elsewhere.
  public func accept(_ id: Int) { penalties.add(id) }

  /// What `next` would draw from: probabilities above 0, by id. Empty where `next` would return nil.
  public func probabilities(_ logits: Logits) -> [(id: Int, probability: Float)] {
    guard let best = penalized(logits) else { return [] }
    if sampling.temperature == 0 { return [(best, 1)] }
    let total = weigh(best: best)
    return weights.indices.map { ($0, Float(Double(weights[$0]) / total)) }.filter { $0.1 > 0 }
  }

  /// Fills `row`. Returns the lowest id of its largest value.
  private func penalized(_ logits: Logits) -> Int? {
    if row.count != logits.count {
      row = [Float](repeating: 0, count: logits.count)
      weights = row
    }
    return row.withUnsafeMutableBufferPointer { row in
      guard let base = row.baseAddress else { return nil }
      logits.copy(to: base)
      penalties.apply(to: row)
      return Logits(base, count: row.count, format: .float32).mostLikely()
    }
  }

  /// Fills `weights` from `row`: at most 1, and 0 where a token is not to be drawn. Returns their sum in the order of ids.
  private func weigh(best: Int) -> Double {
    let (temperature, topP, minP) = (sampling.temperature, sampling.topP, sampling.minP)
    let largest = row[best]
    return row.withUnsafeBufferPointer { row in
      weights.withUnsafeMutableBufferPointer { weights in
        let least = 1..<row.count ~= sampling.topK ? kthLargest(row, sampling.topK) : -.infinity
        var id = 0
        while id < row.count {
          // The difference comes first: then no temperature overflows, and rounding is by the difference.
          let weight = floatExp((row[id] - largest) / temperature)
          weights[id] = row[id] >= least ? weight : 0
          id += 1
        }
        if topP < 1 { keepShare(weights, logits: row, share: topP) }
        // The largest weight is 1.
        if minP > 0 { for id in 0..<row.count where weights[id] < minP { weights[id] = 0 } }
        return weights.reduce(0) { $0 + Double($1) }
      }
    }
  }

  /// The first id at which the weights up to it pass a random share of their sum.
  private func draw(_ total: Double) -> Int {
    let wanted = random.nextFraction() * total
    return weights.withUnsafeBufferPointer { weights in
      var reached = 0.0
      for id in weights.indices {
        reached += Double(weights[id])
        if reached > wanted { return id }
      }
      // Never: the same sum in the same order ends above any smaller number.
      return weights.count - 1
    }
  }
}
