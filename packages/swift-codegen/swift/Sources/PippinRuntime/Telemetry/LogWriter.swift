import Dispatch

/// Output tokens of a run, times since its start.
struct TokenBatch: Sendable {
  let run: String
  /// Output tokens of the run before these.
  var first: Int
  var times: [Int64] = []
  var counts: [Int] = []

  var lines: [UInt8] {
    var bytes: [UInt8] = []
    var i = first
    for (time, count) in zip(times, counts) {
      var line = JsonLine(kind: "token")
      line.add("run", run)
      line.add("i", i)
      line.add("t_ns", time)
      line.add("n", count)
      bytes += line.line
      i += count
    }
    return bytes
  }
}

/// What is written, in the order in which it happened.
enum LogEntry: Sendable {
  /// A device or a model: each file of the session repeats it.
  case head(JsonLine)
  case line(JsonLine)
  case tokens(TokenBatch)
  /// Between these the file is not changed for another.
  case runBegan, runEnded

  /// Few, and without them the rest cannot be read: they are kept beyond the limit.
  var isHead: Bool {
    if case .head = self { true } else { false }
  }

  /// Lines of the file.
  var count: Int {
    switch self {
    case .head, .line: 1
    case .tokens(let batch): batch.times.count
    case .runBegan, .runEnded: 0
    }
  }

  /// Bytes that it takes, encoded; of tokens about that.
  var bytes: Int {
    switch self {
    case .head(let line), .line(let line): line.count
    case .tokens(let batch): batch.times.count * 80
    case .runBegan, .runEnded: 0
    }
  }
}

/// Takes records at once and writes them on a queue of its own.
final class LogWriter: @unchecked Sendable {
  private struct Pending {
    var entries: [LogEntry] = []
    var bytes = 0
    var lostLines = 0
    var isScheduled = false
  }

  private let queue = DispatchQueue(label: "pippin.telemetry", qos: .utility)
  private let pending = Locked(Pending())
  private let limits: LogLimits
  private let session: @Sendable (Int) -> JsonLine
  private let now: @Sendable () -> Int64

  // These belong to the queue.
  private let file: LogFile
  private var heads: [UInt8] = []
  private var unwritten: [UInt8] = []
  private var lostLines = 0
  private var openRuns = 0

  /// - Parameters:
  ///   - session: the session's record, for the number of a file.
  ///   - now: nanoseconds since the session's anchor.
  init(file: LogFile, limits: LogLimits, session: @escaping @Sendable (Int) -> JsonLine, now: @escaping @Sendable () -> Int64) {
    self.file = file
    self.limits = limits
    self.session = session
    self.now = now
  }

  /// Costs an append; the work is done on the queue.
  func write(_ entry: LogEntry) {
    let schedules = pending.with { pending in
      if pending.bytes + entry.bytes > limits.pendingBytes, !entry.isHead {
        pending.lostLines += entry.count
        return false
      }
      pending.entries.append(entry)
      pending.bytes += entry.bytes
      defer { pending.isScheduled = true }
      return !pending.isScheduled
    }
    if schedules { queue.async { self.drain() } }
  }

  /// Waits until all that was given before is written, or could not be.
  func flush() async {
    await withCheckedContinuation { done in
      queue.async {
        self.drain()
        done.resume()
      }
    }
  }

  private func drain() {
    let taken = pending.with { pending in
      defer { pending = Pending() }
      return pending
    }
    lostLines += taken.lostLines
    // A file that cannot be opened is met again when the lines are written.
    try? file.open(head: head)
    for entry in taken.entries { take(entry) }
    writeOut()
  }

  private func take(_ entry: LogEntry) {
    switch entry {
    case .head(let line):
      heads += line.line
      unwritten += line.line
    case .line(let line): keep(line.line, lines: 1)
    case .tokens(let batch): keep(batch.lines, lines: batch.times.count)
    case .runBegan: openRuns += 1
    case .runEnded: openRuns -= 1
    }
    if openRuns == 0, file.size + unwritten.count > limits.fileBytes, writeOut() {
      file.rotate()
      try? file.open(head: head)
    }
  }

  private func keep(_ bytes: [UInt8], lines: Int) {
    if unwritten.count + bytes.count > limits.pendingBytes {
      lostLines += lines
    } else {
      unwritten += bytes
    }
  }

  /// - Returns: whether nothing is left to write.
  @discardableResult private func writeOut() -> Bool {
    do {
      try file.open(head: head)
      if !unwritten.isEmpty { try file.append(unwritten) }
      unwritten = []
      if lostLines > 0 { try file.append(lost().line) }
      lostLines = 0
      return true
    } catch {
      // The lines stay, up to their limit; the next write tries again.
      return false
    }
  }

  private func head(_ part: Int) -> [UInt8] { session(part).line + heads }

  private func lost() -> JsonLine {
    var line = JsonLine(kind: "diagnostic")
    line.add("t_ns", now())
    line.add("type", "log_lines_lost")
    line.add("message", "\(lostLines) lines could not be written")
    line.add("lines", lostLines)
    return line
  }
}
