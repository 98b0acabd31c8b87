import Foundation

/// How much room a model needs and a disk has.
struct DiskSpace: Sendable {
  /// Bytes that may be written where a folder is; nil where the system does not say.
  var available: @Sendable (_ folder: URL) -> Int64?

  /// What the system says. On Apple's systems that counts what it would delete for the user's sake: caches, and what is in iCloud.
  static let system = DiskSpace { folder in
    #if canImport(Darwin)
      let values = try? folder.resourceValues(forKeys: [.volumeAvailableCapacityForImportantUsageKey, .volumeAvailableCapacityKey])
      // 0 where the volume does not know the better number.
      if let important = values?.volumeAvailableCapacityForImportantUsage, important > 0 { return important }
      return values?.volumeAvailableCapacity.map(Int64.init)
    #else
      let values = try? FileManager.default.attributesOfFileSystem(forPath: folder.path)
      return (values?[.systemFreeSize] as? NSNumber)?.int64Value
    #endif
  }

  /// - Throws: `RuntimeError.diskFull`.
  func check(_ needed: Int64, in folder: URL) throws {
    guard let available = available(folder), available < needed else { return }
    throw RuntimeError.diskFull(needed: needed, available: available)
  }

  /// Runs `body` and turns the system's errors into those of the runtime.
  ///
  /// - Parameter needed: bytes that are to be written at most.
  func explaining<T>(needed: Int64, in folder: URL, _ body: () async throws -> T) async throws -> T {
    do { return try await body() } catch let error as RuntimeError {
      throw error
    } catch let error as CancellationError {
      throw error
    } catch {
      let found = error as? DiskError ?? DiskError(error)
      if found?.isFull == true { throw RuntimeError.diskFull(needed: needed, available: available(folder) ?? 0) }
      throw RuntimeError.fileUnusable(found?.name ?? folder.lastPathComponent, reason: found?.reason ?? error.localizedDescription)
    }
  }
}
