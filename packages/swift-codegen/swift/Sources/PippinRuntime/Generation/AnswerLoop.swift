import Foundation

/// Takes one token after the other from a model, until something ends the answer.
struct AnswerLoop {
  let session: any TokenSession
  let sampler: Sampler
  let stopTokens: Set<Int>
  /// Tokens of prompt and answer together.
  let limit: Int
  let options: GenerateOptions
  let adaptation: AdaptationPolicy
  let conditions: any DeviceConditions

  /// What happens while an answer is made.
  struct Events {
    /// The model begins to read the prompt; so many of its tokens need not be computed.
    var prefillBegins: (_ cached: Int) -> Void = { _ in }
    var prefillEnds: () -> Void = {}
    /// A token of the answer. True ends the answer: a stop text was read.
    var token: (_ id: Int) throws -> Bool
    /// So many of the oldest tokens were forgotten.
    var slid: (_ tokens: Int) -> Void = { _ in }
  }

  /// - Parameter prompt: not empty, at most `limit` tokens.
  /// - Returns: why the answer ended.
  /// - Throws: `CancellationError`; `RuntimeError.notFinite`, `.predictionFailed`, `.conditionsTooBad`.
  func run(_ prompt: [Int], _ events: Events) async throws -> FinishReason {
    var next: Int?
    let choose = { (logits: Logits) in next = sampler.next(logits) }
    let held = session.keepCommon(with: prompt)
    events.prefillBegins(session.recomputes ? 0 : held)
    try await session.feed(Array(prompt[held...]), choose)
    events.prefillEnds()
    for count in 1... {
      try Task.checkCancellation()
      guard let id = next else { throw RuntimeError.notFinite(position: session.tokens.count) }
      if stopTokens.contains(id) { return .stop }
      if try events.token(id) { return .stop }
      if count >= longestAnswer { return .maxTokens }
      try checkMemory()
      let began = ContinuousClock.now
      if session.tokens.count >= limit {
        guard case .slide(let keeping) = options.contextPolicy else { return .context }
        events.slid(try await slide(keeping: keeping, choose, id))
      } else {
        try await session.feed([id], choose)
      }
      try await rest(after: ContinuousClock.now - began)
    }
    return .maxTokens
  }

  /// What was asked for, or less while the device is hot.
  private var longestAnswer: Int {
    min(options.maxTokens ?? .max, adaptation.maxTokens[conditions.thermalState] ?? .max)
  }

  private func checkMemory() throws {
    guard let free = conditions.availableMemory, free < adaptation.minimumMemory else { return }
    throw RuntimeError.conditionsTooBad("\(free / 1_000_000) MB of memory are left")
  }

  private func rest(after work: Duration) async throws {
    guard let share = adaptation.rest[conditions.thermalState], share > 0 else { return }
    try await Task.sleep(for: work * share)
  }

  /// Forgets half of the tokens behind the kept ones, so that it has to be done seldom, and reads the rest again.
  private func slide(keeping: Int, _ choose: (Logits) throws -> Void, _ id: Int) async throws -> Int {
    let held = session.tokens
    let head = min(max(0, keeping), limit / 2)
    let forgotten = max(1, (held.count - head) / 2)
    session.rewind(to: head)
    try await session.feed(Array(held[(head + forgotten)...]) + [id], choose)
    return forgotten
  }
}
