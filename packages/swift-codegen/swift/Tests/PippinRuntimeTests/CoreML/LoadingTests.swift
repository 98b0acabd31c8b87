#if canImport(CoreML) && os(Linux)
  import CoreML
  import Foundation
  import Testing

  @testable import PippinRuntime

  extension CoreMLModelTests {
    @Suite struct LoadingTests {
      @Test func unitsThatRefuseAreReportedAndTheNextAreTried() async throws {
        let toy = try Toy(.states)
        defer { toy.remove() }
        toy.script.refuse(.all, .cpuAndGPU)
        let model = toy.model()
        try await model.load()
        let report = try #require(model.loadReport)
        #expect(report.computeUnits == .cpuOnly)
        #expect(report.refused.map(\.computeUnits) == [.all, .cpuAndGPU])
        #expect(report.refused.allSatisfy { $0.reason.contains("do not take it") })
      }

      @Test func unitsThatFailWhenTheModelRunsAreRefusedToo() async throws {
        let toy = try Toy(.states)
        defer { toy.remove() }
        toy.script.before { number in
          if number == 1 { throw MLModelError(.generic, "out of memory in the Neural Engine") }
        }
        let model = toy.model { $0.computeUnits = .cpuAndNeuralEngine }
        try await model.load()
        #expect(model.loadReport?.computeUnits == .cpuOnly)
        #expect(model.loadReport?.refused.first?.reason.contains("out of memory") == true)
      }

      @Test func whereAllRefuseTheErrorSaysWhatEachSaid() async throws {
        let toy = try Toy(.states)
        defer { toy.remove() }
        toy.script.refuse(.all, .cpuAndGPU, .cpuOnly)
        let reasons = ["all", "cpuAndGPU", "cpuOnly"].map { "\($0): these units do not take it" }
        await #expect(throws: RuntimeError.computeUnitsRefused(reasons)) { try await toy.model().load() }
        toy.script.refuse(.cpuAndGPU)
        await #expect(throws: RuntimeError.computeUnitsRefused([reasons[1]])) {
          try await toy.model { ($0.computeUnits, $0.fallsBack) = (.cpuAndGPU, false) }.load()
        }
      }

      @Test func aPackageIsCompiledOnce() async throws {
        let toy = try Toy(.chain)
        defer { toy.remove() }
        let model = toy.model()
        try await model.load()
        #expect(model.loadReport?.compiled == true)
        await model.unload()
        try await model.load()
        #expect(model.loadReport?.compiled == false)
      }

      @Test func whatXcodeCompiledIsTakenAsItIs() async throws {
        let toy = try Toy(.states)
        defer { toy.remove() }
        let made = try await MLModel.compileModel(at: toy.folder.appendingPathComponent("toy.mlpackage"))
        try FileManager.default.moveItem(at: made, to: toy.folder.appendingPathComponent("toy.mlmodelc"))
        try FileManager.default.removeItem(at: toy.folder.appendingPathComponent("toy.mlpackage"))
        // The fake reads the package that the compiled model names.
        let model = toy.model()
        try await model.load()
        #expect(model.loadReport?.compiled == false)
      }

      @Test func aMissingOrShortenedFileIsNamed() async throws {
        let toy = try Toy(.states)
        defer { toy.remove() }
        let weights = toy.folder.appendingPathComponent("toy.mlpackage/weight.bin")
        try Data("wei".utf8).write(to: weights)
        let damaged = RuntimeError.fileDamaged("toy.mlpackage/weight.bin", reason: "it has 3 bytes, 7 were written")
        await #expect(throws: damaged) { try await toy.model().load() }
        try FileManager.default.removeItem(at: weights)
        await #expect(throws: RuntimeError.fileMissing("toy.mlpackage/weight.bin")) { try await toy.model().load() }
        try FileManager.default.removeItem(at: toy.files.manifest)
        await #expect(throws: RuntimeError.fileMissing("pippin-manifest.json")) { try await toy.model().load() }
      }

      @Test(arguments: ["../up/weight.bin", "/etc/passwd", "a//b", "a/./b", "a\\b", ""])
      func aManifestThatNamesAFileElsewhereIsRefused(_ path: String) async throws {
        let toy = try Toy(.states)
        defer { toy.remove() }
        let text = try String(contentsOf: toy.files.manifest, encoding: .utf8)
        let escaped = path.replacingOccurrences(of: "\\", with: "\\\\")
        let hostile = text.replacingOccurrences(of: "toy.mlpackage/weight.bin", with: escaped)
        try hostile.write(to: toy.files.manifest, atomically: true, encoding: .utf8)
        await #expect {
          try await toy.model().load()
        } throws: { error in
          if case .manifestInvalid = error as? RuntimeError { true } else { false }
        }
      }

      @Test func aSystemThatIsTooOldIsNamed() async throws {
        let toy = try Toy(.states)
        defer { toy.remove() }
        let model = toy.model { $0.system = SystemVersion(family: .iOS, major: 16) }
        await #expect(throws: RuntimeError.systemTooOld(needed: "iOS 17", found: "iOS 16")) { try await model.load() }
      }

      @Test func aModelThatDoesNotFitIsNotLoaded() async throws {
        let toy = try Toy(.states)
        defer { toy.remove() }
        let conditions = FakeConditions()
        conditions.set(free: 1_000_000)
        var facts = toy.facts
        facts.peakBytes = 2_000_000
        let options = CoreMLOptions(conditions: conditions, cacheFolder: toy.folder.appendingPathComponent("caches"))
        let model = CoreMLModel(facts: facts, files: toy.files, options: options)
        await #expect(throws: RuntimeError.notEnoughMemory(needed: 2_000_000, available: 1_000_000)) { try await model.load() }
        conditions.set(free: 3_000_000)
        try await model.load()
      }
    }
  }
#endif
