#if canImport(CoreML) && os(Linux)
  import CoreML
  import Foundation
  import PippinTokenizer
  import Testing

  @testable import PippinRuntime

  extension CoreMLModelTests {
    /// What an app is told beside the words: the log, the quarantine, the hashes.
    @Suite struct ToldTests {
      private func telemetry(_ toy: Toy) -> Telemetry {
        Telemetry(folder: toy.folder.appendingPathComponent("logs"), battery: { nil })
      }

      private func records(_ telemetry: Telemetry, _ kind: String) async throws -> [JsonValue] {
        await telemetry.flush()
        let text = try telemetry.files.map { try String(contentsOf: $0, encoding: .utf8) }.joined()
        return try text.split(separator: "\n").map { try JsonValue(parsing: String($0)) }.filter { $0["kind"] == .string(kind) }
      }

      @Test func theLogHasEachAnswerWithItsTokensAndItsEnd() async throws {
        let toy = try Toy(.states)
        defer { toy.remove() }
        let telemetry = telemetry(toy)
        toy.script.refuse(.all)
        let model = toy.model { $0.telemetry = telemetry }
        _ = try await Collected(model.generate(hello, options: GenerateOptions(maxTokens: 7)))
        for try await _ in model.generate(hello, options: GenerateOptions()) { break }
        // Behind the cancelled answer in the line.
        try await model.load()
        toy.script.reset()
        toy.script.before { number in
          if number == 4 { throw MLModelError(.generic, "no more") }
        }
        _ = try? await Collected(model.generate([ChatMessage(role: "user", content: "Another")], options: GenerateOptions()))
        let runs = try await records(telemetry, "run")
        #expect(runs.count == 3)
        #expect(runs.map { $0["scenario"]?["start"] } == ["cold", "warm", "warm"])
        #expect(runs[0]["output_tokens"] == .int(7))
        #expect(runs[0]["input_tokens"] == .int(ids(hello).count))
        let times = try await records(telemetry, "token").filter { $0["run"] == runs[0]["id"] }
        #expect(times.count == 7)
        let load = try #require(try await records(telemetry, "interval").first { $0["name"] == "load" })
        #expect(load["attrs"]?["compute_unit"] == "cpuAndGPU")
        let told = try await records(telemetry, "diagnostic")
        #expect(told.contains { $0["type"] == "compute_unit_refused" })
      }

      @Test func aModelWhoseFirstLoadFailedIsSetAside() async throws {
        let toy = try Toy(.states)
        defer { toy.remove() }
        let store = try ModelStore(folder: toy.folder.appendingPathComponent("store"))
        let model = toy.model { $0.store = store }
        toy.script.refuse(.all, .cpuAndGPU, .cpuOnly)
        await #expect(throws: RuntimeError.self) { try await model.load() }
        toy.script.refuse()
        await #expect {
          try await model.load()
        } throws: { error in
          if case .quarantined = error as? RuntimeError { true } else { false }
        }
        let manifest = try RuntimeManifest(contentsOf: toy.files.manifest)
        store.clearQuarantine(of: try ModelVersion(name: toy.facts.name, manifest: manifest, folder: toy.folder))
        try await model.load()
      }

      @Test func bytesAreCheckedWhereThatIsAskedFor() async throws {
        let toy = try Toy(.states)
        defer { toy.remove() }
        let hash = FileHash.of("weights")
        let text = try String(contentsOf: toy.files.manifest, encoding: .utf8)
        for key in [#""sha256":"\#(hash)""#, #""chunkSha256":["\#(hash)"]"#] {
          let hashed = text.replacingOccurrences(of: #""size":7"#, with: #""size":7,\#(key)"#)
          try hashed.write(to: toy.files.manifest, atomically: true, encoding: .utf8)
          let weights = toy.folder.appendingPathComponent("toy.mlpackage/weight.bin")
          try Data("weights".utf8).write(to: weights)
          try await toy.model { $0.check = .hashes }.load()
          try Data("weighty".utf8).write(to: weights)
          let damaged = RuntimeError.fileDamaged("toy.mlpackage/weight.bin", reason: "its bytes are not what was written")
          await #expect(throws: damaged) { try await toy.model { $0.check = .hashes }.load() }
        }
      }
    }
  }
#endif
