import Foundation

@testable import PippinRuntime

/// A small model of random bytes, and folders that go when it does.
final class ModelFixture: Sendable {
  static let chunkBytes: Int64 = 1024
  let root: URL
  let source: URL
  let version: ModelVersion

  enum Hashes { case chunks, whole, none }

  /// - Parameter sizes: bytes of each file by its path.
  init(
    _ sizes: [(path: String, bytes: Int)] = [("m.mlpackage/Manifest.json", 100), ("m.mlpackage/weights/weight.bin", 10_000)],
    hashes: Hashes = .chunks, seed: UInt64 = 1, name: String = "model"
  ) throws {
    root = FileManager.default.temporaryDirectory.appendingPathComponent("pippin-\(UUID().uuidString)", isDirectory: true)
    source = root.appendingPathComponent("source", isDirectory: true)
    var state = seed
    var files: [RuntimeManifest.File] = []
    for (path, count) in sizes {
      let bytes = Data((0..<count).map { _ in Self.next(&state) })
      let url = source.appendingPathComponent(path)
      try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
      try bytes.write(to: url)
      let chunks = stride(from: 0, to: count, by: Int(Self.chunkBytes)).map { sha256(bytes[$0..<min($0 + 1024, count)]) }
      files.append(
        RuntimeManifest.File(
          path: path, size: Int64(count), sha256: hashes == .whole ? sha256(bytes) : nil,
          chunkSha256: hashes == .chunks ? chunks : nil))
    }
    let bundle = root.appendingPathComponent("bundle", isDirectory: true)
    try FileManager.default.createDirectory(at: bundle, withIntermediateDirectories: true)
    version = try ModelVersion(name: name, manifest: testManifest(files), folder: bundle, chunkBytes: Self.chunkBytes)
  }

  deinit { try? FileManager.default.removeItem(at: root) }

  func store(_ options: ModelStore.Options = .init()) throws -> ModelStore {
    try ModelStore(folder: root.appendingPathComponent("store", isDirectory: true), options: options)
  }

  /// Whether a folder holds the model's files, and nothing else.
  func isCopy(_ folder: URL) -> Bool {
    let names = try? FileManager.default.subpathsOfDirectory(atPath: folder.path)
    let files = (names ?? []).filter { name in
      (try? FileManager.default.contentsOfDirectory(atPath: folder.appendingPathComponent(name).path)) == nil
    }
    guard Set(files) == Set(version.files.map(\.path)) else { return false }
    return files.allSatisfy { name in
      (try? Data(contentsOf: folder.appendingPathComponent(name))) == (try? Data(contentsOf: source.appendingPathComponent(name)))
    }
  }

  private static func next(_ state: inout UInt64) -> UInt8 {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return UInt8(truncatingIfNeeded: state >> 56)
  }
}

func sha256(_ bytes: Data) -> String {
  var hash = FileHash()
  bytes.withUnsafeBytes { hash.update($0) }
  return hash.finish()
}

func testManifest(_ files: [RuntimeManifest.File], packages: [String] = ["m.mlpackage"]) throws -> RuntimeManifest {
  let json = """
    {"version": 1, "backend": "coreml", "program": "stateful", "model": {"source": "m", "family": "llama", "vocabSize": 8},
     "contextLength": 8, "packages": [], "functions": [], "defaultFunction": "decode", "states": [], "mask": "internal",
     "stopTokens": [], "normForm": "rms", "quantization": "none"}
    """
  var manifest = try RuntimeManifest(json: Data(json.utf8))
  (manifest.files, manifest.packages) = (files, packages)
  return manifest
}
