import Foundation
import Testing

@testable import PippinRuntime

/// `npm run test:oracles -- --only delivery` starts the server and looks that these ran.
@Suite(
  .serialized, .timeLimit(.minutes(2)),
  .enabled(if: FaultyServer.address != nil, "needs tools/swift/faulty-server.ts, in PIPPIN_FAULTY_SERVER"))
struct DownloadTests {
  @Test(arguments: [ModelFixture.Hashes.chunks, .whole, .none]) func aModelArrivesAsItIs(_ hashes: ModelFixture.Hashes) async throws
  {
    let (model, server) = try await served(hashes: hashes)
    let files = try await download(model, server)
    #expect(model.isCopy(files.packages))
    #expect(try model.store().files(for: model.version) == files)
    #expect(try model.store().list().map(\.isComplete) == [true])
  }

  @Test func bigFilesComeInPieces() async throws {
    let (model, server) = try await served()
    _ = try await download(model, server)
    let log = try await server.log()
    let ranges = log.filter { $0.path.hasSuffix("weight.bin") }.compactMap(\.range)
    #expect(
      Set(ranges) == ["bytes=0-0", "bytes=0-2047", "bytes=2048-4095", "bytes=4096-6143", "bytes=6144-8191", "bytes=8192-9999"])
    #expect(log.filter { $0.path.hasSuffix("Manifest.json") }.map(\.range) == [nil])
  }

  @Test(arguments: [
    "drop", "refuse", "truncate", "flip", "429", "429-date", "500", "503", "trickle", "no-range", "wrong-range", "short-range",
    "redirect",
    "redirect-here", "endless",
  ])
  func aFaultThatPassesIsSurvived(_ fault: String) async throws {
    let (model, server) = try await served()
    try await server.plan(.init(faults: [fault], match: "weight", times: 2))
    let files = try await download(model, server)
    #expect(model.isCopy(files.packages))
    #expect(try await server.log().filter { $0.fault == fault }.count == 2)
  }

  @Test(arguments: ["flip", "truncate", "drop", "no-range"]) func alsoWhereTheManifestHasOneHashForTheFile(_ fault: String)
    async throws
  {
    let (model, server) = try await served(hashes: .whole)
    // The probe's byte is not looked at; the requests behind it are.
    try await server.plan(.init(faults: [fault], match: "weight", times: 2))
    #expect(model.isCopy(try await download(model, server).packages))
  }

  @Test(arguments: [
    "drop", "refuse", "truncate", "flip", "429", "500", "503", "404", "403", "401", "wrong-range", "short-range", "redirect-loop",
    "endless",
  ])
  func aFaultThatStaysIsATypedErrorAndNothingIsInPlace(_ fault: String) async throws {
    let (model, server) = try await served()
    try await server.plan(.init(faults: [fault], match: "weight"))
    do {
      _ = try await download(model, server)
      Issue.record("it arrived")
    } catch RuntimeError.downloadFailed(let path, let reason) {
      #expect(path == "m.mlpackage/weights/weight.bin")
      #expect(!reason.isEmpty)
    }
    #expect(try model.store().files(for: model.version) == nil)
    #expect(try model.store().list().allSatisfy { !$0.isComplete })
  }

  @Test(arguments: ["401", "403", "404"]) func whatIsRefusedIsNotAskedAgain(_ fault: String) async throws {
    let (model, server) = try await served()
    try await server.plan(.init(faults: [fault]))
    var options = options()
    options.concurrentRequests = 1
    await #expect(throws: RuntimeError.self) { try await download(model, server, options) }
    #expect(try await server.log().count == 1)
  }

  @Test func theAppsHeadersGoToNoOtherHost() async throws {
    let (model, server) = try await served()
    try await server.plan(.init(faults: ["redirect"]))
    var options = options()
    options.headers = ["Authorization": "Bearer secret", "X-Key": "secret"]
    _ = try await download(model, server, options)
    let log = try await server.log()
    #expect(log.filter { $0.host == "first" }.allSatisfy { $0.headers["authorization"] == "Bearer secret" })
    let others = log.filter { $0.host == "second" }
    #expect(others.count >= 6)
    #expect(others.allSatisfy { !$0.headers.values.joined().contains("secret") })
  }

  /// Background sessions follow redirects by themselves, with the headers. There are none on Linux; the rest of the way is the same.
  @Test func inTheBackgroundPiecesGoToWhereTheProbeWasLed() async throws {
    let (model, server) = try await served()
    try await server.plan(.init(faults: ["redirect"]))
    var options = options()
    options.headers = ["Authorization": "Bearer secret"]
    let store = try model.store()
    let stage = Stage(model.version, folder: store.stageFolder(of: model.version))
    try FileManager.default.createDirectory(at: stage.folder, withIntermediateDirectories: true)
    let (probes, pieces) = (
      Transfers(staging: store.staging, configuration: options.foreground),
      Transfers(staging: store.staging, configuration: options.foreground)
    )
    let meter = DownloadMeter(total: model.version.byteCount, options: options, onProgress: nil)
    let run = try DownloadRun(
      stage, base: server.base, options: options, transfers: probes, background: pieces, meter: meter)
    try await run.run(try await stage.missing())
    try await #expect(stage.missing().isEmpty)
    probes.finish()
    pieces.finish()
    let log = try await server.log()
    #expect(log.filter { $0.host == "first" }.map(\.range) == ["bytes=0-0", "bytes=0-0"])
    #expect(log.filter { $0.host == "second" }.count == 8)
    #expect(log.filter { $0.host == "second" }.allSatisfy { $0.headers["authorization"] == nil })
  }

  @Test func aRedirectOnTheSameHostKeepsThem() async throws {
    let (model, server) = try await served()
    try await server.plan(.init(faults: ["redirect-here"]))
    var options = options()
    options.headers = ["Authorization": "Bearer secret"]
    _ = try await download(model, server, options)
    #expect(try await server.log().allSatisfy { $0.headers["authorization"] == "Bearer secret" })
  }

  @Test func aServerThatAsksForTimeGetsIt() async throws {
    let (model, server) = try await served()
    try await server.plan(.init(faults: ["429"], times: 1, retryAfter: 1))
    let start = ContinuousClock.now
    _ = try await download(model, server)
    #expect(ContinuousClock.now - start >= .seconds(1))
  }

  @Test func aServerThatAsksForTooMuchTimeEndsTheDownload() async throws {
    let (model, server) = try await served()
    try await server.plan(.init(faults: ["503"], retryAfter: 3600))
    let start = ContinuousClock.now
    await #expect(throws: RuntimeError.self) { try await download(model, server) }
    #expect(ContinuousClock.now - start < .seconds(30))
  }

  @Test func aServerWithoutRangesSendsEachFileOnce() async throws {
    let (model, server) = try await served()
    try await server.plan(.init(faults: ["no-range"]))
    _ = try await download(model, server)
    // A probe, and the file.
    #expect(try await server.log().filter { $0.path.hasSuffix("weight.bin") }.count == 2)
  }

  @Test func aStoppedDownloadGoesOnWithWhatIsMissing() async throws {
    let (model, server) = try await served()
    try await server.plan(.init(faults: ["404"], match: "Manifest.json"))
    var options = options()
    options.concurrentRequests = 1
    await #expect(throws: RuntimeError.self) { try await download(model, server, options) }
    // Three pieces of five are put where a stopped run leaves them; a bit of the second is wrong.
    let stage = Stage(model.version, folder: try model.store().stageFolder(of: model.version))
    var bytes = try Data(contentsOf: model.source.appendingPathComponent("m.mlpackage/weights/weight.bin"))
    let file = try DiskFile(updating: stage.place(of: 1))
    bytes[3000] ^= 1
    try bytes.prefix(6144).withUnsafeBytes { try file.write($0, at: 0) }
    let before = try await server.log().count
    try await server.plan(.init(faults: [], times: 0))
    #expect(model.isCopy(try await download(model, server).packages))
    let ranges = try await server.log().dropFirst(before).filter { $0.path.hasSuffix("weight.bin") }.compactMap(\.range)
    #expect(Set(ranges) == ["bytes=0-0", "bytes=2048-3071", "bytes=6144-8191", "bytes=8192-9999"])
  }

  @Test func cancellingStopsAtOnceAndKeepsWhatArrived() async throws {
    let (model, server) = try await served([("a.bin", 400_000)])
    try await server.plan(.init(faults: ["trickle"]))
    var options = options()
    options.concurrentRequests = 1
    let isUnderWay = Locked(false)
    options.onNetworkBytes = { _ in isUnderWay.with { $0 = true } }
    let task = Task { [options] in try await download(model, server, options) }
    while !isUnderWay.with({ $0 }) { try await Task.sleep(for: .milliseconds(5)) }
    task.cancel()
    let start = ContinuousClock.now
    await #expect(throws: CancellationError.self) { try await task.value }
    // The whole takes over a minute at this pace.
    #expect(ContinuousClock.now - start < .seconds(10))
    #expect(try model.store().files(for: model.version) == nil)
    try await server.plan(.init(faults: [], times: 0))
    #expect(model.isCopy(try await download(model, server).packages))
  }

  @Test func twoCallsForOneModelFetchItOnce() async throws {
    let (model, server) = try await served()
    async let first = download(model, server)
    async let second = download(model, server)
    #expect(try await first == second)
    #expect(try await server.log().count == 7)
  }

  @Test func progressEndsAtAllAndNetworkBytesAreThoseThatWereSent() async throws {
    let (model, server) = try await served()
    try await server.plan(.init(faults: ["flip"], match: "weight", times: 2))
    let (seen, network) = (Locked<[DownloadProgress]>([]), Locked<Int64>(0))
    var options = options()
    options.onNetworkBytes = { bytes in network.with { $0 += bytes } }
    _ = try await ModelDownloader(store: model.store(), options: options).download(model.version, from: server.base) { progress in
      seen.with { $0.append(progress) }
    }
    let all = seen.with { $0 }
    #expect(all.first?.phase == .checking)
    #expect(all.contains { $0.phase == .downloading })
    #expect(all.allSatisfy { $0.totalBytes == 10_100 && (0...10_100).contains($0.doneBytes) })
    let sent = try await server.log().reduce(0) { $0 + $1.sent }
    #expect(network.with { $0 } == sent)
  }

  @Test func withoutRoomNothingIsAskedFor() async throws {
    let (model, server) = try await served()
    var options = ModelStore.Options()
    options.space = DiskSpace { _ in 10_000 }
    let store = try model.store(options)
    await #expect(throws: RuntimeError.self) { try await ModelDownloader(store: store).download(model.version, from: server.base) }
    #expect(try await server.log().isEmpty)
  }

  @Test func filesWithoutHashesAreNotAskedFor() async throws {
    let (model, server) = try await served(hashes: .none)
    let downloader = ModelDownloader(store: try model.store())
    await #expect(throws: RuntimeError.self) { try await downloader.download(model.version, from: server.base) }
    #expect(try await server.log().isEmpty)
  }

  private func served(
    _ sizes: [(path: String, bytes: Int)] = [("m.mlpackage/Manifest.json", 100), ("m.mlpackage/weights/weight.bin", 10_000)],
    hashes: ModelFixture.Hashes = .chunks
  ) async throws -> (ModelFixture, FaultyServer) {
    let model = try ModelFixture(sizes, hashes: hashes)
    return (model, try await FaultyServer(model))
  }

  private func options() -> DownloadOptions {
    var options = DownloadOptions()
    options.pieceBytes = 2048
    options.idleSeconds = 20
    options.allowsUncheckedFiles = true
    options.retry = RetryPolicy(attempts: 6, firstDelay: 0.01, longestDelay: 5)
    return options
  }

  private func download(_ model: ModelFixture, _ server: FaultyServer, _ options: DownloadOptions? = nil) async throws -> ModelFiles
  {
    let downloader = ModelDownloader(store: try model.store(), options: options ?? self.options())
    return try await downloader.download(model.version, from: server.base)
  }
}
