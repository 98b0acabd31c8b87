/// What an answer was asked for.
public struct RunScenario: Sendable, Equatable {
  /// Whether this is the model's first answer since it was loaded.
  public var isCold: Bool
  public var maxOutputTokens: Int?
  public var temperature: Float?
  /// Tokens of prompt and answer that this run can hold.
  public var contextLimit: Int
  public var contextPolicy: ContextPolicy

  public init(
    isCold: Bool, maxOutputTokens: Int? = nil, temperature: Float? = nil, contextLimit: Int, contextPolicy: ContextPolicy = .error
  ) {
    self.isCold = isCold
    self.maxOutputTokens = maxOutputTokens
    self.temperature = temperature
    self.contextLimit = contextLimit
    self.contextPolicy = contextPolicy
  }

  /// - Parameter contextLength: what the package holds.
  public init(isCold: Bool, options: GenerateOptions, contextLength: Int) {
    self.init(
      isCold: isCold, maxOutputTokens: options.maxTokens, temperature: options.sampling.temperature,
      contextLimit: min(options.maxContext ?? contextLength, contextLength), contextPolicy: options.contextPolicy)
  }
}

/// How a run ended.
public enum RunOutcome: Sendable {
  case stopped(FinishReason)
  case cancelled
  case failed(any Error)

  var isStopped: Bool {
    if case .stopped = self { true } else { false }
  }

  /// Also by an error that says so.
  var isCancelled: Bool {
    switch self {
    case .stopped: false
    case .cancelled: true
    case .failed(let error): error is CancellationError
    }
  }
}

/// Notes one answer. A token costs the reading of a clock and an append; what is noted is encoded and written elsewhere. One that is freed
/// without its end was cancelled.
public final class RunRecorder: Sendable {
  private struct State {
    var inputTokens: Int?
    var cachedTokens: Int?
    var droppedMessages = 0
    var slidTokens = 0
    var prefill: (start: Int64, signpost: SignpostInterval)?
    var decode: SignpostInterval?
    var firstToken: Int64?
    var lastToken: Int64 = 0
    var outputTokens = 0
    var batch: TokenBatch
    var lastHandOver: Int64
    var isEnded = false
  }

  /// Tokens are handed to the writer when there are so many, or after a second.
  private static let batchCount = 64
  private static let batchNanoseconds: Int64 = 1_000_000_000

  /// Names the run in the log.
  public let id: String
  private let telemetry: Telemetry
  private let model: Telemetry.Model
  private let scenario: RunScenario
  private let start: Int64
  private let signpost: SignpostInterval
  private let state: Locked<State>

  init(id: String, model: Telemetry.Model, scenario: RunScenario, of telemetry: Telemetry) {
    self.id = id
    self.model = model
    self.scenario = scenario
    self.telemetry = telemetry
    signpost = telemetry.signposts.begin("generate")
    start = telemetry.nanoseconds
    state = Locked(State(batch: TokenBatch(run: id, first: 0), lastHandOver: start))
    telemetry.write(.runBegan)
    telemetry.noteNetwork()
    telemetry.sampleConditions(run: id, isEdge: true)
    telemetry.sampleBattery(run: id)
  }

  deinit { finish(.cancelled) }

  /// The prompt is known, and the model begins to read it.
  ///
  /// - Parameters:
  ///   - tokens: of the whole prompt as it is fed.
  ///   - cached: those of them that are in the cache.
  ///   - droppedMessages: messages that were left out to fit.
  public func beginPrefill(tokens: Int, cached: Int = 0, droppedMessages: Int = 0) {
    let signpost = telemetry.signposts.begin("prefill", daily: true)
    let now = telemetry.nanoseconds
    state.with { state in
      state.inputTokens = tokens
      state.cachedTokens = cached
      state.droppedMessages = droppedMessages
      state.prefill = (now, signpost)
    }
  }

  /// The model has read the prompt.
  public func endPrefill() {
    let now = telemetry.nanoseconds
    state.with { endPrefill(&$0, at: now, isCompleted: true) }
    telemetry.sampleConditions(run: id, isEdge: false)
  }

  /// Tokens were given to the caller.
  public func token(count: Int = 1) {
    guard count > 0 else { return }
    telemetry.signposts.event("token")
    let isSampleDue = state.with { state in
      guard !state.isEnded else { return false }
      // Read behind the lock, so that times ascend.
      let now = telemetry.nanoseconds
      if state.firstToken == nil {
        state.firstToken = now
        state.decode = telemetry.signposts.begin("decode", daily: true)
      }
      state.lastToken = now
      state.outputTokens += count
      state.batch.times.append(now - start)
      state.batch.counts.append(count)
      let isLate = now - state.lastHandOver >= Self.batchNanoseconds
      if isLate || state.batch.times.count >= Self.batchCount { handOver(&state, at: now) }
      return isLate
    }
    if isSampleDue { telemetry.sampleConditions(run: id, isEdge: false) }
  }

  /// The oldest tokens were forgotten in the middle of the answer.
  public func slid(tokens: Int) { state.with { $0.slidTokens += tokens } }

  /// Ends the run; the first call counts.
  public func finish(_ outcome: RunOutcome) {
    let isFirst = state.with { state in
      guard !state.isEnded else { return false }
      state.isEnded = true
      let now = telemetry.nanoseconds
      endPrefill(&state, at: now, isCompleted: false)
      handOver(&state, at: now)
      if let first = state.firstToken {
        state.decode?.end()
        let (last, count) = (state.lastToken, state.outputTokens)
        let line = intervalLine("decode", run: id, from: first, to: last, isCompleted: outcome.isStopped) {
          $0.add("tokens", count)
        }
        telemetry.write(line)
      }
      return true
    }
    guard isFirst else { return }
    signpost.end()
    telemetry.noteNetwork()
    telemetry.sampleConditions(run: id, isEdge: true)
    telemetry.write(state.with { line($0, outcome: outcome) })
    // The file is not changed before the battery's answer: a run's records stay together.
    telemetry.sampleBattery(run: id, then: .runEnded)
    telemetry.forget(run: id)
  }

  /// Gives what is noted to the writer.
  func handOver() {
    let now = telemetry.nanoseconds
    state.with { handOver(&$0, at: now) }
  }

  private func handOver(_ state: inout State, at now: Int64) {
    state.lastHandOver = now
    guard !state.batch.times.isEmpty else { return }
    telemetry.write(.tokens(state.batch))
    state.batch = TokenBatch(run: id, first: state.outputTokens)
    state.batch.times.reserveCapacity(Self.batchCount)
    state.batch.counts.reserveCapacity(Self.batchCount)
  }

  private func endPrefill(_ state: inout State, at now: Int64, isCompleted: Bool) {
    guard let prefill = state.prefill else { return }
    state.prefill = nil
    prefill.signpost.end()
    let computed = (state.inputTokens ?? 0) - (state.cachedTokens ?? 0)
    let line = intervalLine("prefill", run: id, from: prefill.start, to: now, isCompleted: isCompleted) {
      $0.add("tokens", computed)
    }
    telemetry.write(line)
  }

  private func line(_ state: State, outcome: RunOutcome) -> JsonLine {
    var line = JsonLine(kind: "run")
    line.add("id", id)
    line.add("session", telemetry.session)
    line.add("device", telemetry.deviceId)
    line.add("model", model.id)
    line.add("scenario") {
      $0.add("start", scenario.isCold ? "cold" : "warm")
      $0.add("max_output_tokens", scenario.maxOutputTokens)
      $0.add("temperature", scenario.temperature)
    }
    line.add("start_ns", start)
    line.add("end_ns", telemetry.nanoseconds)
    line.add("input_tokens", state.inputTokens)
    line.add("cached_tokens", state.cachedTokens)
    line.add("output_tokens", state.outputTokens)
    switch outcome {
    case .stopped(let reason): line.add("stop_reason", name(of: reason))
    case .failed(let error) where !outcome.isCancelled:
      let logged = LoggedError(error)
      line.add("error") {
        $0.add("type", logged.type)
        for size in logged.sizes { $0.add(size.name, size.value) }
      }
    case .cancelled, .failed: break
    }
    line.add("cancelled", outcome.isCancelled)
    line.add("context") {
      $0.add("limit", scenario.contextLimit)
      $0.add("policy", name(of: scenario.contextPolicy))
      $0.add("dropped_messages", state.droppedMessages)
      $0.add("slid_tokens", state.slidTokens)
    }
    return line
  }

  private func name(of reason: FinishReason) -> String {
    switch reason {
    case .stop: "stop"
    case .maxTokens: "max_tokens"
    case .context: "context"
    }
  }

  private func name(of policy: ContextPolicy) -> String {
    switch policy {
    case .error: "error"
    case .dropOldestTurns: "drop_oldest_turns"
    case .slide: "slide"
    }
  }
}
