#if canImport(CoreML)
  @preconcurrency import CoreML
  import Foundation

  /// Packages compiled on this device, kept so that they are compiled once. The system may empty the folder at any time.
  struct CompiledModels: Sendable {
    /// Holds one folder for each state of a model's files and each version of the system.
    let folder: URL

    /// The compiled form of a package: itself when it is compiled already, as Xcode leaves it in an app.
    ///
    /// - Parameters:
    ///   - name: `NAME.mlpackage`, as the manifest spells it.
    ///   - key: changes when the package's bytes may have changed.
    /// - Throws: `RuntimeError.fileMissing`, `.loadFailed`.
    func compiled(_ name: String, in packages: URL, key: String) async throws -> (url: URL, isNew: Bool) {
      let base = (name as NSString).deletingPathExtension
      let built = packages.appendingPathComponent("\(base).mlmodelc")
      if exists(built) { return (built, false) }
      let target = folder.appendingPathComponent(key).appendingPathComponent("\(base).mlmodelc")
      if exists(target) { return (target, false) }
      let package = packages.appendingPathComponent(name)
      guard exists(package) else { throw RuntimeError.fileMissing(name) }
      do {
        let made = try await MLModel.compileModel(at: package)
        // Core ML leaves it to us in a temporary place; nothing is there any more when it was moved.
        defer { try? FileManager.default.removeItem(at: made) }
        try FileManager.default.createDirectory(at: target.deletingLastPathComponent(), withIntermediateDirectories: true)
        // Renamed into place: a killed app leaves no half of it.
        try FileManager.default.moveItem(at: made, to: target)
      } catch {
        // Another task may have been faster.
        guard exists(target) else { throw RuntimeError.loadFailed("compiling \(name): \(reason(error))") }
      }
      return (target, true)
    }

    /// Deletes what was compiled for `key`: it is damaged, or the model is gone.
    func remove(key: String) { try? FileManager.default.removeItem(at: folder.appendingPathComponent(key)) }

    /// Deletes what older files of the same model, or an older system, left. Keys of a model begin alike.
    func removeAll(withPrefix prefix: String, but key: String) {
      let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
      for name in names where name.hasPrefix(prefix) && name != key { remove(key: name) }
    }

    private func exists(_ url: URL) -> Bool { FileManager.default.fileExists(atPath: url.path) }
  }
#endif
