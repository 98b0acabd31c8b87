/// Where a model puts the pieces of an answer.
public struct AnswerContinuation: Sendable {
  fileprivate let stream: AsyncThrowingStream<Chunk, any Error>.Continuation

  /// - Throws: `CancellationError` when nobody listens any more: the model stops within one token by letting it through.
  public func yield(_ chunk: Chunk) throws {
    try Task.checkCancellation()
    if case .terminated = stream.yield(chunk) { throw CancellationError() }
  }
}

/// A stream whose pieces `body` makes in a task of its own. The task is cancelled when the reader's loop ends early or the reader's
/// task is cancelled, and the stream ends with the error that `body` throws.
///
/// A loop that is left ends the stream when nobody holds the stream any longer, so write the call into the loop:
/// `for try await chunk in model.generate(…)`.
///
/// - Parameters:
///   - gate: `body` runs in its turn there; the place is taken by this call. `AnswerGate.endAnswers` cancels the task.
///   - body: must look at cancellation at least once for each token; `AnswerContinuation.yield` does.
public func answerStream(
  in gate: AnswerGate? = nil, _ body: @escaping @Sendable (AnswerContinuation) async throws -> Void
) -> AsyncThrowingStream<Chunk, any Error> {
  let place = gate?.takePlace()
  let (stream, task) = taskStream(of: Chunk.self) { continuation in
    let answer = AnswerContinuation(stream: continuation)
    if let place {
      try await place.withTurn { try await body(answer) }
    } else {
      try await body(answer)
    }
  }
  place?.onEnd { task.cancel() }
  return stream
}

/// A stream that a task of its own fills, and that task, which is cancelled when the reader leaves.
func taskStream<Element: Sendable>(
  of element: Element.Type = Element.self,
  _ body: @escaping @Sendable (AsyncThrowingStream<Element, any Error>.Continuation) async throws -> Void
) -> (stream: AsyncThrowingStream<Element, any Error>, task: Task<Void, Never>) {
  let (stream, continuation) = AsyncThrowingStream.makeStream(of: element, throwing: (any Error).self)
  let task = Task {
    do {
      try await body(continuation)
      continuation.finish()
    } catch {
      continuation.finish(throwing: error)
    }
  }
  continuation.onTermination = { _ in task.cancel() }
  return (stream, task)
}
