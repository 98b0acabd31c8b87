import Foundation
import Testing

@testable import PippinRuntime

@Suite struct PrivacyTests {
  @Test(arguments: [
    ("no such file: /Users/Jane Doe/model.mlmodelc", "no such file: [path]"),
    ("open(\"/var/mobile/Jane Doe/x\") failed", "open(\"[path]\" failed"),
    ("~/Documents/secret", "[path]"),
    ("at file:///Users/jane/x\nagain", "at file:[path]\nagain"),
    ("https://host.example/path?token=1", "https:[path]"),
    ("C:\\Users\\jane", "C:[path]"),
    ("Qwen/Qwen2.5-1.5B, 12 tokens/s", "Qwen/Qwen2.5-1.5B, 12 tokens/s"),
    ("cpuAndGPU refused: 3/4", "cpuAndGPU refused: 3/4"),
  ])
  func pathsAreTakenOutOfTexts(text: String, expected: String) {
    #expect(LoggedText.clean(text) == expected.replacingOccurrences(of: "\"[path]\" failed", with: "\"[path]\") failed"))
  }

  @Test func longTextsAreCut() { #expect(LoggedText.clean(String(repeating: "x", count: 5000)).count == LoggedText.maxCharacters) }

  @Test func errorsKeepTheirNamesAndSizesOnly() {
    let secret = "what the user wrote"
    func logged(_ error: any Error) -> String { "\(LoggedError(error))" }
    #expect(LoggedError(RuntimeError.promptEmpty).type == "promptEmpty")
    let memory = LoggedError(RuntimeError.notEnoughMemory(needed: 5, available: 3))
    #expect(memory.type == "notEnoughMemory")
    #expect(memory.sizes == [.init(name: "needed", value: 5), .init(name: "available", value: 3)])
    #expect(LoggedError(RuntimeError.notFinite(position: 7)).sizes == [.init(name: "position", value: 7)])
    let damaged = LoggedError(RuntimeError.fileDamaged("/Users/jane/x", reason: secret))
    #expect(damaged.type == "fileDamaged" && damaged.sizes.isEmpty)
    for error in [RuntimeError.loadFailed(secret), .computeUnitsRefused([secret]), .unsupported(secret)] as [RuntimeError] {
      #expect(!logged(error).contains(secret))
    }
    #expect(!logged(Foreign.said(secret)).contains(secret))
    #expect(!logged(CocoaError(.fileNoSuchFile, userInfo: [NSFilePathErrorKey: "/Users/jane/\(secret)"])).contains("jane"))
  }

  private enum Foreign: Error { case said(String) }

  @Test func noTextOfAnAppReachesTheLog() async throws {
    let fixture = TelemetryFixture()
    let secret = "/Users/jane/what the user wrote"
    let run = fixture.run()
    run.beginPrefill(tokens: 3)
    run.token()
    run.finish(.failed(RuntimeError.predictionFailed(secret)))
    fixture.run().finish(.failed(Foreign.said(secret)))
    fixture.telemetry.diagnostic("compute_unit_fallback", "cannot open \(secret)")
    fixture.telemetry.begin("load", attributes: ["file": .text(secret)]).end()
    _ = fixture.telemetry.model(
      ModelFacts(name: "N", source: secret, vocabSize: 1, contextLength: 8), engine: "e", computeUnit: "u")
    let text = try await fixture.text()
    #expect(!text.contains("jane") && !text.contains("what the user wrote"))
    #expect(text.contains("compute_unit_fallback") && text.contains("[path]"))
  }
}
