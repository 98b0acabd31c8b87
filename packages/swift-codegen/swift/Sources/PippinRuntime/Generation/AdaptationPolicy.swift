/// What a model does when the device gets hot or short of memory.
public struct AdaptationPolicy: Sendable, Equatable {
  /// Pause after each token, as a multiple of the time that it took: 1 halves speed and heat. States that are not named: none.
  public var rest: [ThermalState: Double]
  /// Longest answer, also for answers that are under way.
  public var maxTokens: [ThermalState: Int]
  /// No answer is begun when the device is critically hot: `RuntimeError.conditionsTooBad`.
  public var refusesWhenCritical: Bool
  /// A memory warning frees the model: at once when it is idle, after the answer when it is not. The next answer loads it again.
  public var unloadsOnMemoryWarning: Bool
  /// Below this many free bytes an answer ends with `RuntimeError.conditionsTooBad`, before the system ends the app.
  public var minimumMemory: Int64

  public init(
    rest: [ThermalState: Double] = [.serious: 0.5, .critical: 1.5], maxTokens: [ThermalState: Int] = [.critical: 128],
    refusesWhenCritical: Bool = false, unloadsOnMemoryWarning: Bool = true, minimumMemory: Int64 = 48 << 20
  ) {
    self.rest = rest
    self.maxTokens = maxTokens
    self.refusesWhenCritical = refusesWhenCritical
    self.unloadsOnMemoryWarning = unloadsOnMemoryWarning
    self.minimumMemory = minimumMemory
  }

  /// Goes on at full speed until the system intervenes.
  public static let none = AdaptationPolicy(
    rest: [:], maxTokens: [:], unloadsOnMemoryWarning: false, minimumMemory: 0)
}
