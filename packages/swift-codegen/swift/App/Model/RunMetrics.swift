import PippinRuntime

/// Figures of one answer, and of the device when it ended.
struct RunMetrics: Identifiable, Equatable, Sendable {
  let id: Int
  var usage: Usage
  var reason: FinishReason
  var thermalState: ThermalState
  var footprintBytes: Int64?

  init(id: Int, end: AnswerEnd, conditions: any DeviceConditions) {
    self.id = id
    usage = end.usage
    reason = end.reason
    thermalState = conditions.thermalState
    footprintBytes = conditions.footprint
  }

  /// Tokens of the prompt that were computed, per second; nil when none were.
  var prefillTokensPerSecond: Double? {
    let fed = usage.promptTokens - usage.cachedTokens
    return fed > 0 && usage.prefillSeconds > 0 ? Double(fed) / usage.prefillSeconds : nil
  }
}
