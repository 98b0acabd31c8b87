import Foundation

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// Fetches what is missing of a stage: pieces from a queue, some at a time, each until its bytes are right or its attempts are used.
actor DownloadRun {
  private struct Job {
    var piece: Piece
    /// Chunks of the piece that are wanted.
    var chunks: Range<Int>
    var failures = 0
    var wrongAnswers = 0
  }

  private let stage: Stage
  private let options: DownloadOptions
  private let addresses: [URL]
  private let transfers: Transfers
  /// Of the system's; pieces go there, probes do not.
  private let background: Transfers?
  private let meter: DownloadMeter
  private var queue: [Job] = []
  /// Files that the server only sends whole.
  private var rangeless: Set<Int> = []
  /// Where redirects led to, for the system follows them by itself in the background.
  private var located: [Int: URL] = [:]
  private var pausedUntil = ContinuousClock.now

  /// - Throws: `RuntimeError.manifestInvalid` where a path makes no address.
  init(
    _ stage: Stage, base: URL, options: DownloadOptions, transfers: Transfers, background: Transfers?, meter: DownloadMeter
  ) throws {
    self.stage = stage
    self.options = options
    self.transfers = transfers
    self.background = background
    self.meter = meter
    addresses = try stage.version.files.map { file in
      guard let url = DownloadOptions.address(of: file.path, at: base) else {
        throw RuntimeError.manifestInvalid("\(file.path) makes no address")
      }
      return url
    }
  }

  /// - Throws: `RuntimeError.downloadFailed`, `DiskError`, `CancellationError`. What arrived is kept.
  func run(_ missing: [(file: Int, chunks: [Int])]) async throws {
    for (file, chunks) in missing {
      let jobs = jobs(file, chunks)
      if jobs.count > 1 || (background != nil && !options.headers.isEmpty) { try await probe(jobs[0]) }
      queue += rangeless.contains(file) ? [job(file, 0..<stage.version.chunkCount(file))] : jobs
    }
    await background?.takeOver(Set(queue.map(\.piece)))
    // The system works through its tasks while the app is suspended, so it gets them all.
    let workers = background == nil ? max(1, min(options.concurrentRequests, queue.count)) : queue.count
    try await withThrowingTaskGroup(of: Void.self) { group in
      for _ in 0..<workers { group.addTask { try await self.work() } }
      for try await _ in group {}
    }
  }

  private func work() async throws {
    while !queue.isEmpty { try await fetch(queue.removeFirst()) }
  }

  /// Pieces begin at multiples of their size, so that they are the same after the app's next start.
  private func jobs(_ file: Int, _ chunks: [Int]) -> [Job] {
    let step = max(1, Int(options.pieceBytes / stage.version.chunkBytes))
    var ranges: [Range<Int>] = []
    for chunk in chunks {
      if let last = ranges.last, last.upperBound == chunk, chunk % step != 0 {
        ranges[ranges.count - 1] = last.lowerBound..<chunk + 1
      } else {
        ranges.append(chunk..<chunk + 1)
      }
    }
    return ranges.map { job(file, $0) }
  }

  private func job(_ file: Int, _ chunks: Range<Int>) -> Job {
    let size = stage.version.files[file].size
    let offset = Int64(chunks.lowerBound) * stage.version.chunkBytes
    let count = min(Int64(chunks.upperBound) * stage.version.chunkBytes, size) - offset
    let name = stage.folder.lastPathComponent
    return Job(piece: Piece(stage: name, file: file, offset: offset, count: count, fileBytes: size), chunks: chunks)
  }

  /// Asks for a byte of a file, to learn whether the server knows ranges and where the file is, before many requests find out.
  private func probe(_ job: Job) async throws {
    var job = job
    (job.piece.offset, job.piece.count) = (0, min(1, job.piece.fileBytes))
    while true {
      try await waitForPause()
      let (got, url) = try await ask(job.piece, isProbe: true)
      switch got.answer {
      case .piece, .wholeFile:
        if got.answer == .wholeFile { rangeless.insert(job.piece.file) }
        located[job.piece.file] = url
        return
      default: try await wait(after: got.answer, &job)
      }
    }
  }

  private func fetch(_ job: Job) async throws {
    var job = job
    try await waitForPause()
    let got: Fetched
    do {
      defer { meter.end(job.piece) }
      got = try await ask(job.piece, isProbe: false).0
    }
    guard got.answer == .piece || got.answer == .wholeFile, let file = got.file else {
      try await wait(after: got.answer, &job)
      queue += halved(job, got.answer)
      return
    }
    let (stage, chunks) = (stage, job.chunks)
    let wrong = try await Disk.run { try stage.adoptIncoming(file) ?? Array(chunks) }
    for chunk in chunks where !wrong.contains(chunk) { meter.settle(stage.version.place(of: chunk, in: job.piece.file).count) }
    let again = jobs(job.piece.file, wrong.filter(chunks.contains))
    guard !again.isEmpty else { return }
    try await wait(after: .wrong("its bytes are not what the manifest says"), &job)
    guard !rangeless.contains(job.piece.file) else { return queue.append(job) }
    queue += again.map { next in
      var next = next
      (next.failures, next.wrongAnswers) = (job.failures, job.wrongAnswers)
      return next
    }
  }

  /// After a broken connection in two: what is small gets through.
  private func halved(_ job: Job, _ answer: ServerAnswer) -> [Job] {
    guard case .dropped = answer, job.chunks.count > 1, !rangeless.contains(job.piece.file) else { return [job] }
    let middle = job.chunks.lowerBound + job.chunks.count / 2
    return [job.chunks.lowerBound..<middle, middle..<job.chunks.upperBound].map { chunks in
      var half = self.job(job.piece.file, chunks)
      (half.failures, half.wrongAnswers) = (job.failures, job.wrongAnswers)
      return half
    }
  }

  /// Sends a request and those that its redirects ask for.
  private func ask(_ piece: Piece, isProbe: Bool) async throws -> (Fetched, URL) {
    let meter = meter
    var url = addresses[piece.file]
    var headers = options.headers
    if let background, !isProbe {
      let place = located[piece.file] ?? url
      let request = request(place, place.origin == url.origin ? headers : [:], piece)
      return (try await background.fetch(request, for: piece) { meter.add($0, of: piece) }, place)
    }
    for _ in 0..<Self.longestChain {
      let request = request(url, headers, piece)
      let got = try await transfers.fetch(request, for: piece, isProbe: isProbe) { meter.add($0, of: piece) }
      guard case .redirect(let next) = got.answer else { return (got, url) }
      guard options.allows(next) else {
        return (Fetched(answer: .refused("the server redirects to an address that is not https")), url)
      }
      // Not given back on the way home, either: who redirects could have it sent on.
      if next.origin != url.origin { headers = [:] }
      url = next
    }
    return (Fetched(answer: .refused("the server redirects too often")), url)
  }

  private func request(_ url: URL, _ headers: [String: String], _ piece: Piece) -> URLRequest {
    var request = URLRequest(
      url: url, cachePolicy: .reloadIgnoringLocalCacheData, timeoutInterval: Double(max(1, options.idleSeconds)))
    for (name, value) in headers { request.setValue(value, forHTTPHeaderField: name) }
    if !piece.isWhole { request.setValue(piece.range, forHTTPHeaderField: "Range") }
    // Ranges of compressed bytes would not be ranges of the file.
    request.setValue("identity", forHTTPHeaderField: "Accept-Encoding")
    return request
  }

  /// Waits before a piece is asked for again.
  ///
  /// - Throws: `RuntimeError.downloadFailed` where that would not help, or was tried often enough.
  private func wait(after answer: ServerAnswer, _ job: inout Job) async throws {
    let path = stage.version.files[job.piece.file].path
    var seconds: Double?
    job.failures += 1
    switch answer {
    case .refused(let reason): throw RuntimeError.downloadFailed(path, reason: reason)
    case .busy(let reason, let retryAfter):
      seconds = retryAfter
      if let retryAfter, retryAfter > options.retry.longestDelay {
        throw RuntimeError.downloadFailed(path, reason: "\(reason) and wants to be left alone for \(Int(retryAfter)) seconds")
      }
      if let retryAfter { pausedUntil = max(pausedUntil, ContinuousClock.now + .seconds(retryAfter)) }
      guard job.failures < options.retry.attempts else { throw RuntimeError.downloadFailed(path, reason: reason) }
    case .wrong(let reason):
      job.wrongAnswers += 1
      guard job.wrongAnswers < options.retry.wrongAnswers else { throw RuntimeError.downloadFailed(path, reason: reason) }
    case .dropped(let reason):
      guard job.failures < options.retry.attempts else { throw RuntimeError.downloadFailed(path, reason: reason) }
    case .piece, .wholeFile, .redirect: break
    }
    try await Task.sleep(for: .seconds(options.retry.delay(after: job.failures, retryAfter: seconds)))
  }

  /// A server that said when it wants to be asked again is not asked by any worker before.
  private func waitForPause() async throws {
    while ContinuousClock.now < pausedUntil { try await Task.sleep(until: pausedUntil, clock: .continuous) }
    try Task.checkCancellation()
  }

  private static let longestChain = 10
}
