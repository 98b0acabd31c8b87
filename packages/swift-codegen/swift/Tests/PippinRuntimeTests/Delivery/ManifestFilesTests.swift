import Foundation
import Testing

@testable import PippinRuntime

@Suite struct ManifestFilesTests {
  @Test(arguments: [
    "", "/etc/passwd", "..", "../a", "a/../../b", "a/./b", "a//b", "a/", "/", ".", "a\0b", "a\nb", "a\\b", "C:a", "a\u{7f}",
    "a\u{200d}b", "a\u{feff}", String(repeating: "a/", count: 500) + "a", String(repeating: "a", count: 256),
  ])
  func aPathThatLeadsElsewhereIsRefused(_ path: String) {
    var reason = ""
    do { try ManifestPath.check(["fine.bin", path]) } catch RuntimeError.manifestInvalid(let text) { reason = text } catch {}
    #expect(!reason.isEmpty)
    // Nothing of a hostile path reaches a screen or a log unescaped.
    #expect(reason.unicodeScalars.allSatisfy { $0.value >= 32 })
  }

  @Test(arguments: [
    ["a.bin", "A.bin"], ["a/b", "A/B"], ["a", "a"], ["a", "a/b"], ["A", "a/b"], ["\u{e9}", "e\u{301}"], ["stra\u{df}e", "STRASSE"],
  ])
  func twoPathsForOneFileAreRefused(_ paths: [String]) {
    // The last pair is one on file systems with full case folding; where Foundation does not fold it, both lie side by side.
    if paths[0] == "straße", (try? ManifestPath.check(paths)) != nil { return }
    #expect(throws: RuntimeError.self) { try ManifestPath.check(paths) }
  }

  @Test func pathsOfRealPackagesAreTaken() throws {
    try ManifestPath.check([
      "pip-chat.mlpackage/Manifest.json", "pip-chat.mlpackage/Data/com.apple.CoreML/model.mlmodel",
      "pip-chat.mlpackage/Data/com.apple.CoreML/weights/weight.bin", "params_shard_0.bin", "モデル 1.mlpackage/Manifest.json",
      "a..b/c",
    ])
  }

  static let hash = String(repeating: "a", count: 64)

  @Test(arguments: [
    RuntimeManifest.File(path: "a", size: -1, sha256: hash),
    RuntimeManifest.File(path: "a", size: .max, sha256: hash),
    RuntimeManifest.File(path: "a", size: 5, sha256: "abc"),
    RuntimeManifest.File(path: "a", size: 5, sha256: String(repeating: "é", count: 32)),
    RuntimeManifest.File(path: "a", size: 1025, chunkSha256: [hash]),
    RuntimeManifest.File(path: "a", size: 1024, chunkSha256: [hash, hash]),
    RuntimeManifest.File(path: "a", size: 0, sha256: hash),
  ])
  func aFileThatCannotBeIsRefused(_ file: RuntimeManifest.File) {
    #expect(throws: RuntimeError.self) { try version([file]) }
  }

  @Test func aManifestWithoutFilesIsRefused() {
    #expect(throws: RuntimeError.manifestInvalid("it lists no files")) { try version([]) }
  }

  @Test func filesWithoutHashNeedToBeAllowed() throws {
    let version = try version([.init(path: "a", size: 5)])
    #expect(throws: RuntimeError.self) { try version.checkHashes(allowsUnchecked: false) }
    try version.checkHashes(allowsUnchecked: true)
  }

  @Test func theDigestIsThatOfTheListInAnyOrder() throws {
    let (a, b) = (
      RuntimeManifest.File(path: "a", size: 1, sha256: Self.hash), RuntimeManifest.File(path: "b", size: 2, sha256: Self.hash)
    )
    let digest = try version([a, b]).digest
    #expect(try version([b, a]).digest == digest)
    #expect(try version([a]).digest != digest)
    #expect(try version([a, .init(path: "b", size: 3, sha256: Self.hash)]).digest != digest)
    #expect(try version([a, .init(path: "b", size: 2, sha256: Self.hash.uppercased())]).digest == digest)
  }

  @Test(arguments: ["../up", "a/b", ".hidden", "", "käse", "a\0b"]) func anyNameMakesAFolderOfTheStore(_ name: String) throws {
    let file = RuntimeManifest.File(path: "a", size: 1, sha256: Self.hash)
    let folder = try ModelVersion(name: name, manifest: testManifest([file]), folder: URL(fileURLWithPath: "/"), chunkBytes: 1024)
      .folderName
    #expect(folder.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: "/") })
    #expect(!folder.hasPrefix("."))
  }

  private func version(_ files: [RuntimeManifest.File]) throws -> ModelVersion {
    try ModelVersion(name: "m", manifest: testManifest(files), folder: URL(fileURLWithPath: "/"), chunkBytes: 1024)
  }
}
