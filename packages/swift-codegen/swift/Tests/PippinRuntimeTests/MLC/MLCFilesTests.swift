import Foundation
import Testing

@testable import PippinRuntime

@Suite struct MLCFilesTests {
  @Test func wholeFilesPass() throws {
    let folder = try MLCFixture()
    try MLCFiles(folder: folder.url).verify()
  }

  @Test func aMissingFileIsNamed() throws {
    let folder = try MLCFixture()
    try folder.remove("params_shard_0.bin")
    #expect(throws: RuntimeError.fileMissing("params_shard_0.bin")) { try MLCFiles(folder: folder.url).verify() }
    try folder.remove("mlc-chat-config.json")
    #expect(throws: RuntimeError.fileMissing("mlc-chat-config.json")) { try MLCFiles(folder: folder.url).verify() }
  }

  @Test func aShortFileIsNamedWithBothLengths() throws {
    let folder = try MLCFixture()
    try folder.write("params_shard_0.bin", "123")
    #expect(throws: RuntimeError.fileDamaged("params_shard_0.bin", reason: "it has 3 of 8 bytes")) {
      try MLCFiles(folder: folder.url).verify()
    }
  }

  @Test(arguments: ["../secret", "a/b", "..", "", "/etc/passwd"])
  func namesOutsideOfTheFolderAreRefused(name: String) throws {
    let folder = try MLCFixture()
    try folder.write("tensor-cache.json", #"{"records": [{"dataPath": "\#(name)", "nbytes": 1}]}"#)
    #expect(throws: RuntimeError.self) { try MLCFiles(folder: folder.url).verify() }
  }

  @Test func apathThatBreaksTheEnginesJSONIsRefused() throws {
    let bad = MLCFiles(folder: URL(fileURLWithPath: #"/models/a"b"#))
    #expect(throws: RuntimeError.self) { try bad.enginePath() }
    #expect(try MLCFiles(folder: URL(fileURLWithPath: "/models/ab c")).enginePath() == "/models/ab c")
  }
}

/// A small folder that looks like a package of MLC-LLM; it goes with its owner.
final class MLCFixture {
  let url: URL

  init(tokenizer: URL? = nil) throws {
    url = FileManager.default.temporaryDirectory.appendingPathComponent("mlc-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    try write("mlc-chat-config.json", "{}")
    try write("params_shard_0.bin", "12345678")
    try write("tensor-cache.json", #"{"metadata": {}, "records": [{"dataPath": "params_shard_0.bin", "nbytes": 8}]}"#)
    if let tokenizer {
      try FileManager.default.copyItem(at: tokenizer, to: url.appendingPathComponent("tokenizer.pippin"))
    }
  }

  deinit { try? FileManager.default.removeItem(at: url) }

  func write(_ name: String, _ text: String) throws { try Data(text.utf8).write(to: url.appendingPathComponent(name)) }
  func remove(_ name: String) throws { try FileManager.default.removeItem(at: url.appendingPathComponent(name)) }
}
