import Foundation
import Testing

@testable import PippinRuntime

/// Counts tasks that have begun and not ended, and says when there are none.
private final class Alive: @unchecked Sendable {
  private let lock = NSLock()
  private var count = 0
  private let ended = AsyncStream.makeStream(of: Void.self)

  func begin() { lock.withLock { count += 1 } }

  func end() {
    lock.withLock { count -= 1 }
    ended.continuation.yield()
  }

  func nobody() async {
    var iterator = ended.stream.makeAsyncIterator()
    while lock.withLock({ count }) > 0 { await iterator.next() }
  }
}

@Suite(.timeLimit(.minutes(1))) struct AnswerStreamTests {
  /// Gives numbers until it is stopped.
  private func endless(_ alive: Alive, in gate: AnswerGate? = nil) -> AsyncThrowingStream<Chunk, any Error> {
    alive.begin()
    return answerStream(in: gate) { answer in
      defer { alive.end() }
      for number in 0... {
        try answer.yield(Chunk(text: "\(number)"))
        await Task.yield()
      }
    }
  }

  @Test func piecesComeInOrderAndTheStreamEnds() async throws {
    var text = ""
    for try await chunk in answerStream({ answer in for letter in "answer" { try answer.yield(Chunk(text: "\(letter)")) } }) {
      text += chunk.text
    }
    #expect(text == "answer")
  }

  @Test func theStreamEndsWithTheErrorOfItsBodyBehindTheText() async {
    var text = ""
    await #expect(throws: RuntimeError.notFinite(position: 7)) {
      let stream = answerStream { answer in
        try answer.yield(Chunk(text: "so far"))
        throw RuntimeError.notFinite(position: 7)
      }
      for try await chunk in stream { text += chunk.text }
    }
    #expect(text == "so far")
  }

  @Test func leavingTheLoopEndsTheTask() async throws {
    let alive = Alive()
    for try await chunk in endless(alive) where chunk.text == "3" { break }
    await alive.nobody()
  }

  @Test func cancellingTheReaderEndsTheTask() async throws {
    let alive = Alive()
    let (begun, beginning) = AsyncStream.makeStream(of: Void.self)
    let reader = Task {
      for try await _ in endless(alive) { beginning.yield() }
    }
    for await _ in begun { break }

    reader.cancel()

    _ = await reader.result
    await alive.nobody()
  }

  @Test func aStreamThatNobodyReadsEndsItsTask() async {
    let alive = Alive()
    _ = endless(alive)
    await alive.nobody()
  }

  @Test func theAnswersOfAGateComeInOrderOfTheCalls() async throws {
    let gate = AnswerGate()
    let all = AsyncStream.makeStream(of: Int.self)
    let streams = (0..<10).map { number in
      answerStream(in: gate) { answer in
        for _ in 0..<3 {
          all.continuation.yield(number)
          await Task.yield()
        }
      }
    }
    for stream in streams.reversed() { for try await _ in stream {} }
    all.continuation.finish()
    var order: [Int] = []
    for await number in all.stream { order.append(number) }
    #expect(order == (0..<10).flatMap { [$0, $0, $0] })
  }

  @Test func endAnswersEndsTheRunningAndTheWaitingAndThenRuns() async throws {
    let gate = AnswerGate()
    let alive = Alive()
    var running = endless(alive, in: gate).makeAsyncIterator()
    let waiting = answerStream(in: gate) { _ in Issue.record("an answer ran that was ended") }
    _ = try await running.next()

    await confirmation { freed in await gate.endAnswers { freed() } }

    await alive.nobody()
    await #expect(throws: CancellationError.self) { while try await running.next() != nil {} }
    await #expect(throws: CancellationError.self) { for try await _ in waiting {} }
    let value = try await gate.withTurn { 4 }
    #expect(value == 4)
  }

  @Test func endAnswersRunsInACancelledTaskToo() async {
    let gate = AnswerGate()
    await confirmation { freed in
      let task = Task {
        while !Task.isCancelled { await Task.yield() }
        await gate.endAnswers { freed() }
      }
      task.cancel()
      await task.value
    }
  }
}
