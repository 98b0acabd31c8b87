import Foundation
import Testing

@testable import PippinRuntime

@Suite struct QuarantineTests {
  @Test func aModelWhoseFirstLoadEndedTheAppIsSetAside() throws {
    let model = try ModelFixture()
    let store = try model.store()
    #expect(try store.beginLoad(of: model.version).isFirst)
    // Within the same run of the app a second call is no crash.
    _ = try store.beginLoad(of: model.version)
    try becomeAnotherRun(model)
    let reason = "the app ended while it was loaded for the first time"
    #expect(store.quarantineReason(of: model.version) == reason)
    #expect(throws: RuntimeError.quarantined(reason)) { try store.beginLoad(of: model.version) }
    #expect(throws: RuntimeError.quarantined(reason)) { try model.store().beginLoad(of: model.version) }
    store.clearQuarantine(of: model.version)
    #expect(try store.beginLoad(of: model.version).isFirst)
  }

  @Test func aModelThatWasLoadedOnceIsNotSetAside() throws {
    let model = try ModelFixture()
    let store = try model.store()
    store.endLoad(try store.beginLoad(of: model.version), .succeeded)
    let second = try store.beginLoad(of: model.version)
    #expect(!second.isFirst)
    store.endLoad(second, .failed("too hot"))
    try becomeAnotherRun(model)
    #expect(try !store.beginLoad(of: model.version).isFirst)
  }

  @Test func aNewSystemLoadsForTheFirstTime() throws {
    let model = try ModelFixture()
    let store = try model.store()
    store.endLoad(try store.beginLoad(of: model.version), .succeeded)
    let file = record(model)
    let system = ProcessInfo.processInfo.operatingSystemVersionString
    let text = try String(contentsOf: file, encoding: .utf8)
    let escaped = system.replacingOccurrences(of: "/", with: "\\/")
    try text.replacingOccurrences(of: escaped, with: "another").write(to: file, atomically: true, encoding: .utf8)
    #expect(try store.beginLoad(of: model.version).isFirst)
  }

  @Test func attemptsAreCounted() throws {
    let model = try ModelFixture()
    var options = ModelStore.Options()
    options.failedLoads = 3
    let store = try model.store(options)
    store.endLoad(try store.beginLoad(of: model.version), .failed("first"))
    _ = try store.beginLoad(of: model.version)
    try becomeAnotherRun(model)
    store.endLoad(try store.beginLoad(of: model.version), .abandoned)
    store.endLoad(try store.beginLoad(of: model.version), .failed("third"))
    #expect(throws: RuntimeError.quarantined("third")) { try store.beginLoad(of: model.version) }
  }

  @Test func whatIsNotTheModelsFaultDoesNotCount() async throws {
    let model = try ModelFixture()
    let store = try model.store()
    let errors: [any Error] = [CancellationError(), RuntimeError.notEnoughMemory(needed: 2, available: 1)]
    for error in errors {
      await #expect(throws: (any Error).self) { try await store.load(model.version) { throw error } }
      #expect(store.quarantineReason(of: model.version) == nil)
    }
    await #expect(throws: RuntimeError.loadFailed("no")) {
      try await store.load(model.version) { throw RuntimeError.loadFailed("no") }
    }
    #expect(store.quarantineReason(of: model.version) != nil)
    await #expect(throws: RuntimeError.self) { try await store.load(model.version) { 1 } }
    store.clearQuarantine(of: model.version)
    #expect(try await store.load(model.version) { 1 } == 1)
  }

  @Test func aSpoiledRecordLetsTheModelBeLoaded() throws {
    let model = try ModelFixture()
    let store = try model.store()
    _ = try store.beginLoad(of: model.version)
    try Data("{\"failu".utf8).write(to: record(model))
    #expect(try store.beginLoad(of: model.version).isFirst)
  }

  private func record(_ model: ModelFixture) -> URL {
    model.root.appendingPathComponent("store/.loads/\(model.version.digest).json")
  }

  /// Makes the mark that of a process that is gone.
  private func becomeAnotherRun(_ model: ModelFixture) throws {
    var record = try JSONSerialization.jsonObject(with: Data(contentsOf: record(model))) as? [String: Any] ?? [:]
    if record["loading"] != nil { record["loading"] = "another" }
    try JSONSerialization.data(withJSONObject: record).write(to: self.record(model))
  }
}
