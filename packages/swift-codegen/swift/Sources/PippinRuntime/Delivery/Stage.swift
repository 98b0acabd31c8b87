import Foundation

/// A model's files while they come together, beside the place where they will be. Files grow chunk by chunk, in any order.
///
/// What is there is told by the bytes alone: a chunk counts when its sha256 is right, and is looked at again after each start. Only
/// for files whose chunks have no hash in the manifest a journal keeps the hashes of what arrived.
///
/// Its work is the disk's: to be called by `Disk.run`, which does one thing at a time.
final class Stage: @unchecked Sendable {
  // Safe to share: the journal, its only variable, is used by `Disk.run` alone.
  let version: ModelVersion
  let folder: URL
  private let journal: ChunkJournal

  init(_ version: ModelVersion, folder: URL) {
    self.version = version
    self.folder = folder
    journal = ChunkJournal(folder.appendingPathComponent("journal.jsonl"))
  }

  /// The files, as the manifest names them.
  var contents: URL { folder.appendingPathComponent("files", isDirectory: true) }
  /// Pieces that arrived and were not looked at.
  var incoming: URL { folder.appendingPathComponent("incoming", isDirectory: true) }

  func place(of file: Int) -> URL { contents.appendingPathComponent(version.files[file].path) }

  /// The chunks of a file that are not there, or not right. Reads the whole file.
  func missingChunks(in file: Int) throws -> [Int] {
    let all = 0..<version.chunkCount(file)
    let (url, size) = (place(of: file), version.files[file].size)
    if size == 0 {
      try DiskFile(updating: url).setByteCount(0)
      return []
    }
    guard FileManager.default.fileExists(atPath: url.path) else { return Array(all) }
    let staged = try DiskFile(updating: url)
    if staged.byteCount > size { try staged.setByteCount(size) }
    return try all.filter { chunk in
      guard let wanted = hash(of: chunk, in: file) else { return true }
      let (offset, count) = version.place(of: chunk, in: file)
      return try FileHash.of(staged, from: offset, count: count) != wanted
    }
  }

  /// Compares a file whose chunks are all there with the sha256 of the whole, where there is one that says more than the chunks'.
  ///
  /// - Returns: false where it is another. Which chunk is wrong is then unknown, so none of them counts any more.
  func isWhole(_ file: Int) throws -> Bool {
    let (size, wanted) = (version.files[file].size, version.files[file].sha256?.lowercased())
    guard let wanted, version.chunkCount(file) > 1 else { return true }
    let staged = try DiskFile(reading: place(of: file))
    if try FileHash.of(staged, from: 0, count: size) == wanted { return true }
    try forget(file)
    return false
  }

  /// Takes over what a file holds of a model's file, chunk by chunk, where the hash is right.
  ///
  /// - Parameters:
  ///   - offset: the first byte's place in the model's file, a multiple of the chunks' size.
  ///   - count: bytes there are, up to the end of a chunk or of the file.
  /// - Returns: the chunks that were not right.
  func adopt(_ source: URL, as file: Int, offset: Int64, count: Int64) throws -> [Int] {
    let from = try DiskFile(reading: source)
    let target = try DiskFile(updating: place(of: file))
    let first = Int(offset / version.chunkBytes)
    let last = Int((offset + count + version.chunkBytes - 1) / version.chunkBytes)
    var kept: [(chunk: Int, hash: String)] = []
    var wrong: [Int] = []
    for chunk in first..<last {
      let (start, length) = version.place(of: chunk, in: file)
      let found = try FileHash.of(from, from: start - offset, count: length)
      guard let found, found == version.chunkHash(chunk, in: file) ?? found else {
        wrong.append(chunk)
        continue
      }
      var at = start
      _ = try from.forEachBlock(from: start - offset, count: length) { block in
        try target.write(block, at: at)
        at += Int64(block.count)
      }
      if version.chunkHash(chunk, in: file) == nil { kept.append((chunk, found)) }
    }
    if !kept.isEmpty {
      try target.synchronize()
      try journal.add(kept, file: file)
    }
    return wrong
  }

  /// Makes sure that all bytes are on the disk and leaves only what belongs to the model.
  func seal() throws {
    for file in version.files.indices { try DiskFile(reading: place(of: file)).synchronize() }
  }

  /// Drops what is there of a file.
  private func forget(_ file: Int) throws {
    try journal.forget(file: file)
    try FileManager.default.removeItem(at: place(of: file))
  }

  private func hash(of chunk: Int, in file: Int) -> String? {
    version.chunkHash(chunk, in: file) ?? journal.hash(of: chunk, in: file)
  }
}
