import Foundation
import Testing

@testable import PippinRuntime

@Suite struct TelemetryTests {
  @Test func aLogBeginsWithItsSessionAndDevice() async throws {
    let fixture = TelemetryFixture()
    let records = try await fixture.records()
    #expect(records.map(\.kind) == ["session", "device"])
    #expect(records[0]["version"] == 1)
    #expect(records[0]["id"] == fixture.telemetry.session)
    #expect(records[0]["started_at"] == "2026-03-02T09:30:00.000Z")
    #expect(records[0]["clock", "monotonic_anchor_ns"] == 84_000_000_000)
    #expect(records[1]["device.model.identifier"] == "iPhone15,3")
    #expect(records[1]["low_power_mode"] == false)
    #expect(
      fixture.telemetry.files.map(\.lastPathComponent) == [
        "pippin-20260302T093000Z-\(fixture.telemetry.session.prefix(8))-001.jsonl"
      ])
  }

  @Test func aModelIsWrittenOnceForEachComputeUnit() async throws {
    let fixture = TelemetryFixture()
    let models = [fixture.model("cpuOnly"), fixture.model("cpuAndGPU"), fixture.model("cpuOnly")]
    #expect(models[0] == models[2] && models[0] != models[1])
    let records = try await fixture.records().of("model")
    #expect(records.map { $0["compute_unit"] } == ["cpuOnly", "cpuAndGPU"])
    #expect(records[0]["gen_ai.request.model"] == "org/tiny")
    #expect(records[0]["quant", "scheme"] == "int4")
    #expect(records[0]["weights_bytes"] == 4096)
    #expect(records[0]["kv_bytes_per_token"] == 10.0)
  }

  @Test func whatIsNotKnownOfAModelIsLeftOut() async throws {
    let fixture = TelemetryFixture()
    _ = fixture.telemetry.model(ModelFacts(name: "N", source: "s", vocabSize: 1, contextLength: 8), engine: "e", computeUnit: "u")
    let model = try #require(try await fixture.records().of("model").first)
    #expect(Set(model.members.keys).isDisjoint(with: ["params", "weights_bytes", "kv_bytes_per_token", "revision"]))
  }

  @Test func aRunIsWrittenWithItsTimesInOrder() async throws {
    let fixture = TelemetryFixture(battery: Battery(charge: 0.5, state: .unplugged))
    fixture.clock.advance(milliseconds: 2000)
    let run = fixture.run(
      RunScenario(isCold: true, maxOutputTokens: 3, temperature: 0.5, contextLimit: 64, contextPolicy: .slide(keeping: 4)))
    // The system answers for the battery when it has time: let it, so that the order is known.
    await fixture.telemetry.flush()
    fixture.clock.advance(milliseconds: 10)
    run.beginPrefill(tokens: 40, cached: 8, droppedMessages: 2)
    fixture.clock.advance(milliseconds: 160)
    run.endPrefill()
    for pause in [10, 20, 40] as [Int64] {
      fixture.clock.advance(milliseconds: pause)
      run.token()
    }
    run.slid(tokens: 5)
    fixture.clock.advance(milliseconds: 1)
    run.finish(.stopped(.maxTokens))

    let records = try await fixture.records().filter { $0["run"] == run.id || $0["id"] == run.id }
    let names: [String] = records.map { $0["metric"] ?? $0["name"] ?? $0.kind }
    #expect(
      names.joined(separator: " ") == """
        process.memory.usage process.memory.available device.thermal_state hw.battery.charge hw.battery.state prefill \
        process.memory.usage process.memory.available token token token decode \
        process.memory.usage process.memory.available device.thermal_state run hw.battery.charge hw.battery.state
        """)

    #expect(records.of("token").map { $0["t_ns"] } == [180_000_000, 200_000_000, 240_000_000])
    #expect(records.of("token").map { $0["i"] } == [0, 1, 2])
    let prefill = try #require(records.first { $0["name"] == "prefill" })
    #expect(prefill["start_ns"] == 2_010_000_000 && prefill["duration_ns"] == 160_000_000 && prefill["attrs", "tokens"] == 32)
    let decode = try #require(records.first { $0["name"] == "decode" })
    #expect(decode["start_ns"] == 2_180_000_000 && decode["duration_ns"] == 60_000_000 && decode["attrs", "tokens"] == 3)
    let record = try #require(records.of("run").first)
    #expect(record["start_ns"] == 2_000_000_000 && record["end_ns"] == 2_241_000_000)
    #expect(record["input_tokens"] == 40 && record["cached_tokens"] == 8 && record["output_tokens"] == 3)
    #expect(record["stop_reason"] == "max_tokens" && record["cancelled"] == false && !record.has("error"))
    #expect(record["scenario", "start"] == "cold" && record["scenario", "temperature"] == 0.5)
    #expect(
      record["context", "policy"] == "slide" && record["context", "slid_tokens"] == 5 && record["context", "dropped_messages"] == 2)
    #expect(record["session"] == fixture.telemetry.session)
  }

  @Test func aCancelledRunSaysSoAndHasItsTokens() async throws {
    let fixture = TelemetryFixture()
    let run = fixture.run()
    run.beginPrefill(tokens: 4)
    run.endPrefill()
    run.token()
    run.token(count: 2)
    run.finish(.cancelled)
    run.token()
    run.finish(.stopped(.stop))
    let records = try await fixture.records()
    #expect(records.of("token").map { $0["n"] } == [1, 2])
    #expect(records.of("token").map { $0["i"] } == [0, 1])
    #expect(records.of("run").count == 1)
    #expect(records.of("run")[0]["cancelled"] == true && records.of("run")[0]["output_tokens"] == 3)
    #expect(!records.of("run")[0].has("stop_reason"))
  }

  @Test func aRunThatIsFreedWasCancelled() async throws {
    let fixture = TelemetryFixture()
    do { fixture.run().token() }
    let run = try #require(try await fixture.records().of("run").first)
    #expect(run["cancelled"] == true && run["output_tokens"] == 1)
  }

  @Test func aCancellationErrorIsACancellation() async throws {
    let fixture = TelemetryFixture()
    fixture.run().finish(.failed(CancellationError()))
    let run = try #require(try await fixture.records().of("run").first)
    #expect(run["cancelled"] == true && !run.has("error"))
  }

  @Test func aRunThatFailsInItsPrefillHasThePromptAndABrokenInterval() async throws {
    let fixture = TelemetryFixture()
    let run = fixture.run()
    run.beginPrefill(tokens: 40)
    run.finish(.failed(RuntimeError.predictionFailed("a secret prompt")))
    let records = try await fixture.records()
    #expect(records.of("interval").map { $0["completed"] } == [false])
    let record = try #require(records.of("run").first)
    #expect(record["input_tokens"] == 40 && record["output_tokens"] == 0 && record["error", "type"] == "predictionFailed")
  }

  @Test func aRunThatFailsBeforeItsPromptIsKnownClaimsNoCounts() async throws {
    let fixture = TelemetryFixture()
    fixture.run().finish(.failed(RuntimeError.promptTooLong(tokens: 90, limit: 64)))
    let record = try #require(try await fixture.records().of("run").first)
    #expect(!record.has("input_tokens"))
    #expect(record["error", "type"] == "promptTooLong" && record["error", "tokens"] == 90 && record["error", "limit"] == 64)
  }

  @Test func tokensReachTheFileWhileTheRunGoesOn() async throws {
    let fixture = TelemetryFixture()
    let run = fixture.run()
    for _ in 0..<3 { run.token() }
    #expect(try await fixture.records().of("token").count == 3)
    run.token()
    run.finish(.stopped(.stop))
    #expect(try await fixture.records().of("token").map { $0["i"] } == [0, 1, 2, 3])
  }

  @Test func memoryIsSampledOnceASecondAndTheThermalStateWhenItChanges() async throws {
    let fixture = TelemetryFixture()
    let run = fixture.run()
    for token in 0..<40 {
      fixture.clock.advance(milliseconds: 100)
      if token == 15 { fixture.conditions.state.with { $0.thermalState = .serious } }
      if token == 25 { fixture.conditions.state.with { $0.isLowPowerMode = true } }
      run.token()
    }
    run.finish(.stopped(.stop))
    let records = try await fixture.records()
    // Begin, after 1, 2, 3 and 4 s, end.
    #expect(
      records.samples("process.memory.usage").map { $0["t_ns"] } == [
        0, 1_000_000_000, 2_000_000_000, 3_000_000_000, 4_000_000_000, 4_000_000_000,
      ])
    #expect(records.samples("device.thermal_state").map { $0["raw"] } == ["nominal", "serious", "serious"])
    #expect(records.samples("device.thermal_state").map { $0["value"] } == [0.0, 2.0, 2.0])
    #expect(records.samples("device.low_power_mode").map { $0["t_ns"] } == [3_000_000_000])
  }

  @Test func whatTheDeviceDoesNotTellIsNotWritten() async throws {
    let fixture = TelemetryFixture(battery: Battery(charge: nil, state: .unknown))
    fixture.conditions.state.with { ($0.availableMemory, $0.footprint) = (nil, nil) }
    fixture.run().finish(.stopped(.stop))
    let metrics = Set(try await fixture.records().of("sample").compactMap { $0["metric"] as String? })
    #expect(metrics == ["device.thermal_state", "hw.battery.state"])
  }

  @Test func anIntervalHasItsAttributesAndEndsOnce() async throws {
    let fixture = TelemetryFixture()
    let load = fixture.telemetry.begin("load", attributes: ["compute_unit": "all", "cached": false])
    fixture.clock.advance(milliseconds: 1500)
    load.end(attributes: ["bytes": 12])
    load.end(completed: false)
    do { _ = fixture.telemetry.begin("compile") }
    let intervals = try await fixture.records().of("interval")
    #expect(intervals.map { $0["name"] } == ["load", "compile"])
    #expect(intervals.map { $0["completed"] } == [true, false])
    #expect(intervals[0]["duration_ns"] == 1_500_000_000)
    #expect(
      intervals[0]["attrs", "compute_unit"] == "all" && intervals[0]["attrs", "cached"] == false
        && intervals[0]["attrs", "bytes"] == 12)
  }

  @Test func networkBytesAreCountersWrittenAtMostOnceASecondAndAroundRuns() async throws {
    let fixture = TelemetryFixture()
    fixture.telemetry.network(up: 10, down: 1000)
    fixture.clock.advance(milliseconds: 1000)
    for _ in 0..<5 { fixture.telemetry.network(down: 100) }
    fixture.run().finish(.stopped(.stop))
    let down = try await fixture.records().samples("process.network.io").filter { $0["network.io.direction"] == "receive" }
    #expect(down.map { $0["value"] } == [1100, 1500])
    #expect(down.allSatisfy { $0["how"] == "counter" && $0["unit"] == "By" })
  }

  @Test func aMemoryWarningIsADiagnosticUntilTheTelemetryIsFreed() async throws {
    let conditions: TestConditions
    do {
      let fixture = TelemetryFixture()
      conditions = fixture.conditions
      conditions.warn()
      #expect(try await fixture.records().of("diagnostic").map { $0["type"] } == ["memory_warning"])
    }
    #expect(conditions.handlerCount == 0)
  }

  @Test func manyTasksWriteWholeLinesAndEachRunKeepsItsOrder() async throws {
    let fixture = TelemetryFixture(limits: LogLimits(fileBytes: 2000))
    let telemetry = fixture.telemetry
    let model = fixture.model()
    await withTaskGroup(of: Void.self) { group in
      for task in 0..<16 {
        group.addTask {
          for _ in 0..<5 {
            let run = telemetry.beginRun(model: model, scenario: RunScenario(isCold: false, contextLimit: 64))
            for _ in 0..<(task * 10) { run.token() }
            telemetry.network(down: 1)
            run.finish(task == 3 ? .cancelled : .stopped(.stop))
            if task % 4 == 0 { await telemetry.flush() }
          }
        }
      }
    }
    let records = try await fixture.records()
    let runs = records.of("run")
    #expect(runs.count == 80 && Set(runs.compactMap { $0["id"] as String? }).count == 80)
    for run in runs {
      let id: String = try #require(run["id"])
      let tokens = records.of("token").filter { $0["run"] == id }
      #expect(tokens.map { $0["i"] } == Array(0..<tokens.count) && run["output_tokens"] == tokens.count)
    }
    let down = records.samples("process.network.io").filter { $0["network.io.direction"] == "receive" }.compactMap {
      $0["value"] as Int?
    }
    #expect(down == down.sorted() && down.last == 80)
  }

  /// A generous bound for busy machines: two cores of a server took 1.3 µs, unoptimized.
  @Test func aTokenCostsMicroseconds() async throws {
    let telemetry = Telemetry(
      folder: FileManager.default.temporaryDirectory.appendingPathComponent("telemetry-\(UUID().uuidString)"))
    defer { try? FileManager.default.removeItem(at: telemetry.folder) }
    let model = telemetry.model(TelemetryFixture.facts, engine: "e", computeUnit: "u")
    let run = telemetry.beginRun(model: model, scenario: RunScenario(isCold: false, contextLimit: 1 << 20))
    let spent = ContinuousClock().measure { for _ in 0..<10_000 { run.token() } }
    run.finish(.stopped(.stop))
    await telemetry.flush()
    #expect(spent / 10_000 < .microseconds(100))
  }
}
