import Foundation

/// Writes the app log: JSON Lines of what happens while models run, for `@pippin/bench`; and signposts for Instruments.
///
/// A session's file begins with the session and the device; a model is written when it is first named, a run's record when it ends. Nothing
/// here waits for the disk or throws: what cannot be written is held for a while, then counted, and reported when writing works again.
/// No text of a prompt or an answer is taken.
///
///     let telemetry = Telemetry(folder: URL.applicationSupportDirectory.appending(path: "Logs"))
///     let load = telemetry.begin("load", attributes: ["compute_unit": "cpuAndNeuralEngine"])
///     // …
///     load.end()
///     let model = telemetry.model(facts, engine: "coreml", computeUnit: "cpuAndNeuralEngine")
///     let run = telemetry.beginRun(model: model, scenario: RunScenario(isCold: true, contextLimit: 2048))
///     run.beginPrefill(tokens: 40, cached: 8)
///     run.endPrefill()
///     run.token()
///     run.finish(.stopped(.stop))
public final class Telemetry: Sendable {
  /// Names a model of the log: one engine, one compute unit.
  public struct Model: Sendable, Equatable {
    let id: String
  }

  struct State {
    var models: [(key: ModelKey, model: Model)] = []
    var runs: [String: WeakRun] = [:]
    var runCount = 0
    var thermalState: ThermalState?
    var isLowPowerMode: Bool
    var network = NetworkCount()
    var writtenNetwork = NetworkCount()
    var networkNs: Int64 = 0
    var batteryTask: Task<Void, Never>?
    var memoryWarnings: (any Sendable)?
    var systemReports: (any Sendable)?
  }

  struct ModelKey: Equatable {
    let facts: ModelFacts
    let engine: String
    let computeUnit: String
  }

  struct WeakRun {
    weak var run: RunRecorder?
  }

  struct NetworkCount: Equatable {
    var up: Int64 = 0
    var down: Int64 = 0
  }

  /// Names the session in the log.
  public let session: String
  /// Where the log's files lie.
  public let folder: URL

  let signposts: Signposts
  let state: Locked<State>
  private let anchor: ClockAnchor
  private let clock: TelemetryClock
  private let writer: LogWriter
  private let conditions: any DeviceConditions
  private let battery: @Sendable () async -> Battery?

  /// Begins a session.
  ///
  /// - Parameters:
  ///   - folder: for log files, one or more a session. Made where it is missing.
  ///   - subsystem: of signposts.
  public init(
    folder: URL, limits: LogLimits = LogLimits(), device: DeviceInfo = .current,
    conditions: any DeviceConditions = SystemConditions.shared, battery: @escaping @Sendable () async -> Battery? = Battery.current,
    clock: TelemetryClock = .system, subsystem: String = "pippin"
  ) {
    let session = UUID().uuidString.lowercased()
    let anchor = ClockAnchor(clock)
    self.session = session
    self.folder = folder
    self.clock = clock
    self.anchor = anchor
    self.conditions = conditions
    self.battery = battery
    signposts = Signposts(subsystem: subsystem)
    state = Locked(State(isLowPowerMode: conditions.isLowPowerMode))
    writer = LogWriter(
      file: LogFile(folder: folder, session: "\(anchor.compact)-\(session.prefix(8))", limits: limits), limits: limits,
      session: { part in sessionLine(session, anchor: anchor, part: part) },
      now: { clock.monotonicNanoseconds() - anchor.monotonicNanoseconds })
    writer.write(.head(deviceLine(device, id: deviceId, isLowPowerMode: conditions.isLowPowerMode)))
    let warnings = conditions.onMemoryWarning { [weak self] in self?.diagnostic("memory_warning") }
    state.with { $0.memoryWarnings = warnings }
  }

  /// Log files of all sessions in the folder, the oldest first: for a share sheet. Call `flush` before.
  public var files: [URL] { LogFile.all(in: folder) }

  /// Names a model for its runs. Writes it the first time.
  public func model(_ facts: ModelFacts, engine: String, computeUnit: String) -> Model {
    let key = ModelKey(facts: facts, engine: engine, computeUnit: computeUnit)
    return state.with { state in
      if let known = state.models.first(where: { $0.key == key }) { return known.model }
      let model = Model(id: "\(session.prefix(8))-m\(state.models.count + 1)")
      state.models.append((key, model))
      writer.write(.head(modelLine(key, id: model.id)))
      return model
    }
  }

  /// Begins something that takes time and belongs to no run: `load`, `compile`, `warm_up`, `download`. It is written when it ends.
  public func begin(_ name: StaticString, attributes: [String: LogValue] = [:]) -> OpenInterval {
    OpenInterval(name, attributes: attributes, of: self)
  }

  /// Begins an answer: call it when `generate` is called.
  public func beginRun(model: Model, scenario: RunScenario) -> RunRecorder {
    let id = state.with { state in
      state.runCount += 1
      return "\(session.prefix(8))-r\(state.runCount)"
    }
    let run = RunRecorder(id: id, model: model, scenario: scenario, of: self)
    state.with { $0.runs[id] = WeakRun(run: run) }
    return run
  }

  /// Notes footprint, available memory, thermal state and low power mode: after a load, say. Runs do it by themselves.
  public func sampleConditions() { sampleConditions(run: nil, isEdge: true) }

  /// Adds bytes that the app sent and received.
  public func network(up: Int64 = 0, down: Int64 = 0) {
    let now = nanoseconds
    state.with { state in
      state.network.up += max(0, up)
      state.network.down += max(0, down)
      if now - state.networkNs >= 1_000_000_000 { writeNetwork(&state, at: now) }
    }
  }

  /// Notes what went wrong outside of a run: `compute_unit_fallback`, `memory_pressure` …
  ///
  /// - Parameter message: paths and addresses are taken out of it. Give no text of a conversation.
  public func diagnostic(_ type: String, _ message: String? = nil) {
    var line = JsonLine(kind: "diagnostic")
    line.add("t_ns", nanoseconds)
    line.add("type", LoggedText.clean(type))
    line.add("message", message.map(LoggedText.clean))
    write(line)
  }

  /// Writes all that happened so far, also of runs that go on: when the app leaves the foreground, or before files are shared.
  public func flush() async {
    let now = nanoseconds
    let (runs, task) = state.with { state in
      writeNetwork(&state, at: now)
      return (state.runs.values.compactMap(\.run), state.batteryTask)
    }
    for run in runs { run.handOver() }
    await task?.value
    await writer.flush()
  }
}

extension Telemetry {
  /// Nanoseconds since the session's anchor.
  var nanoseconds: Int64 { clock.monotonicNanoseconds() - anchor.monotonicNanoseconds }

  var deviceId: String { "\(session.prefix(8))-d" }

  func write(_ entry: LogEntry) { writer.write(entry) }

  /// - Parameter line: nil: there is nothing to write.
  func write(_ line: JsonLine?) {
    if let line { writer.write(.line(line)) }
  }

  /// - Parameter isEdge: whether the thermal state is written where it is the same as before.
  func sampleConditions(run: String?, isEdge: Bool) {
    let now = nanoseconds
    let (thermal, isLow) = (conditions.thermalState, conditions.isLowPowerMode)
    let (isNewThermal, isNewPower) = state.with { state in
      defer { (state.thermalState, state.isLowPowerMode) = (thermal, isLow) }
      return (state.thermalState != thermal, state.isLowPowerMode != isLow)
    }
    write(sampleLine("process.memory.usage", conditions.footprint.map(Double.init), unit: "By", run: run, at: now))
    write(sampleLine("process.memory.available", conditions.availableMemory.map(Double.init), unit: "By", run: run, at: now))
    if isEdge || isNewThermal {
      let rank = ThermalState.allCases.firstIndex(of: thermal) ?? 0
      write(sampleLine("device.thermal_state", Double(rank), unit: "1", run: run, at: now, raw: thermal.rawValue))
    }
    if isNewPower { write(sampleLine("device.low_power_mode", isLow ? 1 : 0, unit: "1", run: run, at: now)) }
  }

  /// The system answers on the main thread, when it has time.
  ///
  /// - Parameter entry: written behind the answer.
  func sampleBattery(run: String, then entry: LogEntry? = nil) {
    state.with { state in
      state.batteryTask = Task { [before = state.batteryTask] in
        await before?.value
        if let battery = await self.battery() { self.write(battery, run: run) }
        if let entry { self.write(entry) }
      }
    }
  }

  private func write(_ battery: Battery, run: String) {
    let now = nanoseconds
    let rank = Battery.State.allCases.firstIndex(of: battery.state) ?? 0
    write(sampleLine("hw.battery.charge", battery.charge, unit: "1", run: run, at: now))
    write(sampleLine("hw.battery.state", Double(rank), unit: "1", run: run, at: now, raw: battery.state.rawValue))
  }

  /// Network bytes so far, so that those of a run can be told from those before it.
  func noteNetwork() {
    let now = nanoseconds
    state.with { writeNetwork(&$0, at: now) }
  }

  func forget(run: String) { state.with { $0.runs[run] = nil } }

  private func writeNetwork(_ state: inout State, at now: Int64) {
    guard state.network != state.writtenNetwork else { return }
    state.writtenNetwork = state.network
    state.networkNs = now
    write(networkLine(state.network.up, direction: "transmit", at: now))
    write(networkLine(state.network.down, direction: "receive", at: now))
  }
}
