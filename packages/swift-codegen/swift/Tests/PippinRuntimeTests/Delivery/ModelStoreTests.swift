import Foundation
import Testing

@testable import PippinRuntime

@Suite struct ModelStoreTests {
  @Test func aModelIsThereOnceItWasInstalled() async throws {
    let model = try ModelFixture()
    let store = try model.store()
    #expect(store.files(for: model.version) == nil)
    let files = try await store.install(model.version, from: model.source)
    #expect(store.files(for: model.version) == files)
    #expect(files.folder == model.version.folder)
    #expect(model.isCopy(files.packages))
    #expect(store.list().map(\.isComplete) == [true])
    #expect(store.list()[0].byteCount >= 10_100)
  }

  @Test func aModelInTheBundleNeedsNoInstall() async throws {
    let model = try ModelFixture()
    let bundled = try ModelVersion(
      name: "model", manifest: testManifest(model.version.files), folder: model.source, chunkBytes: ModelFixture.chunkBytes)
    #expect(try model.store().files(for: bundled)?.packages == model.source)
  }

  @Test func aBundleWithTheCompiledModelIsComplete() throws {
    let model = try ModelFixture()
    let folder = model.version.folder
    try FileManager.default.createDirectory(
      at: folder.appendingPathComponent("m.mlmodelc"), withIntermediateDirectories: true)
    #expect(try model.store().files(for: model.version)?.packages == folder)
  }

  @Test(arguments: [ModelFixture.Hashes.chunks, .whole]) func oneBitThatIsWrongInstallsNothing(_ hashes: ModelFixture.Hashes)
    async throws
  {
    let model = try ModelFixture(hashes: hashes)
    let store = try model.store()
    let weights = model.source.appendingPathComponent("m.mlpackage/weights/weight.bin")
    var bytes = try Data(contentsOf: weights)
    bytes[5000] ^= 4
    try bytes.write(to: weights)
    let path = "m.mlpackage/weights/weight.bin"
    await #expect(throws: RuntimeError.fileDamaged(path, reason: "its bytes are not what the manifest says")) {
      try await store.install(model.version, from: model.source)
    }
    #expect(store.files(for: model.version) == nil)
    #expect(store.list().map(\.isComplete) == [false])
    bytes[5000] ^= 4
    try bytes.write(to: weights)
    let files = try await store.install(model.version, from: model.source)
    #expect(model.isCopy(files.packages))
  }

  @Test func aFileThatIsMissingOrTooShortIsNamed() async throws {
    let model = try ModelFixture()
    let store = try model.store()
    let weights = model.source.appendingPathComponent("m.mlpackage/weights/weight.bin")
    try Data(count: 9).write(to: weights)
    await #expect(throws: RuntimeError.fileDamaged("m.mlpackage/weights/weight.bin", reason: "it does not have 10000 bytes")) {
      try await store.install(model.version, from: model.source)
    }
    try FileManager.default.removeItem(at: weights)
    await #expect(throws: RuntimeError.fileMissing("m.mlpackage/weights/weight.bin")) {
      try await store.install(model.version, from: model.source)
    }
  }

  @Test func aLinkIsNoFileOfAModel() async throws {
    let model = try ModelFixture()
    let weights = model.source.appendingPathComponent("m.mlpackage/weights/weight.bin")
    let elsewhere = model.root.appendingPathComponent("elsewhere")
    try FileManager.default.moveItem(at: weights, to: elsewhere)
    try FileManager.default.createSymbolicLink(at: weights, withDestinationURL: elsewhere)
    let store = try model.store()
    await #expect(throws: RuntimeError.self) { try await store.install(model.version, from: model.source) }
    #expect(store.files(for: model.version) == nil)
  }

  @Test func aNewVersionTakesThePlaceOfTheOldOne() async throws {
    let (old, new) = (try ModelFixture(seed: 1), try ModelFixture(seed: 2))
    let store = try old.store()
    _ = try await store.install(old.version, from: old.source)
    let files = try await store.install(new.version, from: new.source)
    #expect(new.isCopy(files.packages))
    #expect(store.files(for: old.version) == nil)
    #expect(store.list().map(\.digest) == [new.version.digest])
  }

  @Test func modelsOfOtherNamesStay() async throws {
    let (one, two) = (try ModelFixture(seed: 1, name: "a"), try ModelFixture(seed: 2, name: "a-b"))
    let store = try one.store()
    _ = try await store.install(one.version, from: one.source)
    _ = try await store.install(two.version, from: two.source)
    #expect(Set(store.list().map(\.name)) == ["a", "a-b"])
  }

  @Test func aModelThatLostAFileIsInstalledAnew() async throws {
    let model = try ModelFixture()
    let store = try model.store()
    let files = try await store.install(model.version, from: model.source)
    try FileManager.default.removeItem(at: files.packages.appendingPathComponent("m.mlpackage/Manifest.json"))
    #expect(store.files(for: model.version) == nil)
    let again = try await store.install(model.version, from: model.source)
    #expect(model.isCopy(again.packages))
  }

  @Test func whatAKilledRunLeftIsUsed() async throws {
    let model = try ModelFixture()
    let store = try model.store()
    let stage = Stage(model.version, folder: store.stageFolder(of: model.version))
    try stage.copy(1, from: model.source)
    #expect(store.list().map(\.isComplete) == [false])
    // The file that is there is not asked for again.
    try FileManager.default.removeItem(at: model.source.appendingPathComponent("m.mlpackage/weights/weight.bin"))
    let files = try await store.install(model.version, from: model.source)
    #expect(try Data(contentsOf: files.packages.appendingPathComponent("m.mlpackage/weights/weight.bin")).count == 10_000)
    #expect(store.list().map(\.isComplete) == [true])
  }

  @Test func aRemovedModelIsGoneWithWhatWasStaged() async throws {
    let model = try ModelFixture()
    let store = try model.store()
    _ = try await store.install(model.version, from: model.source)
    try Stage(model.version, folder: store.stageFolder(of: model.version)).copy(1, from: model.source)
    try store.remove(model.version)
    #expect(store.list().isEmpty)
    #expect(store.files(for: model.version) == nil)
  }

  @Test func removingFollowsNoPath() throws {
    let model = try ModelFixture()
    let store = try model.store()
    let digest = String(repeating: "a", count: 32)
    let victim = model.root.appendingPathComponent("victim-\(digest)", isDirectory: true)
    try FileManager.default.createDirectory(at: victim, withIntermediateDirectories: true)
    try store.remove(name: "../victim", digest: digest)
    #expect(FileManager.default.fileExists(atPath: victim.path))
  }

  @Test func theDiskMustHaveRoomForTheCompiledCopyToo() async throws {
    let model = try ModelFixture()
    var options = ModelStore.Options()
    options.compiledCopyFactor = 2
    options.space = DiskSpace { _ in 30_299 }
    let tight = try model.store(options)
    await #expect(throws: RuntimeError.diskFull(needed: 30_300, available: 30_299)) {
      try await tight.install(model.version, from: model.source)
    }
    options.space = DiskSpace { _ in 30_300 }
    _ = try await model.store(options).install(model.version, from: model.source)
  }

  @Test func aFullDiskInTheMiddleIsATypedError() async throws {
    let space = DiskSpace { _ in 7 }
    await #expect(throws: RuntimeError.diskFull(needed: 100, available: 7)) {
      try await space.explaining(needed: 100, in: URL(fileURLWithPath: "/")) { throw DiskError(name: "a", code: ENOSPC) }
    }
    let wrapped = NSError(
      domain: NSURLErrorDomain, code: -1, userInfo: [NSUnderlyingErrorKey: NSError(domain: NSPOSIXErrorDomain, code: Int(ENOSPC))])
    #expect(DiskError(wrapped)?.isFull == true)
    #expect(DiskError(CancellationError()) == nil)
  }
}
