import Foundation

/// One version of a model, by what its files are: the name that an app gives it and the list of files of its manifest.
public struct ModelVersion: Sendable, Equatable {
  /// As the app, or its generated code, calls the model.
  public let name: String
  /// The manifest's folder: it and the tokenizer are in the app's bundle, whether or not the packages are.
  public let folder: URL
  /// sha256 of the file list, 32 hex digits of it. Equal for equal files, so that a new version of the app finds them again.
  public let digest: String
  public let files: [RuntimeManifest.File]
  /// Of all files.
  public let byteCount: Int64
  let packages: [String]
  let chunkBytes: Int64

  /// Reads `pippin-manifest.json` in a folder, usually of the app's bundle.
  ///
  /// - Throws: `RuntimeError.manifestInvalid`: also for paths that lead out of the model's folder or meet each other, for hashes
  ///   that are none, and where no files are listed.
  public init(name: String, folder: URL) throws {
    let manifest = try RuntimeManifest(contentsOf: ModelFiles(folder: folder).manifest)
    try self.init(name: name, manifest: manifest, folder: folder)
  }

  public init(name: String, manifest: RuntimeManifest, folder: URL) throws {
    try self.init(name: name, manifest: manifest, folder: folder, chunkBytes: Self.manifestChunkBytes)
  }

  /// - Parameter chunkBytes: bytes behind each of `chunkSha256`; tests take less than a manifest has.
  package init(name: String, manifest: RuntimeManifest, folder: URL, chunkBytes: Int64) throws {
    guard let files = manifest.files, !files.isEmpty else { throw RuntimeError.manifestInvalid("it lists no files") }
    guard files.count <= Self.maximumFiles else { throw RuntimeError.manifestInvalid("it lists \(files.count) files") }
    try ManifestPath.check(files.map(\.path))
    self.byteCount = try files.reduce(0) { total, file in
      try Self.check(file, chunkBytes)
      return total + file.size
    }
    self.name = name
    self.folder = folder
    self.files = files
    self.packages = manifest.packages
    self.chunkBytes = chunkBytes
    self.digest = Self.digest(of: files)
  }

  /// The name of its folder in a store; names that are no good for that are changed.
  package var folderName: String {
    let safe = name.unicodeScalars.prefix(80).map { scalar in
      scalar.isASCII && (scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || "._-".unicodeScalars.contains(scalar))
        ? Character(scalar) : "_"
    }
    let text = String(safe)
    return "\(text.isEmpty || text.hasPrefix(".") ? "_\(text)" : text)-\(digest)"
  }

  func chunkCount(_ file: Int) -> Int { Int((files[file].size + chunkBytes - 1) / chunkBytes) }

  /// Offset and length of a chunk, which is shorter at the end of its file.
  func place(of chunk: Int, in file: Int) -> (offset: Int64, count: Int64) {
    let offset = Int64(chunk) * chunkBytes
    return (offset, min(chunkBytes, files[file].size - offset))
  }

  /// What the manifest says that a chunk's sha256 is; nil where it only knows the whole file's.
  func chunkHash(_ chunk: Int, in file: Int) -> String? {
    let known = files[file].chunkSha256?[chunk] ?? (chunkCount(file) == 1 ? files[file].sha256 : nil)
    return known?.lowercased()
  }

  private static func check(_ file: RuntimeManifest.File, _ chunkBytes: Int64) throws {
    func refuse(_ reason: String) -> RuntimeError { .manifestInvalid("\(file.path) \(reason)") }
    guard (0...maximumFileBytes).contains(file.size) else { throw refuse("has \(file.size) bytes") }
    let hashes = (file.chunkSha256 ?? []) + (file.sha256.map { [$0] } ?? [])
    guard hashes.allSatisfy(isSha256) else { throw refuse("has a sha256 that is none") }
    if let chunks = file.chunkSha256, Int64(chunks.count) != (file.size + chunkBytes - 1) / chunkBytes {
      throw refuse("has \(chunks.count) hashes of chunks for \(file.size) bytes")
    }
    if file.size == 0, let hash = file.sha256, hash.lowercased() != FileHash.of("") {
      throw refuse("is empty and has another sha256")
    }
  }

  private static func isSha256(_ text: String) -> Bool {
    text.utf8.count == 64
      && text.utf8.allSatisfy { byte in
        (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
      }
  }

  private static func digest(of files: [RuntimeManifest.File]) -> String {
    // Paths have no control characters, so lines are unambiguous.
    let lines = files.sorted { $0.path < $1.path }.map { file in
      let hashes = "\(file.sha256 ?? "")\n\((file.chunkSha256 ?? []).joined(separator: ","))".lowercased()
      return "\(file.path)\n\(file.size)\n\(hashes)\n"
    }
    return String(FileHash.of(lines.joined()).prefix(32))
  }

  /// As the converter writes them.
  static let manifestChunkBytes: Int64 = 8 << 20
  private static let maximumFiles = 10_000
  private static let maximumFileBytes: Int64 = 1 << 40
}

extension ModelVersion {
  /// Whether a folder has all files, by their sizes.
  ///
  /// - Parameter allowsCompiled: takes `X.mlmodelc` for all files of `X.mlpackage`, as Xcode leaves it in an app's bundle.
  func isComplete(in folder: URL, allowsCompiled: Bool = false) -> Bool {
    let compiled = packages.filter { package in
      let name = (package as NSString).deletingPathExtension + ".mlmodelc"
      return allowsCompiled && FileManager.default.fileExists(atPath: folder.appendingPathComponent(name).path)
    }
    return files.allSatisfy { file in
      if compiled.contains(where: { file.path.hasPrefix("\($0)/") }) { return true }
      return (try? DiskFile(reading: folder.appendingPathComponent(file.path)).byteCount) == file.size
    }
  }

  /// - Throws: `RuntimeError.manifestInvalid` where the manifest knows only the size of a file, unless that will do.
  func checkHashes(allowsUnchecked: Bool) throws {
    let unchecked = files.first { $0.sha256 == nil && $0.chunkSha256 == nil && $0.size > 0 }
    guard let unchecked, !allowsUnchecked else { return }
    throw RuntimeError.manifestInvalid("\(unchecked.path) has no hash, so that nobody can tell whether it is right")
  }
}
