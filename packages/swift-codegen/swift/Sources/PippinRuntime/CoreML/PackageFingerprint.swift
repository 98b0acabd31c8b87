import Foundation

/// The files of a package: whether they are whole, and a name for what was made of them.
struct PackageFingerprint {
  let manifest: RuntimeManifest
  let files: ModelFiles
  /// The same for all versions of a model.
  let keyPrefix: String
  /// Differs where the files or the system differ.
  let key: String

  init(_ manifest: RuntimeManifest, _ files: ModelFiles) {
    self.manifest = manifest
    self.files = files
    let described = (manifest.files ?? []).map { file in
      "\(file.path) \(file.size) \(file.sha256 ?? "") \((file.chunkSha256 ?? []).joined())"
    }
    let system = ProcessInfo.processInfo.operatingSystemVersionString
    keyPrefix = "\(FileHash.of(manifest.packages.joined(separator: "\n")).prefix(16))-"
    key = keyPrefix + FileHash.of(described.joined(separator: "\n") + system).prefix(32)
  }

  /// - Throws: `RuntimeError.fileMissing`, `.fileDamaged`.
  func check(_ check: CoreMLOptions.Check) throws {
    for file in manifest.files ?? [] {
      // Xcode compiles packages at build time; those have other files.
      let package = String(file.path.prefix { $0 != "/" })
      let compiled = (package as NSString).deletingPathExtension + ".mlmodelc"
      if FileManager.default.fileExists(atPath: files.packages.appendingPathComponent(compiled).path) { continue }
      let url = files.packages.appendingPathComponent(file.path)
      let attributes = try? FileManager.default.attributesOfItem(atPath: url.path)
      guard let size = (attributes?[.size] as? NSNumber)?.int64Value else { throw RuntimeError.fileMissing(file.path) }
      guard size == file.size else {
        throw RuntimeError.fileDamaged(file.path, reason: "it has \(size) bytes, \(file.size) were written")
      }
      if check == .hashes { try checkHashes(of: url, file) }
    }
  }

  private func checkHashes(of url: URL, _ file: RuntimeManifest.File) throws {
    let disk = try DiskFile(reading: url)
    let damaged = RuntimeError.fileDamaged(file.path, reason: "its bytes are not what was written")
    if let wanted = file.sha256 {
      guard try FileHash.of(disk, from: 0, count: file.size) == wanted else { throw damaged }
      return
    }
    guard let chunks = file.chunkSha256 else { throw RuntimeError.unsupported("\(file.path) has no hash in the manifest") }
    for (number, wanted) in chunks.enumerated() {
      let offset = Int64(number) * ModelVersion.manifestChunkBytes
      let count = min(ModelVersion.manifestChunkBytes, file.size - offset)
      guard count > 0, try FileHash.of(disk, from: offset, count: count) == wanted else { throw damaged }
    }
  }
}
