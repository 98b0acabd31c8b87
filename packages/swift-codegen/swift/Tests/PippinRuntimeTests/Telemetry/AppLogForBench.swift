import Foundation
import Testing

@testable import PippinRuntime

private let target = ProcessInfo.processInfo.environment["PIPPIN_APP_LOG"]

/// Leaves logs in the folder that `PIPPIN_APP_LOG` names, for `tools/oracles/test_app_log.py`, which knows what is in them.
@Suite(.enabled(if: target != nil)) struct AppLogForBench {
  @Test func leaveALogOfAllThatCanHappen() async throws {
    let folder = URL(fileURLWithPath: try #require(target), isDirectory: true)
    let telemetry = Telemetry(
      folder: folder, limits: LogLimits(fileBytes: 20_000), battery: { Battery(charge: 0.5, state: .unplugged) })
    let load = telemetry.begin("load", attributes: ["compute_unit": "cpuAndNeuralEngine"])
    load.end(completed: false)
    telemetry.diagnostic("compute_unit_fallback", "cpuAndNeuralEngine refused /Users/someone/model.mlmodelc")
    telemetry.begin("load", attributes: ["compute_unit": "cpuOnly"]).end()
    telemetry.network(up: 200, down: 4_000_000)
    let model = telemetry.model(TelemetryFixture.facts, engine: "coreml", computeUnit: "cpuOnly")
    let runs = Runs(telemetry: telemetry, model: model)

    runs.answer(cold: true, prompt: 12, cached: 0, tokens: 5) { $0.finish(.stopped(.stop)) }
    runs.answer(prompt: 30, cached: 12, tokens: 130) { $0.finish(.stopped(.maxTokens)) }
    runs.answer(prompt: 8, cached: 0, tokens: 56) { $0.finish(.stopped(.context)) }
    runs.answer(prompt: 12, cached: 12, tokens: 2) { $0.finish(.cancelled) }
    runs.answer(prompt: 12, cached: 0, tokens: 1) { $0.finish(.failed(RuntimeError.notFinite(position: 13))) }
    runs.answer(prompt: 60, cached: 0, tokens: 90, policy: .slide(keeping: 4)) { run in
      run.slid(tokens: 86)
      run.finish(.stopped(.stop))
    }
    runs.begin().finish(.failed(RuntimeError.promptTooLong(tokens: 90, limit: 64)))
    let broken = runs.begin()
    broken.beginPrefill(tokens: 20, droppedMessages: 3)
    broken.finish(.failed(RuntimeError.predictionFailed("what the user wrote")))
    do { _ = runs.begin() }
    let grouped = runs.begin()
    grouped.beginPrefill(tokens: 4)
    grouped.endPrefill()
    for count in [1, 4, 2] { grouped.token(count: count) }
    grouped.finish(.stopped(.stop))

    await withTaskGroup(of: Void.self) { group in
      for _ in 0..<8 {
        group.addTask { runs.answer(prompt: 5, cached: 0, tokens: 40) { $0.finish(.stopped(.stop)) } }
      }
    }
    telemetry.network(down: 6)
    await telemetry.flush()
  }

  private struct Runs: Sendable {
    let telemetry: Telemetry
    let model: Telemetry.Model

    func begin(cold: Bool = false, policy: ContextPolicy = .error, limit: Int = 64) -> RunRecorder {
      let scenario = RunScenario(isCold: cold, maxOutputTokens: 130, temperature: 0.7, contextLimit: limit, contextPolicy: policy)
      return telemetry.beginRun(model: model, scenario: scenario)
    }

    func answer(
      cold: Bool = false, prompt: Int, cached: Int, tokens: Int, policy: ContextPolicy = .error, end: (RunRecorder) -> Void
    ) {
      let run = begin(cold: cold, policy: policy, limit: max(64, policy == .error ? prompt + tokens : 0))
      run.beginPrefill(tokens: prompt, cached: cached)
      run.endPrefill()
      for _ in 0..<tokens { run.token() }
      end(run)
    }
  }
}
