import Foundation
import Testing

@testable import PippinRuntime

#if canImport(MetricKit) && !canImport(Darwin)
  import MetricKit
#endif

@Suite struct SystemTests {
  @Test func linesAreJsonWhateverIsInThem() throws {
    var line = JsonLine(kind: "session")
    line.add("text", "a\"b\\c\nd\u{1}é👩‍🚀\u{2028}")
    line.add("big", Int64.min)
    line.add("small", 2.5e-300)
    line.add("tenth", Float(0.1))
    line.add("no number", Double.nan)
    line.add("nothing", String?.none)
    line.add("in\"ner") { $0.add("flag", true) }
    let text = String(decoding: line.line, as: UTF8.self)
    #expect(text.hasSuffix("\n") && text.dropLast().allSatisfy { !$0.isNewline || $0 == "\u{2028}" })
    #expect(line.count == line.line.count)
    let record = try #require(try Record.all(in: text).first)
    #expect(record["text"] == "a\"b\\c\nd\u{1}é👩‍🚀\u{2028}")
    #expect(record["big"] == Int64.min && record["small"] == 2.5e-300 && record["tenth"] == 0.1)
    #expect(record["in\"ner", "flag"] == true)
    #expect(record.members.count == 6)
  }

  @Test func theSystemsClockGoesOn() {
    let clock = TelemetryClock.system
    let before = clock.monotonicNanoseconds()
    #expect(before > 0 && clock.monotonicNanoseconds() >= before)
    #expect(abs(clock.date().timeIntervalSinceNow) < 60)
  }

  @Test func theFootprintGrowsWithWhatIsTaken() throws {
    let before = try #require(SystemConditions.shared.footprint)
    let bytes = 64 << 20
    let taken = UnsafeMutableRawPointer.allocate(byteCount: bytes, alignment: 4096)
    defer { taken.deallocate() }
    taken.initializeMemory(as: UInt8.self, repeating: 1, count: bytes)
    let after = try #require(SystemConditions.shared.footprint)
    #expect(after - before > Int64(bytes) / 2)
  }

  @Test func thisDeviceHasANameAndMemory() {
    let device = DeviceInfo.current
    #expect(!device.identifier.isEmpty && !device.systemVersion.isEmpty)
    #expect(device.ramBytes > 1 << 28)
  }

  @Test func reportsAreStoredAsTheyAreAndTheOldestRemoved() throws {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("reports-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: url) }
    let seconds = Locked(0)
    let folder = ReportFolder(url, maxFiles: 3) {
      Date(
        timeIntervalSince1970: Double(
          seconds.with { value in
            value += 1
            return value
          }))
    }
    for number in 0..<5 { try folder.store(Data("{\"n\":\(number)}".utf8), kind: number % 2 == 0 ? "metrics" : "diagnostics") }
    #expect(try folder.files.map { try String(contentsOf: $0, encoding: .utf8) } == [2, 3, 4].map { "{\"n\":\($0)}" })
    #expect(folder.files.map { $0.lastPathComponent.hasSuffix("-metrics.json") } == [true, false, true])
  }

  #if canImport(MetricKit) && !canImport(Darwin)
    @Test func whatMetricManagerDeliversIsStored() async throws {
      let url = FileManager.default.temporaryDirectory.appendingPathComponent("reports-\(UUID().uuidString)")
      defer { try? FileManager.default.removeItem(at: url) }
      let folder = ReportFolder(url)
      let reports = SystemReports(folder: folder)
      MetricManager.deliver.metrics.continuation.yield(MetricReport(version: "2.0.0"))
      MetricManager.deliver.diagnostics.continuation.yield(DiagnosticReport(reason: "hang"))
      for _ in 0..<1000 where folder.files.count < 2 { try await Task.sleep(for: .milliseconds(10)) }
      withExtendedLifetime(reports) {}
      let texts = try folder.files.map { try String(contentsOf: $0, encoding: .utf8) }
      #expect(Set(texts) == [#"{"version":"2.0.0"}"#, #"{"reason":"hang"}"#])
    }
  #endif
}
