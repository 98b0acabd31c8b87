import Foundation
import Testing

@testable import PippinRuntime

@Suite struct StageTests {
  @Test func aChunkThatChangedOnTheDiskIsMissing() async throws {
    let model = try ModelFixture()
    let stage = try staged(model)
    try await #expect(stage.missing().isEmpty)
    try change(stage.place(of: 1), at: 5000)
    let missing = try await stage.missing()
    #expect(missing.map(\.file) == [1])
    #expect(missing.map(\.chunks) == [[4]])
  }

  @Test func aFileThatIsTooLongIsCut() async throws {
    let model = try ModelFixture()
    let stage = try staged(model)
    let file = try DiskFile(updating: stage.place(of: 1))
    try file.setByteCount(20_000)
    try await #expect(stage.missing().isEmpty)
    #expect(file.byteCount == 10_000)
  }

  @Test func withoutHashesOfChunksTheJournalSaysWhatIsThere() async throws {
    let model = try ModelFixture(hashes: .whole)
    _ = try staged(model)
    let again = try Stage(model.version, folder: model.store().stageFolder(of: model.version))
    try await #expect(again.missing().isEmpty)
    try change(again.place(of: 1), at: 5000)
    #expect(try await again.missing().map(\.chunks) == [[4]])
    // A last line that was cut off costs its chunk.
    let journal = again.folder.appendingPathComponent("journal.jsonl")
    try change(again.place(of: 1), at: 5000)
    try Data(contentsOf: journal).dropLast(5).write(to: journal)
    let torn = try Stage(model.version, folder: model.store().stageFolder(of: model.version))
    #expect(try await torn.missing().map(\.chunks) == [[9]])
  }

  @Test func chunksThatFitTheJournalButNotTheFileAreForgotten() async throws {
    let model = try ModelFixture(hashes: .whole)
    let weights = model.source.appendingPathComponent("m.mlpackage/weights/weight.bin")
    try change(weights, at: 1)
    let stage = try Stage(model.version, folder: model.store().stageFolder(of: model.version))
    #expect(try stage.adopt(weights, as: 1, offset: 0, count: 10_000).isEmpty)
    let missing = try await stage.missing()
    #expect(missing.last?.chunks == Array(0..<10))
    try change(weights, at: 1)
    try stage.copy(0, from: model.source)
    try stage.copy(1, from: model.source)
    try await #expect(stage.missing().isEmpty)
  }

  @Test func ofAPieceOnlyTheWrongChunkIsLost() async throws {
    let model = try ModelFixture()
    let stage = try Stage(model.version, folder: model.store().stageFolder(of: model.version))
    let piece = Data(try Data(contentsOf: model.source.appendingPathComponent("m.mlpackage/weights/weight.bin"))[2048..<6144])
    let incoming = try arrive(stage, "1-2048-4096-x", piece)
    try change(incoming, at: 1500)
    #expect(try stage.adoptIncoming(incoming) == [3])
    #expect(!FileManager.default.fileExists(atPath: incoming.path))
    #expect(try await stage.missing().last?.chunks == [0, 1, 3, 6, 7, 8, 9])
  }

  @Test(arguments: [
    "", "x", "1", "1-0", "-1-0-1024", "2-0-100", "99999999999999999999-0-1", "1-1-1024", "1-0-1000", "1-9216-1024",
    "1-0-9223372036854775807", "1-1024-9223372036854774784", "1-0-0",
  ])
  func aNameThatIsNoPieceIsDropped(_ name: String) throws {
    let model = try ModelFixture()
    let stage = try Stage(model.version, folder: model.store().stageFolder(of: model.version))
    let incoming = try arrive(stage, "\(name)-x", Data(count: 2048))
    #expect(try stage.adoptIncoming(incoming) == nil)
    #expect(!FileManager.default.fileExists(atPath: incoming.path))
    #expect(!FileManager.default.fileExists(atPath: stage.place(of: 1).path))
  }

  @Test func aPieceThatIsTooShortIsWrong() throws {
    let model = try ModelFixture()
    let stage = try Stage(model.version, folder: model.store().stageFolder(of: model.version))
    let bytes = try Data(contentsOf: model.source.appendingPathComponent("m.mlpackage/weights/weight.bin"))
    #expect(try stage.adoptIncoming(try arrive(stage, "1-0-10000-x", bytes.prefix(1500))) == Array(1..<10))
  }

  @Test func anEmptyFileNeedsNoBytes() async throws {
    let model = try ModelFixture([("empty", 0), ("a", 3)])
    let stage = try Stage(model.version, folder: model.store().stageFolder(of: model.version))
    #expect(try await stage.missing().map(\.file) == [1])
    #expect(FileManager.default.fileExists(atPath: stage.place(of: 0).path))
  }

  @Test func onlyOneAtATimeWritesAStage() async throws {
    let folder = URL(fileURLWithPath: "/tmp/pippin-claim-\(UUID().uuidString)")
    let claim = try await StageClaim(folder)
    let second = Task { try await StageClaim(folder) }
    try await Task.sleep(nanoseconds: 150_000_000)
    #expect(StageClaim.isTaken(folder))
    claim.end()
    try await second.value.end()
    #expect(!StageClaim.isTaken(folder))
  }

  private func staged(_ model: ModelFixture) throws -> Stage {
    let stage = try Stage(model.version, folder: model.store().stageFolder(of: model.version))
    for file in model.version.files.indices { try stage.copy(file, from: model.source) }
    return stage
  }

  private func arrive(_ stage: Stage, _ name: String, _ bytes: Data) throws -> URL {
    try FileManager.default.createDirectory(at: stage.incoming, withIntermediateDirectories: true)
    let url = stage.incoming.appendingPathComponent(name)
    try bytes.write(to: url)
    return url
  }

  private func change(_ url: URL, at offset: Int) throws {
    var bytes = try Data(contentsOf: url)
    bytes[offset] ^= 1
    try bytes.write(to: url)
  }
}
