/// Counts and times one answer, for its last chunk and for the log.
final class AnswerMeter {
  private var usage = Usage()
  private let began = ContinuousClock.now
  private var prefillBegan: ContinuousClock.Instant?
  private var firstToken: ContinuousClock.Instant?
  private let run: RunRecorder?

  /// Begins where the model is loaded and the answer's turn has come.
  ///
  /// - Parameter called: when it was asked for.
  init(called: ContinuousClock.Instant, run: RunRecorder?) {
    self.run = run
    usage.waitSeconds = (began - called).inSeconds
  }

  func fitted(_ prompt: FittedPrompt) {
    usage.promptTokens = prompt.ids.count
    usage.droppedMessages = prompt.droppedMessages
  }

  func prefillBegins(cached: Int) {
    prefillBegan = ContinuousClock.now
    usage.cachedTokens = cached
    run?.beginPrefill(tokens: usage.promptTokens, cached: cached, droppedMessages: usage.droppedMessages)
  }

  func prefillEnds() {
    usage.prefillSeconds = prefillBegan.map { (ContinuousClock.now - $0).inSeconds } ?? 0
    run?.endPrefill()
  }

  func token() {
    let now = ContinuousClock.now
    if let firstToken {
      usage.decodeSeconds = (now - firstToken).inSeconds
    } else {
      usage.timeToFirstToken = (now - began).inSeconds
    }
    firstToken = firstToken ?? now
    usage.outputTokens += 1
    run?.token()
  }

  func slid(_ tokens: Int) { run?.slid(tokens: tokens) }

  func finish(_ reason: FinishReason) -> Usage {
    run?.finish(.stopped(reason))
    return usage
  }

  func fail(_ error: any Error) { run?.finish(error is CancellationError ? .cancelled : .failed(error)) }
}
