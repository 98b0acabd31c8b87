import Foundation
import Testing

@testable import PippinRuntime

/// What happened, in order.
private actor Diary {
  private(set) var lines: [String] = []
  func note(_ line: String) { lines.append(line) }
}

@Suite(.timeLimit(.minutes(1))) struct AnswerGateTests {
  @Test func turnsDoNotOverlapAndComeInOrderOfArrival() async throws {
    let gate = AnswerGate()
    let diary = Diary()
    let places = (0..<20).map { ($0, gate.takePlace()) }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for (number, place) in places.shuffled() {
        group.addTask {
          try await place.withTurn {
            await diary.note("begin \(number)")
            await Task.yield()
            await diary.note("end \(number)")
          }
        }
      }
      try await group.waitForAll()
    }
    #expect(await diary.lines == (0..<20).flatMap { ["begin \($0)", "end \($0)"] })
  }

  @Test func aWaiterThatIsCancelledLeavesTheLineWhileTheTurnIsTaken() async throws {
    let gate = AnswerGate()
    let (release, releaser) = AsyncStream.makeStream(of: Void.self)
    let holder = gate.takePlace()
    let waiter = gate.takePlace()
    let last = gate.takePlace()
    let holding = Task { try await holder.withTurn { for await _ in release {} } }
    let waiting = Task { try await waiter.withTurn { Issue.record("a cancelled waiter has run") } }

    waiting.cancel()

    await #expect(throws: CancellationError.self) { try await waiting.value }
    releaser.finish()
    try await holding.value
    let value = try await last.withTurn { 3 }
    #expect(value == 3)
  }

  @Test func aCancelledTaskDoesNotRunAlthoughTheGateIsFree() async {
    let gate = AnswerGate()
    let task = Task {
      while !Task.isCancelled { await Task.yield() }
      _ = try await gate.withTurn { Issue.record("a cancelled task has run") }
    }

    task.cancel()

    await #expect(throws: CancellationError.self) { try await task.value }
  }

  @Test func anErrorGivesTheTurnOn() async throws {
    let gate = AnswerGate()
    await #expect(throws: RuntimeError.promptEmpty) {
      try await gate.withTurn { throw RuntimeError.promptEmpty }
    }
    let value = try await gate.withTurn { 1 }
    #expect(value == 1)
  }

  @Test func aPlaceThatIsNotUsedIsGivenUp() async throws {
    let gate = AnswerGate()
    var place: AnswerGate.Place? = gate.takePlace()
    let second = gate.takePlace()
    #expect(place != nil)
    place = nil
    let value = try await second.withTurn { 2 }
    #expect(value == 2)
  }

  @Test func turnsSurviveManyTasksOfWhichSomeAreCancelled() async {
    let gate = AnswerGate()
    let running = Diary()
    await withTaskGroup(of: Void.self) { group in
      for number in 0..<200 {
        let task = Task {
          try await gate.withTurn {
            await running.note("+")
            await Task.yield()
            await running.note("-")
          }
        }
        if number % 3 == 0 { task.cancel() }
        group.addTask { _ = await task.result }
      }
    }
    let lines = await running.lines
    #expect(lines == (0..<lines.count).map { $0 % 2 == 0 ? "+" : "-" })
    #expect(lines.count >= 2 * 133)
  }
}
