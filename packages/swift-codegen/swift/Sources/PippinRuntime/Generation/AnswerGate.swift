import Foundation

/// Lets one at a time through, in the order in which they came: a model computes one answer at a time.
///
/// An answer's stream takes its place in the line when it is made (see `answerStream(in:_:)`), not when its task happens to start.
/// Whoever waits and is cancelled leaves the line at once.
public final class AnswerGate: @unchecked Sendable {
  private struct Entry {
    let id: UInt64
    /// Resumed when its turn comes; nil before it begins to wait, and while it has the turn.
    var waiting: CheckedContinuation<Void, any Error>?
    /// Ends the answer whose place this is.
    var end: (@Sendable () -> Void)?
    /// `endAnswers` was called; `end` may come later.
    var isEnded = false
  }

  private let lock = NSLock()
  /// Guarded by `lock`. The first one has the turn.
  private var line: [Entry] = []
  private var lastId: UInt64 = 0

  public init() {}

  /// Runs `body` when all who came before are done.
  ///
  /// - Throws: what `body` throws; `CancellationError` when the task is cancelled before its turn, and then `body` does not run.
  public func withTurn<T: Sendable>(
    isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> T
  ) async throws -> T {
    try await takePlace().withTurn(body)
  }

  /// Ends all answers that were asked for, the running one too, with `CancellationError`, and runs `body` when they are gone,
  /// also when the task that calls is cancelled: what `LanguageModel.unload` does.
  public func endAnswers(then body: @escaping @Sendable () async -> Void) async {
    let (ends, place) = lock.withLock {
      for at in line.indices { line[at].isEnded = true }
      return (line.compactMap(\.end), add())
    }
    for end in ends { end() }
    // A task of its own is not cancelled with the caller's.
    let task = Task { try await place.withTurn { await body() } }
    // Nobody but this function has the task, so it cannot have been cancelled.
    try? await task.value
  }

  /// A place at the end of the line. Freed without having been used, it is given up.
  func takePlace() -> Place { lock.withLock { add() } }

  /// A place in the line, for one turn.
  final class Place: Sendable {
    private let gate: AnswerGate
    private let id: UInt64

    fileprivate init(_ gate: AnswerGate, _ id: UInt64) {
      self.gate = gate
      self.id = id
    }

    deinit { gate.leave(id) }

    func withTurn<T: Sendable>(isolation: isolated (any Actor)? = #isolation, _ body: () async throws -> T) async throws -> T {
      defer { gate.leave(id) }
      try await withTaskCancellationHandler {
        try await withCheckedThrowingContinuation { gate.enter(id, $0) }
      } onCancel: {
        gate.giveUp(id)
      }
      // Cancelled in the moment in which its turn came.
      try Task.checkCancellation()
      return try await body()
    }

    /// What `AnswerGate.endAnswers` calls.
    func onEnd(_ end: @escaping @Sendable () -> Void) { gate.set(id, end) }
  }

  /// Called with the lock held.
  private func add() -> Place {
    lastId += 1
    line.append(Entry(id: lastId))
    return Place(self, lastId)
  }

  private func set(_ id: UInt64, _ end: @escaping @Sendable () -> Void) {
    let isEnded = lock.withLock {
      guard let at = line.firstIndex(where: { $0.id == id }) else { return false }
      line[at].end = end
      return line[at].isEnded
    }
    if isEnded { end() }
  }

  private func enter(_ id: UInt64, _ continuation: CheckedContinuation<Void, any Error>) {
    let result: Result<Void, any Error>? = lock.withLock {
      guard let at = line.firstIndex(where: { $0.id == id }) else { return .failure(CancellationError()) }
      if at == 0 { return .success(()) }
      line[at].waiting = continuation
      return nil
    }
    if let result { continuation.resume(with: result) }
  }

  /// Leaves the line unless it has the turn, which ends with its body.
  private func giveUp(_ id: UInt64) {
    let waiting = lock.withLock { () -> CheckedContinuation<Void, any Error>? in
      guard let at = line.firstIndex(where: { $0.id == id }), at > 0 else { return nil }
      return line.remove(at: at).waiting
    }
    waiting?.resume(throwing: CancellationError())
  }

  private func leave(_ id: UInt64) {
    let next = lock.withLock { () -> CheckedContinuation<Void, any Error>? in
      guard let at = line.firstIndex(where: { $0.id == id }) else { return nil }
      line.remove(at: at)
      guard at == 0, !line.isEmpty else { return nil }
      defer { line[0].waiting = nil }
      return line[0].waiting
    }
    next?.resume()
  }
}
