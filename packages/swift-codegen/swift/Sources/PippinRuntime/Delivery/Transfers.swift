import Foundation

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// What came of a request.
struct Fetched: Sendable {
  var answer: ServerAnswer
  /// The body, in the stage's `incoming` folder, where it is of use.
  var file: URL?
}

/// Download tasks of one URLSession. With a delegate, not with completion handlers or `async` methods: background sessions know
/// neither. Redirects are not followed but returned, for URLSession would take the app's headers along on Linux, and Apple does not
/// say that it never does.
final class Transfers: NSObject, URLSessionDownloadDelegate, @unchecked Sendable {
  // Safe to share: everything that changes is only touched in operations of `queue`, which runs one at a time; the session calls
  // its delegate there, too.

  private final class Transfer: @unchecked Sendable {
    let piece: Piece
    let isProbe: Bool
    let onBytes: @Sendable (Int64) -> Void
    var task: URLSessionTask?
    var isCancelled = false
    /// Known before the task ends; goes before whatever its end is.
    var answer: ServerAnswer?
    var file: URL?
    var diskError: DiskError?
    var continuation: CheckedContinuation<Fetched, any Error>?

    init(_ piece: Piece, isProbe: Bool, onBytes: @escaping @Sendable (Int64) -> Void) {
      (self.piece, self.isProbe, self.onBytes) = (piece, isProbe, onBytes)
    }
  }

  private let staging: URL
  private let queue = OperationQueue()
  private var transfers: [Int: Transfer] = [:]
  /// Tasks that an earlier run of the app has begun in this background session.
  private var running: [Piece: URLSessionTask] = [:]
  private var onEventsHandled: (@Sendable () -> Void)?
  private var session: URLSession!

  init(staging: URL, configuration: URLSessionConfiguration) {
    self.staging = staging
    super.init()
    queue.maxConcurrentOperationCount = 1
    session = URLSession(configuration: configuration, delegate: self, delegateQueue: queue)
  }

  /// Bodies of answers that are no piece: the texts of errors. Nothing longer is read to its end.
  private static let longestText: Int64 = 64 << 10

  /// Sends a request and keeps the body where it is the piece, or the whole file.
  ///
  /// - Parameters:
  ///   - isProbe: only the answer is of interest. A body that goes on ends the task: then the server does not know ranges.
  ///   - onBytes: told the bytes that arrive.
  /// - Throws: `CancellationError`, `DiskError`. All other errors are answers.
  func fetch(
    _ request: URLRequest, for piece: Piece, isProbe: Bool = false, onBytes: @escaping @Sendable (Int64) -> Void
  ) async throws -> Fetched {
    let transfer = Transfer(piece, isProbe: isProbe, onBytes: onBytes)
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        queue.addOperation { [self] in
          transfer.continuation = continuation
          begin(request, transfer)
        }
      }
    } onCancel: {
      queue.addOperation { [self] in
        transfer.isCancelled = true
        if transfer.task != nil { cancel(transfer) }
      }
    }
  }

  /// Ends the session. Transfers that are on their way must have ended.
  func finish() { session.finishTasksAndInvalidate() }

  private func begin(_ request: URLRequest, _ transfer: Transfer) {
    guard !transfer.isCancelled else {
      transfer.continuation?.resume(throwing: CancellationError())
      return
    }
    if let task = running.removeValue(forKey: transfer.piece), task.state != .completed {
      transfer.task = task
      transfers[task.taskIdentifier] = transfer
      return
    }
    let task = session.downloadTask(with: request)
    task.taskDescription = transfer.isProbe ? nil : Self.description(of: transfer.piece)
    transfer.task = task
    transfers[task.taskIdentifier] = transfer
    task.resume()
  }

  private func cancel(_ transfer: Transfer) { transfer.task?.cancel() }

  // MARK: URLSessionDownloadDelegate

  func urlSession(
    _ session: URLSession, downloadTask: URLSessionDownloadTask, didWriteData bytesWritten: Int64, totalBytesWritten: Int64,
    totalBytesExpectedToWrite: Int64
  ) {
    guard let transfer = transfers[downloadTask.taskIdentifier] else { return }
    transfer.onBytes(bytesWritten)
    guard transfer.answer == nil else { return }
    // On Linux a download task has no response before its end, so that the longest body that could be meant is let through.
    let status = (downloadTask.response as? HTTPURLResponse)?.statusCode
    let (piece, isProbe) = (transfer.piece, transfer.isProbe)
    let longest = isProbe ? 0 : status == 206 ? piece.count : piece.fileBytes
    guard totalBytesWritten > max(longest, Self.longestText) else { return }
    transfer.answer = isProbe && status ?? 200 == 200 ? .wholeFile : .wrong("more than \(longest) bytes came")
    cancel(transfer)
  }

  func urlSession(_ session: URLSession, downloadTask: URLSessionDownloadTask, didFinishDownloadingTo location: URL) {
    // On Apple's systems the file is deleted after this call, on Linux never.
    defer { try? FileManager.default.removeItem(at: location) }
    let transfer = transfers[downloadTask.taskIdentifier]
    guard let piece = transfer?.piece ?? Self.piece(of: downloadTask.taskDescription),
      let response = downloadTask.response as? HTTPURLResponse, transfer?.answer == nil
    else { return }
    let byteCount = try? DiskFile(reading: location).byteCount
    let answer = ServerAnswer(response, to: piece, byteCount: byteCount)
    transfer?.answer = answer
    guard answer == .piece || answer == .wholeFile, transfer?.isProbe != true else { return }
    do {
      transfer?.file = try keep(location, answer == .piece ? piece : piece.wholeFile)
    } catch {
      transfer?.diskError = error
    }
  }

  func urlSession(_ session: URLSession, task: URLSessionTask, didCompleteWithError error: (any Error)?) {
    running = running.filter { $0.value.taskIdentifier != task.taskIdentifier }
    guard let transfer = transfers.removeValue(forKey: task.taskIdentifier), let continuation = transfer.continuation else {
      return
    }
    if let full = transfer.diskError ?? error.flatMap({ DiskError($0) }) {
      continuation.resume(throwing: full)
    } else if let answer = transfer.answer {
      continuation.resume(returning: Fetched(answer: answer, file: transfer.file))
    } else if transfer.isCancelled {
      continuation.resume(throwing: CancellationError())
    } else {
      let answer = error.map { ServerAnswer($0) } ?? .dropped("the server gave no answer")
      continuation.resume(returning: Fetched(answer: answer))
    }
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask, willPerformHTTPRedirection response: HTTPURLResponse,
    newRequest request: URLRequest,
    completionHandler: @escaping @Sendable (URLRequest?) -> Void
  ) {
    let transfer = transfers[task.taskIdentifier]
    if let transfer, transfer.answer == nil { transfer.answer = ServerAnswer(response, to: transfer.piece) }
    #if canImport(FoundationNetworking)
      // A task that was cancelled in the meantime stops the process when this handler is called.
      if transfer?.isCancelled == true { return }
    #endif
    completionHandler(nil)
  }

  func urlSession(
    _ session: URLSession, task: URLSessionTask, didReceive challenge: URLAuthenticationChallenge,
    completionHandler: @escaping @Sendable (URLSession.AuthChallengeDisposition, URLCredential?) -> Void
  ) {
    // The app's header was not good enough, and there is nothing else to offer. The default on Linux is to wait forever.
    guard let response = challenge.failureResponse as? HTTPURLResponse, response.statusCode == 401 else {
      completionHandler(.performDefaultHandling, nil)
      return
    }
    if let transfer = transfers[task.taskIdentifier] { transfer.answer = ServerAnswer(response, to: transfer.piece) }
    completionHandler(.cancelAuthenticationChallenge, nil)
  }

  // MARK: Background sessions

  /// Takes over the tasks that an earlier run of the app has begun, and cancels those that are not wanted any more.
  func takeOver(_ wanted: Set<Piece>) async {
    let tasks = await withCheckedContinuation { continuation in
      session.getAllTasks { continuation.resume(returning: $0) }
    }
    await withCheckedContinuation { continuation in
      queue.addOperation { [self] in
        for task in tasks where transfers[task.taskIdentifier] == nil && task.state != .completed {
          guard let piece = Self.piece(of: task.taskDescription) else { continue }
          if wanted.contains(piece), running[piece] == nil {
            running[piece] = task
          } else if wanted.contains(where: { $0.stage == piece.stage }) {
            task.cancel()
          }
        }
        continuation.resume()
      }
    }
  }

  /// Has `completion` called on the main thread once the system has told all that happened while the app was not running.
  func whenEventsAreHandled(_ completion: @escaping @Sendable () -> Void) {
    queue.addOperation { [self] in onEventsHandled = completion }
  }

  // Of URLSessionDelegate on Apple's systems; Linux does not have it.
  func urlSessionDidFinishEvents(forBackgroundURLSession session: URLSession) {
    guard let completion = onEventsHandled else { return }
    onEventsHandled = nil
    DispatchQueue.main.async(execute: completion)
  }

  // MARK: Files

  private static func description(of piece: Piece) -> String? {
    (try? JSONEncoder().encode(piece)).map { String(decoding: $0, as: UTF8.self) }
  }

  private static func piece(of description: String?) -> Piece? {
    description.flatMap { try? JSONDecoder().decode(Piece.self, from: Data($0.utf8)) }
  }

  /// Moves a body into the folder of its stage, unless the model was removed.
  private func keep(_ location: URL, _ piece: Piece) throws(DiskError) -> URL? {
    let stage = staging.appendingPathComponent(piece.stage, isDirectory: true)
    guard !piece.stage.contains("/"), FileManager.default.fileExists(atPath: stage.path) else { return nil }
    let incoming = Stage.incoming(in: stage)
    let file = incoming.appendingPathComponent(piece.incomingName)
    do {
      try FileManager.default.createDirectory(at: incoming, withIntermediateDirectories: true)
      try FileManager.default.moveItem(at: location, to: file)
    } catch {
      throw DiskError(error) ?? DiskError(name: file.lastPathComponent, code: EIO)
    }
    return file
  }
}
