import Foundation
import Testing

@testable import PippinRuntime

/// A clock that stands still until it is told.
final class TestClock: Sendable {
  private let nanoseconds = Locked<Int64>(84_000_000_000)

  func advance(milliseconds: Int64) { nanoseconds.with { $0 += milliseconds * 1_000_000 } }

  var clock: TelemetryClock {
    TelemetryClock(
      monotonicNanoseconds: { self.nanoseconds.with { $0 } }, date: { Date(timeIntervalSince1970: 1_772_443_800) })
  }
}

/// A device that says what it is told to say.
final class TestConditions: DeviceConditions {
  struct State {
    var thermalState = ThermalState.nominal
    var isLowPowerMode = false
    var availableMemory: Int64? = 2_000_000_000
    var footprint: Int64? = 300_000_000
    var handlers: [Int: @Sendable () -> Void] = [:]
  }

  private final class Registration: Sendable {
    let remove: @Sendable () -> Void
    init(_ remove: @escaping @Sendable () -> Void) { self.remove = remove }
    deinit { remove() }
  }

  let state = Locked(State())

  var thermalState: ThermalState { state.with { $0.thermalState } }
  var isLowPowerMode: Bool { state.with { $0.isLowPowerMode } }
  var availableMemory: Int64? { state.with { $0.availableMemory } }
  var footprint: Int64? { state.with { $0.footprint } }
  var handlerCount: Int { state.with { $0.handlers.count } }

  func onMemoryWarning(_ handler: @escaping @Sendable () -> Void) -> any Sendable {
    let id = state.with { state in
      let id = state.handlers.count
      state.handlers[id] = handler
      return id
    }
    return Registration { self.state.with { $0.handlers[id] = nil } }
  }

  func warn() { for handler in state.with({ Array($0.handlers.values) }) { handler() } }
}

/// A telemetry in a folder of its own.
final class TelemetryFixture {
  let folder: URL
  let clock = TestClock()
  let conditions = TestConditions()
  private(set) var telemetry: Telemetry

  static let facts = ModelFacts(
    name: "Tiny", source: "org/tiny", revision: "abc", quantization: "int4", parameters: 1000, vocabSize: 256, contextLength: 64,
    packageBytes: 4096, cacheBytes: 640)
  static let device = DeviceInfo(
    identifier: "iPhone15,3", ramBytes: 6_000_000_000, systemName: "iOS", systemVersion: "18.3.1", systemBuild: "22D72")

  init(folder: URL? = nil, limits: LogLimits = LogLimits(), battery: Battery? = nil) {
    self.folder =
      folder ?? FileManager.default.temporaryDirectory.appendingPathComponent("telemetry-\(UUID().uuidString)", isDirectory: true)
    telemetry = Telemetry(
      folder: self.folder, limits: limits, device: Self.device, conditions: conditions, battery: { battery }, clock: clock.clock)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  func model(_ computeUnit: String = "cpuOnly") -> Telemetry.Model {
    telemetry.model(Self.facts, engine: "coreml", computeUnit: computeUnit)
  }

  func run(_ scenario: RunScenario = RunScenario(isCold: false, contextLimit: 64)) -> RunRecorder {
    telemetry.beginRun(model: model(), scenario: scenario)
  }

  /// The text of all files, one after the other.
  func text() async throws -> String {
    await telemetry.flush()
    return try telemetry.files.map { try String(contentsOf: $0, encoding: .utf8) }.joined()
  }

  func records() async throws -> [Record] { try Record.all(in: try await text()) }
}

/// A line of a log.
struct Record: @unchecked Sendable {
  let members: [String: Any]

  static func all(in text: String) throws -> [Record] {
    try #require(text.isEmpty || text.hasSuffix("\n"))
    return try text.split(separator: "\n").map { line in
      Record(members: try #require(JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any], "\(line)"))
    }
  }

  var kind: String { self["kind"] ?? "" }

  func has(_ key: String) -> Bool { members[key] != nil }

  subscript<Value>(_ path: String...) -> Value? {
    var value: Any? = members
    for key in path { value = (value as? [String: Any])?[key] }
    return value as? Value
  }
}

extension [Record] {
  func of(_ kind: String) -> [Record] { filter { $0.kind == kind } }
  func samples(_ metric: String) -> [Record] { filter { $0["metric"] == metric } }
}
