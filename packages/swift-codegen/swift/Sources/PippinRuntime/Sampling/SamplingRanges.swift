extension Sampling {
  /// Says which option is out of its range. The bounds are those of `transformers`, and of OpenAI's API for the two last penalties.
  ///
  /// - Throws: `RuntimeError.unsupported`.
  public func validate() throws {
    for rule in Self.rules where !rule.holds(self) { throw RuntimeError.unsupported("\(rule.name) must be \(rule.wanted)") }
  }

  /// Options out of their range become what they are by default.
  var withinRange: Sampling {
    var result = self
    for rule in Self.rules where !rule.holds(self) { rule.reset(&result) }
    result.temperature = min(result.temperature, .greatestFiniteMagnitude)
    return result
  }

  private struct Rule {
    var name: String
    var wanted: String
    var holds: (Sampling) -> Bool
    var reset: (inout Sampling) -> Void
  }

  private static var rules: [Rule] {
    [
      Rule(name: "temperature", wanted: "at least 0", holds: { $0.temperature >= 0 }, reset: { $0.temperature = 0 }),
      Rule(name: "topK", wanted: "at least 0", holds: { $0.topK >= 0 }, reset: { $0.topK = 0 }),
      Rule(name: "topP", wanted: "from 0 to 1", holds: { 0...1 ~= $0.topP }, reset: { $0.topP = 1 }),
      Rule(name: "minP", wanted: "from 0 to 1", holds: { 0...1 ~= $0.minP }, reset: { $0.minP = 0 }),
      Rule(
        name: "repetitionPenalty", wanted: "above 0", holds: { $0.repetitionPenalty > 0 && $0.repetitionPenalty.isFinite },
        reset: { $0.repetitionPenalty = 1 }),
      Rule(
        name: "frequencyPenalty", wanted: "from -2 to 2", holds: { -2...2 ~= $0.frequencyPenalty },
        reset: { $0.frequencyPenalty = 0 }),
      Rule(
        name: "presencePenalty", wanted: "from -2 to 2", holds: { -2...2 ~= $0.presencePenalty }, reset: { $0.presencePenalty = 0 }),
    ]
  }
}
