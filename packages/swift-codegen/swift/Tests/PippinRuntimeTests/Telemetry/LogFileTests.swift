import Foundation
import Testing

@testable import PippinRuntime

@Suite struct LogFileTests {
  @Test func aFileThatGrewTooLargeGoesOnInAnotherWithSessionDeviceAndModels() async throws {
    let fixture = TelemetryFixture(limits: LogLimits(fileBytes: 3000))
    for _ in 0..<12 {
      let run = fixture.run()
      for _ in 0..<5 { run.token() }
      run.finish(.stopped(.stop))
      await fixture.telemetry.flush()
    }
    #expect(fixture.telemetry.files.count > 2)
    for (index, file) in fixture.telemetry.files.enumerated() {
      let records = try Record.all(in: String(contentsOf: file, encoding: .utf8))
      #expect(records.prefix(3).map(\.kind) == ["session", "device", "model"])
      #expect(records[0]["part"] == index + 1)
      let ended = Set(records.of("run").compactMap { $0["id"] as String? })
      #expect(Set(records.of("token").compactMap { $0["run"] as String? }) == ended, "a run is never cut in two")
    }
  }

  @Test func theOldestFilesAreRemoved() async throws {
    let limits = LogLimits(fileBytes: 1000, folderBytes: 5000)
    let fixture = TelemetryFixture(limits: limits)
    let foreign = fixture.folder.appendingPathComponent("notes.txt")
    try FileManager.default.createDirectory(at: fixture.folder, withIntermediateDirectories: true)
    try Data("mine".utf8).write(to: foreign)
    for number in 0..<100 { fixture.telemetry.diagnostic("note", "number \(number)") }
    let records = try await fixture.records()
    let files = fixture.telemetry.files
    let bytes = try files.reduce(0) { try $0 + Data(contentsOf: $1).count }
    #expect(bytes < limits.folderBytes + 2 * limits.fileBytes)
    #expect(records.of("diagnostic").last?["message"] == "number 99")
    #expect(records.of("diagnostic").first?["message"] != "number 0")
    #expect(FileManager.default.fileExists(atPath: foreign.path))
  }

  @Test func whatTheDiskRefusesIsWrittenWhenItTakesItAgain() async throws {
    let parent = FileManager.default.temporaryDirectory.appendingPathComponent("telemetry-\(UUID().uuidString)")
    // A file where the folder should be.
    try Data().write(to: parent)
    let fixture = TelemetryFixture(folder: parent)
    let run = fixture.run()
    run.token()
    run.finish(.stopped(.stop))
    await fixture.telemetry.flush()
    #expect(fixture.telemetry.files == [])

    try FileManager.default.removeItem(at: parent)
    let records = try await fixture.records()
    #expect(records.of("run").map { $0["output_tokens"] } == [1])
    #expect(records.of("token").count == 1)
    #expect(records.of("diagnostic").isEmpty)
  }

  @Test func whatDoesNotFitIntoMemoryIsCountedAndReported() async throws {
    let parent = FileManager.default.temporaryDirectory.appendingPathComponent("telemetry-\(UUID().uuidString)")
    try Data().write(to: parent)
    let fixture = TelemetryFixture(folder: parent, limits: LogLimits(pendingBytes: 2000))
    for _ in 0..<100 {
      fixture.telemetry.diagnostic("note")
      await fixture.telemetry.flush()
    }
    _ = fixture.model()
    try FileManager.default.removeItem(at: parent)
    let records = try await fixture.records()
    #expect(!records.of("device").isEmpty && !records.of("model").isEmpty, "runs name them: they are kept beyond the limit")
    let notes = records.filter { $0["type"] == "note" }.count
    let lost = try #require(records.first { $0["type"] == "log_lines_lost" })
    #expect(notes > 0 && notes < 100)
    #expect(lost["lines"] == 100 - notes)
    #expect(try await fixture.records().filter { $0["type"] == "log_lines_lost" }.count == 1)
  }

  /// `/dev/full` refuses each write as a full disk does.
  @Test(.enabled(if: FileManager.default.fileExists(atPath: "/dev/full")))
  func afterAFullDiskTheFileHoldsWholeLines() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("telemetry-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let url = folder.appendingPathComponent("pippin-s-001.jsonl")
    try FileManager.default.createSymbolicLink(atPath: url.path, withDestinationPath: "/dev/full")
    let file = LogFile(folder: folder, session: "s", limits: LogLimits())
    #expect(throws: (any Error).self) { try file.open { _ in Array("head\n".utf8) } }
    try FileManager.default.removeItem(at: url)
    try file.open { _ in Array("head\n".utf8) }
    try file.append(Array("line\n".utf8))
    #expect(try String(contentsOf: url, encoding: .utf8) == "head\nline\n")
    #expect(file.size == 10)
  }

  @Test func whatAFailedWriteLeftIsCutOffBeforeTheNextLine() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("telemetry-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    let url = folder.appendingPathComponent("pippin-s-001.jsonl")
    try Data("{\"kind\":\"hal".utf8).write(to: url)
    let file = LogFile(folder: folder, session: "s", limits: LogLimits())
    try file.open { _ in Array("head\n".utf8) }
    #expect(try String(contentsOf: url, encoding: .utf8) == "head\n")
  }
}
