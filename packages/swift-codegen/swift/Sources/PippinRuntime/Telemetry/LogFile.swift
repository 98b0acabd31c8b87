import Foundation

/// How much a log may take.
public struct LogLimits: Sendable, Equatable {
  /// A session goes on in another file when one is larger. A run is never cut in two, so that a file may be longer by one run.
  public var fileBytes: Int
  /// The oldest files are removed when all files of the folder take more.
  public var folderBytes: Int
  /// What is held in memory while the disk takes nothing. Lines beyond are lost, and counted.
  public var pendingBytes: Int

  public init(fileBytes: Int = 4 << 20, folderBytes: Int = 32 << 20, pendingBytes: Int = 1 << 20) {
    self.fileBytes = fileBytes
    self.folderBytes = folderBytes
    self.pendingBytes = pendingBytes
  }
}

/// The files of one session in a folder. Holds whole lines, whatever fails. Belongs to one queue.
final class LogFile {
  private static let prefix = "pippin-"
  private static let suffix = ".jsonl"

  private let folder: URL
  private let session: String
  private let limits: LogLimits
  private var handle: FileHandle?
  private(set) var part = 1
  /// Bytes of whole lines in the present part.
  private(set) var size = 0

  /// - Parameter session: names the files; sorts by time.
  init(folder: URL, session: String, limits: LogLimits) {
    self.folder = folder
    self.session = session
    self.limits = limits
  }

  /// Logs of a folder, the oldest first.
  static func all(in folder: URL) -> [URL] {
    let files = try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
    return (files ?? [])
      .filter { $0.lastPathComponent.hasPrefix(prefix) && $0.lastPathComponent.hasSuffix(suffix) }
      .sorted { $0.lastPathComponent < $1.lastPathComponent }
  }

  private var url: URL {
    let number = String(part)
    return folder.appendingPathComponent(
      Self.prefix + session + "-" + String(repeating: "0", count: max(0, 3 - number.count)) + number + Self.suffix)
  }

  /// Opens the present part where it is not open.
  ///
  /// - Parameter head: what a file begins with, for the number of a part.
  /// - Throws: what the file system says; the next call tries again.
  func open(head: (Int) -> [UInt8]) throws {
    guard handle == nil else { return }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    if !FileManager.default.fileExists(atPath: url.path) {
      guard FileManager.default.createFile(atPath: url.path, contents: nil) else {
        throw CocoaError(.fileWriteUnknown)
      }
      FileSettings.apply(toLog: url)
      removeOldFiles()
    }
    let opened = try FileHandle(forWritingTo: url)
    let end = try opened.seekToEnd()
    // Behind the last whole line lies what a failed write left.
    if end > UInt64(size) { try opened.truncate(atOffset: UInt64(size)) }
    size = min(size, Int(end))
    handle = opened
    if size == 0 { try append(head(part)) }
  }

  /// Appends whole lines, or nothing.
  func append(_ lines: [UInt8]) throws {
    guard let handle else { throw CocoaError(.fileNoSuchFile) }
    do {
      try handle.write(contentsOf: Data(lines))
      size += lines.count
    } catch {
      try? handle.truncate(atOffset: UInt64(size))
      close()
      throw error
    }
  }

  /// Ends the present part; the next call of `open` begins another.
  func rotate() {
    close()
    part += 1
    size = 0
  }

  private func close() {
    try? handle?.close()
    handle = nil
  }

  private func removeOldFiles() {
    let files = Self.all(in: folder)
    var total = files.reduce(0) { $0 + bytes(of: $1) }
    for file in files where total > limits.folderBytes && file.lastPathComponent != url.lastPathComponent {
      total -= bytes(of: file)
      try? FileManager.default.removeItem(at: file)
    }
  }

  private func bytes(of file: URL) -> Int {
    let attributes = try? FileManager.default.attributesOfItem(atPath: file.path)
    return (attributes?[.size] as? NSNumber)?.intValue ?? 0
  }
}
