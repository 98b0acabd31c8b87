import Foundation

/// A load that was begun; `ModelStore.endLoad` says how it ended.
public struct LoadAttempt: Sendable {
  let digest: String
  /// Whether the model has not been loaded on this version of the system before.
  public let isFirst: Bool
}

public enum LoadOutcome: Sendable, Equatable {
  case succeeded
  case failed(String)
  /// It says nothing about the model: the user went away, the device was too hot.
  case abandoned
}

/// Loading a model for the first time compiles it for the device, which can take more memory than there is: the system ends the app,
/// and an app that loads its model at each start would never start again. So a mark is written before a first load and taken away
/// after it; where a start finds the mark of an earlier one, the model is quarantined.
extension ModelStore {
  private struct Record: Codable {
    var failures = 0
    var reason: String?
    /// The run of the app that loads it.
    var loading: String?
    /// The system that it was loaded on. A new one compiles it anew.
    var loadedOn: String?
  }

  private static let launch = UUID().uuidString
  private static let lock = Locked(())

  /// Notes that a model is about to be loaded, from the store or from the bundle.
  ///
  /// - Throws: `RuntimeError.quarantined` after as many failed first loads as `Options.failedLoads` allows;
  ///   `RuntimeError.fileUnusable` where the note cannot be written.
  public func beginLoad(of version: ModelVersion) throws -> LoadAttempt {
    try Self.lock.with { _ in
      var record = record(version.digest)
      if record.loadedOn == Self.system { return LoadAttempt(digest: version.digest, isFirst: false) }
      if let launch = record.loading, launch != Self.launch {
        record.loading = nil
        record.failures += 1
        record.reason = "the app ended while it was loaded for the first time"
        try write(record, version.digest)
      }
      if let reason = reason(record) { throw RuntimeError.quarantined(reason) }
      record.loading = Self.launch
      try write(record, version.digest)
      return LoadAttempt(digest: version.digest, isFirst: true)
    }
  }

  /// Notes how a load ended. Loads after one that succeeded do not count.
  public func endLoad(_ attempt: LoadAttempt, _ outcome: LoadOutcome) {
    guard attempt.isFirst else { return }
    Self.lock.with { _ in
      var record = record(attempt.digest)
      record.loading = nil
      switch outcome {
      case .succeeded: record = Record(loadedOn: Self.system)
      case .abandoned: break
      case .failed(let reason):
        record.failures += 1
        record.reason = reason
      }
      // A mark that stays by mistake costs the user a question, no crash.
      try? write(record, attempt.digest)
    }
  }

  /// Loads a model between `beginLoad` and `endLoad`. Errors that are not the model's do not count: a cancelled task, too little
  /// memory, a hot device.
  public func load<Loaded>(_ version: ModelVersion, _ body: () async throws -> Loaded) async throws -> Loaded {
    let attempt = try beginLoad(of: version)
    do {
      let loaded = try await body()
      endLoad(attempt, .succeeded)
      return loaded
    } catch {
      endLoad(attempt, Self.saysNothing(error) ? .abandoned : .failed(error.localizedDescription))
      throw error
    }
  }

  /// Why `beginLoad` would refuse a model; nil where it would not.
  public func quarantineReason(of version: ModelVersion) -> String? {
    Self.lock.with { _ in
      var record = record(version.digest)
      guard record.loadedOn != Self.system else { return nil }
      if let launch = record.loading, launch != Self.launch {
        record.failures += 1
        record.reason = "the app ended while it was loaded for the first time"
      }
      return reason(record)
    }
  }

  /// Lets a model be loaded once more.
  public func clearQuarantine(of version: ModelVersion) {
    Self.lock.with { _ in try? FileManager.default.removeItem(at: recordFile(version.digest)) }
  }

  private func reason(_ record: Record) -> String? {
    record.failures >= max(1, options.failedLoads) ? record.reason ?? "its first load failed" : nil
  }

  private static func saysNothing(_ error: any Error) -> Bool {
    switch error {
    case is CancellationError: true
    case RuntimeError.notEnoughMemory, RuntimeError.conditionsTooBad, RuntimeError.systemTooOld, RuntimeError.diskFull: true
    case RuntimeError.fileMissing, RuntimeError.fileDamaged, RuntimeError.fileUnusable: true
    default: false
    }
  }

  private static var system: String { ProcessInfo.processInfo.operatingSystemVersionString }

  private func recordFile(_ digest: String) -> URL { records.appendingPathComponent("\(digest).json") }

  private func record(_ digest: String) -> Record {
    guard let data = try? Data(contentsOf: recordFile(digest)) else { return Record() }
    return (try? JSONDecoder().decode(Record.self, from: data)) ?? Record()
  }

  private func write(_ record: Record, _ digest: String) throws {
    do {
      try FileManager.default.createDirectory(at: records, withIntermediateDirectories: true)
      try JSONEncoder().encode(record).write(to: recordFile(digest), options: .atomic)
    } catch {
      throw RuntimeError.fileUnusable("\(digest).json", reason: error.localizedDescription)
    }
  }
}
