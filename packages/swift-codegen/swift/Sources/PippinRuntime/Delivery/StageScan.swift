import Foundation

extension Stage {
  /// What is missing, by reading all that is there.
  ///
  /// - Parameter onRead: told how many bytes were right after each file.
  func missing(_ onRead: (@Sendable (Int64) -> Void)? = nil) async throws -> [(file: Int, chunks: [Int])] {
    var all: [(file: Int, chunks: [Int])] = []
    for file in version.files.indices {
      try Task.checkCancellation()
      var chunks = try await Disk.run { [self] in try missingChunks(in: file) }
      if chunks.isEmpty, try await !Disk.run({ [self] in try isWhole(file) }) { chunks = Array(0..<version.chunkCount(file)) }
      if !chunks.isEmpty { all.append((file, chunks)) }
      onRead?(chunks.reduce(version.files[file].size) { $0 - version.place(of: $1, in: file).count })
    }
    return all
  }

  /// Copies a file that lies elsewhere.
  func copy(_ file: Int, from source: URL) throws {
    let (name, size) = (version.files[file].path, version.files[file].size)
    let from = source.appendingPathComponent(name)
    guard FileManager.default.fileExists(atPath: from.path) else { throw RuntimeError.fileMissing(name) }
    guard try DiskFile(reading: from).byteCount == size else {
      throw RuntimeError.fileDamaged(name, reason: "it does not have \(size) bytes")
    }
    guard try adopt(from, as: file, offset: 0, count: size).isEmpty else {
      throw RuntimeError.fileDamaged(name, reason: "its bytes are not what the manifest says")
    }
  }
}
