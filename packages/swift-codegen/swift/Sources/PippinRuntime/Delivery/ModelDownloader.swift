import Foundation

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// Brings models from a server into a store.
///
///     let store = try ModelStore()
///     let version = try ModelVersion(name: "Pip", folder: bundleFolder)
///     let files = try await ModelDownloader(store: store).download(version, from: url) { print($0.fraction) }
///
/// Each file of the manifest is at `<base>/<path>`. Big ones come in pieces, by `Range` requests, each compared with the manifest's
/// hashes before it counts, so that a download that was stopped, by whatever, goes on with what is missing. A server that does not
/// know ranges is asked for whole files.
public final class ModelDownloader: Sendable {
  public let store: ModelStore
  public let options: DownloadOptions

  public init(store: ModelStore, options: DownloadOptions = DownloadOptions()) {
    self.store = store
    self.options = options
  }

  /// The files of a version: at once where they are there, else when all of them came and are right. Cancel the task to stop; what
  /// arrived stays for the next call. A second call for the same version waits for the first.
  ///
  /// - Parameter onProgress: told ten times a second at most, on any thread.
  /// - Throws: `RuntimeError`: `downloadFailed` with the file and the reason, `diskFull`, `manifestInvalid`, `unsupported`,
  ///   `fileUnusable`; `CancellationError`. Nothing is in the model's place then, or what was there before.
  public func download(
    _ version: ModelVersion, from base: URL, onProgress: (@Sendable (DownloadProgress) -> Void)? = nil
  ) async throws -> ModelFiles {
    if let files = store.files(for: version) { return files }
    try options.check(base)
    try version.checkHashes(allowsUnchecked: options.allowsUncheckedFiles)
    let claim = try await StageClaim(store.stageFolder(of: version))
    defer { claim.end() }
    if let files = store.files(for: version) { return files }
    let meter = DownloadMeter(total: version.byteCount, options: options, onProgress: onProgress)
    return try await store.options.space.explaining(needed: version.byteCount, in: store.folder) {
      try await download(Stage(version, folder: claim.folder), from: base, meter)
    }
  }

  private func download(_ stage: Stage, from base: URL, _ meter: DownloadMeter) async throws -> ModelFiles {
    try FileManager.default.createDirectory(at: stage.folder, withIntermediateDirectories: true)
    let transfers = Transfers(staging: store.staging, configuration: options.foreground)
    defer { transfers.finish() }
    let background = Self.background(options, store)
    // Files that have one hash for many pieces can turn out wrong when all of them are there, and are then fetched once more.
    for _ in 0..<max(1, options.retry.wrongAnswers) {
      meter.begin(.checking)
      try await Disk.run { try stage.adoptLeftovers() }
      let missing = try await stage.missing { meter.settle($0) }
      if missing.isEmpty { return try await store.put(stage) }
      try checkRoom(missing, stage.version)
      meter.begin(.downloading)
      let run = try DownloadRun(stage, base: base, options: options, transfers: transfers, background: background, meter: meter)
      try await run.run(missing)
    }
    let missing = try await stage.missing()
    guard let (file, _) = missing.first else { return try await store.put(stage) }
    throw RuntimeError.downloadFailed(stage.version.files[file].path, reason: "its bytes are not what the manifest says")
  }

  /// Room for what is missing, for pieces that are not yet in their file, and for the copy that Core ML will compile.
  private func checkRoom(_ missing: [(file: Int, chunks: [Int])], _ version: ModelVersion) throws {
    let bytes = missing.reduce(0) { total, part in
      part.chunks.reduce(total) { $0 + version.place(of: $1, in: part.file).count }
    }
    let pieces = options.backgroundIdentifier == nil ? options.pieceBytes * Int64(options.concurrentRequests) : bytes
    let needed = bytes + min(bytes, pieces) + store.compiledCopyBytes(of: version)
    try store.options.space.check(needed, in: store.folder)
  }
}

extension ModelDownloader {
  private static let sessions = Locked<[String: Transfers]>([:])

  /// For the app delegate's `application(_:handleEventsForBackgroundURLSession:completionHandler:)`: takes what the system downloaded
  /// while the app was not running. Call `download` afterwards, now or at the next start, to have it checked and put in place.
  ///
  /// - Parameter completion: the system's, called on the main thread when all is taken.
  public static func handleBackgroundEvents(
    identifier: String, store: ModelStore, options: DownloadOptions = DownloadOptions(), completion: @escaping @Sendable () -> Void
  ) {
    var options = options
    options.backgroundIdentifier = identifier
    guard let transfers = background(options, store) else { return completion() }
    transfers.whenEventsAreHandled(completion)
  }

  /// The session of an identifier: an app must not have two of them.
  private static func background(_ options: DownloadOptions, _ store: ModelStore) -> Transfers? {
    guard let identifier = options.backgroundIdentifier, let configuration = options.background(identifier) else { return nil }
    return sessions.with { sessions in
      if let transfers = sessions[identifier] { return transfers }
      let transfers = Transfers(staging: store.staging, configuration: configuration)
      sessions[identifier] = transfers
      return transfers
    }
  }
}

extension DownloadOptions {
  var foreground: URLSessionConfiguration { configured(.ephemeral) }

  func background(_ identifier: String) -> URLSessionConfiguration? {
    #if canImport(Darwin)
      let configuration = configured(.background(withIdentifier: identifier))
      configuration.isDiscretionary = isDiscretionary
      configuration.sessionSendsLaunchEvents = true
      return configuration
    #else
      return nil
    #endif
  }

  /// Without cookies, caches and stored passwords: requests carry what the app gave and nothing else.
  private func configured(_ configuration: URLSessionConfiguration) -> URLSessionConfiguration {
    configuration.allowsCellularAccess = allowsCellular
    configuration.httpMaximumConnectionsPerHost = max(1, concurrentRequests)
    configuration.httpShouldSetCookies = false
    configuration.httpCookieStorage = nil
    configuration.urlCredentialStorage = nil
    configuration.urlCache = nil
    configuration.timeoutIntervalForRequest = Double(max(1, idleSeconds))
    return configuration
  }
}
