import Foundation

/// The models that an app keeps on the disk: a folder for each version, there whole or not at all.
///
///     let store = try ModelStore()
///     let version = try ModelVersion(name: "Pip", folder: bundleFolder)
///     if let files = store.files(for: version) { … }
///
/// A version is put together in a folder beside the others, compared with the manifest's sizes and hashes, and renamed into its
/// place; then older versions of the same name go. What a killed run leaves is used by the next one that wants the same version, and
/// listed until then.
public final class ModelStore: Sendable {
  public struct Options: Sendable {
    /// Room for the compiled copy that Core ML makes of a package, as a share of the model's bytes: it holds the weights again.
    public var compiledCopyFactor = 1.1
    /// First loads that may fail before a model is quarantined.
    public var failedLoads = 1
    var space = DiskSpace.system

    public init() {}
  }

  /// A version in the store.
  public struct Entry: Sendable, Equatable {
    public var name: String
    public var digest: String
    /// Bytes on the disk.
    public var byteCount: Int64
    /// False while files are missing.
    public var isComplete: Bool
  }

  public let folder: URL
  let options: Options

  /// - Parameter folder: nil: `PippinModels` in Application Support. The folder is left out of backups, for models can be fetched
  ///   again, and can be read once the device was unlocked after its start, so that downloads go on while it is locked.
  /// - Throws: `RuntimeError.fileUnusable`.
  public init(folder: URL? = nil, options: Options = Options()) throws {
    self.folder = try folder ?? Self.defaultFolder()
    self.options = options
    do {
      try FileManager.default.createDirectory(at: self.folder, withIntermediateDirectories: true)
    } catch {
      throw RuntimeError.fileUnusable(self.folder.lastPathComponent, reason: error.localizedDescription)
    }
    #if canImport(Darwin)
      // A Mac's other volumes do not know protection classes.
      try? FileManager.default.setAttributes(
        [.protectionKey: FileProtectionType.completeUntilFirstUserAuthentication], ofItemAtPath: self.folder.path)
    #endif
    Self.excludeFromBackup(self.folder)
    try? FileManager.default.removeItem(at: trash)
  }

  /// A version's files: beside the manifest, as in an app that brings its model along, or in the store. nil where one is missing or
  /// has another size. Hashes were compared when they came into the store, and the bundle is signed.
  public func files(for version: ModelVersion) -> ModelFiles? {
    if version.isComplete(in: version.folder, allowsCompiled: true) { return ModelFiles(folder: version.folder) }
    let own = place(of: version)
    return version.isComplete(in: own) ? ModelFiles(folder: version.folder, packages: own) : nil
  }

  /// Puts a version into the store, from files that lie somewhere: what a download elsewhere, or a transfer by cable, brought.
  ///
  /// - Parameters:
  ///   - source: holds the files at the paths that the manifest has. They stay.
  ///   - allowsUnchecked: takes files of which the manifest knows only the size.
  /// - Throws: `RuntimeError`: `fileMissing`, `fileDamaged`, `diskFull`, `manifestInvalid`, `fileUnusable`; `CancellationError`.
  ///   Then the store is as before, but for files that were right and wait for the next call.
  public func install(_ version: ModelVersion, from source: URL, allowsUnchecked: Bool = false) async throws -> ModelFiles {
    try version.checkHashes(allowsUnchecked: allowsUnchecked)
    let claim = try await StageClaim(stageFolder(of: version))
    defer { claim.end() }
    if let files = files(for: version) { return files }
    let stage = Stage(version, folder: claim.folder)
    return try await options.space.explaining(needed: version.byteCount, in: folder) {
      let missing = try await stage.missing().map(\.file)
      try options.space.check(missing.reduce(0) { $0 + version.files[$1].size } + compiledCopyBytes(of: version), in: folder)
      for file in missing {
        try Task.checkCancellation()
        try await Disk.run { try stage.copy(file, from: source) }
      }
      if let (file, _) = try await stage.missing().first {
        throw RuntimeError.fileDamaged(version.files[file].path, reason: "its bytes are not what the manifest says")
      }
      return try await put(stage)
    }
  }

  /// All versions, also those that a stopped download has begun.
  public func list() -> [Entry] {
    entries(in: folder, isComplete: true) + entries(in: staging, isComplete: false)
  }

  /// Deletes a version, and what is there of it while it is incomplete. The quarantine stays.
  ///
  /// - Throws: `RuntimeError.fileUnusable`; `RuntimeError.unsupported` while a download of it runs.
  public func remove(name: String, digest: String) throws {
    let name = "\(name)-\(digest)"
    guard entryParts(name) != nil else { return }
    let stage = staging.appendingPathComponent(name, isDirectory: true)
    guard !StageClaim.isTaken(stage) else { throw RuntimeError.unsupported("the model is being downloaded") }
    for url in [folder.appendingPathComponent(name, isDirectory: true), stage] { try discard(url) }
  }

  public func remove(_ version: ModelVersion) throws {
    let name = version.folderName.dropLast(version.digest.count + 1)
    try remove(name: String(name), digest: version.digest)
  }

  /// Bytes that Core ML's compiled copy of a version will take.
  func compiledCopyBytes(of version: ModelVersion) -> Int64 { Int64(Double(version.byteCount) * options.compiledCopyFactor) }

  func stageFolder(of version: ModelVersion) -> URL {
    staging.appendingPathComponent(version.folderName, isDirectory: true)
  }

  var records: URL { folder.appendingPathComponent(".loads", isDirectory: true) }
  var staging: URL { folder.appendingPathComponent(".staging", isDirectory: true) }
  private var trash: URL { folder.appendingPathComponent(".trash", isDirectory: true) }

  private func place(of version: ModelVersion) -> URL {
    folder.appendingPathComponent(version.folderName, isDirectory: true)
  }

  private static func defaultFolder() throws -> URL {
    do {
      let support = try FileManager.default.url(
        for: .applicationSupportDirectory, in: .userDomainMask, appropriateFor: nil, create: true)
      return support.appendingPathComponent("PippinModels", isDirectory: true)
    } catch {
      throw RuntimeError.fileUnusable("Application Support", reason: error.localizedDescription)
    }
  }
}

extension ModelStore {
  /// Renames files into their place. Nothing is missing of the stage: the caller has looked.
  func put(_ stage: Stage) async throws -> ModelFiles {
    let (version, target) = (stage.version, place(of: stage.version))
    try await Disk.run { [self] in
      try stage.seal()
      // A folder that is there is one that lacks a file: `files(for:)` would have found it otherwise.
      try discard(target)
      do {
        try FileManager.default.moveItem(at: stage.contents, to: target)
      } catch {
        throw RuntimeError.fileUnusable(target.lastPathComponent, reason: error.localizedDescription)
      }
      Self.excludeFromBackup(target)
      try? discard(stage.folder)
      removeOthers(than: version)
    }
    return ModelFiles(folder: version.folder, packages: target)
  }

  /// Deletes other versions of the name. An older model that is loaded keeps its bytes: mapped files outlive their names.
  private func removeOthers(than version: ModelVersion) {
    let own = entryParts(version.folderName)
    for parent in [folder, staging] {
      for url in folders(in: parent) where url.lastPathComponent != version.folderName {
        guard entryParts(url.lastPathComponent)?.name == own?.name, !StageClaim.isTaken(url) else { continue }
        // What cannot be deleted is listed and deleted with the next version.
        try? discard(url)
      }
    }
  }

  /// Takes a folder away at once, then deletes it; the next start deletes what is left.
  private func discard(_ url: URL) throws {
    guard FileManager.default.fileExists(atPath: url.path) else { return }
    do {
      try FileManager.default.createDirectory(at: trash, withIntermediateDirectories: true)
      let aside = trash.appendingPathComponent(UUID().uuidString)
      try FileManager.default.moveItem(at: url, to: aside)
      try? FileManager.default.removeItem(at: aside)
    } catch {
      throw RuntimeError.fileUnusable(url.lastPathComponent, reason: error.localizedDescription)
    }
  }

  private func entries(in parent: URL, isComplete: Bool) -> [Entry] {
    folders(in: parent).compactMap { url in
      guard let (name, digest) = entryParts(url.lastPathComponent) else { return nil }
      return Entry(name: name, digest: digest, byteCount: allocatedBytes(url), isComplete: isComplete)
    }
  }

  private func folders(in parent: URL) -> [URL] {
    let found = try? FileManager.default.contentsOfDirectory(at: parent, includingPropertiesForKeys: nil, options: [])
    return (found ?? []).sorted { $0.lastPathComponent < $1.lastPathComponent }
  }

  /// Name and digest out of `name-digest`.
  private func entryParts(_ text: String) -> (name: String, digest: String)? {
    guard let dash = text.lastIndex(of: "-"), dash > text.startIndex, text.first != "." else { return nil }
    let (name, digest) = (text[..<dash], text[text.index(after: dash)...])
    guard digest.utf8.count == 32, digest.utf8.allSatisfy({ "0123456789abcdef".utf8.contains($0) }) else { return nil }
    return name.contains("/") ? nil : (String(name), String(digest))
  }

  private func allocatedBytes(_ folder: URL) -> Int64 {
    let keys: [URLResourceKey] = [.totalFileAllocatedSizeKey, .fileSizeKey]
    guard let all = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: keys) else { return 0 }
    return all.reduce(0) { total, item in
      let values = try? (item as? URL)?.resourceValues(forKeys: Set(keys))
      return total + Int64(values?.totalFileAllocatedSize ?? values?.fileSize ?? 0)
    }
  }

  private static func excludeFromBackup(_ url: URL) {
    #if canImport(Darwin)
      var url = url
      var values = URLResourceValues()
      values.isExcludedFromBackup = true
      // A volume without backups does not know the mark.
      try? url.setResourceValues(values)
    #endif
  }
}
