import Foundation

/// A call of the system for a file that failed.
struct DiskError: Error, Equatable {
  var name: String
  var code: Int32

  /// The disk, or what the user may have of it, is full.
  var isFull: Bool { code == ENOSPC || code == EDQUOT }
  var reason: String { String(cString: strerror(code)) }

  init(name: String, code: Int32) { (self.name, self.code) = (name, code) }

  /// The one behind an error of Foundation's that says that the disk is full; nil for others.
  init?(_ error: any Error) {
    let error = error as NSError
    let codes: [String: [Int]] = [
      NSPOSIXErrorDomain: [Int(ENOSPC), Int(EDQUOT)],
      NSCocoaErrorDomain: [CocoaError.fileWriteOutOfSpace.rawValue],
      // A download task has no better word for it.
      NSURLErrorDomain: [NSURLErrorCannotWriteToFile],
    ]
    if codes[error.domain]?.contains(error.code) == true {
      self.init(name: "the download", code: ENOSPC)
    } else if let inner = error.userInfo[NSUnderlyingErrorKey] as? any Error {
      self.init(inner)
    } else {
      return nil
    }
  }
}

/// A file that is read and written at any place. Not by FileHandle, whose errors on Linux do not tell a full disk from others.
final class DiskFile {
  private let descriptor: Int32
  private let name: String

  /// Opens a file that is there. A link is refused: models have none, and one could lead anywhere.
  init(reading url: URL) throws {
    (descriptor, name) = (try Self.opened(url, O_RDONLY), url.lastPathComponent)
  }

  /// Opens a file for reading and writing, and makes it, and the folders around it, where they are not there.
  init(updating url: URL) throws {
    try FileManager.default.createDirectory(at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    (descriptor, name) = (try Self.opened(url, O_RDWR | O_CREAT), url.lastPathComponent)
  }

  deinit { close(descriptor) }

  private static func opened(_ url: URL, _ flags: Int32) throws -> Int32 {
    let descriptor = url.withUnsafeFileSystemRepresentation { path in
      path.map { open($0, flags | O_NOFOLLOW | O_CLOEXEC, 0o644) } ?? -1
    }
    guard descriptor >= 0 else { throw DiskError(name: url.lastPathComponent, code: errno) }
    return descriptor
  }

  // By seeking, not by stat: Apple wants a reason stated for calls that could tell a file's times.
  var byteCount: Int64 { Int64(lseek(descriptor, 0, SEEK_END)) }

  /// Cuts off what follows `byteCount`, or adds zeros.
  func setByteCount(_ byteCount: Int64) throws {
    guard ftruncate(descriptor, off_t(byteCount)) == 0 else { throw failure() }
  }

  /// Calls `body` with the bytes of a part, at most 1 MiB at a time.
  ///
  /// - Returns: false where the file ends before.
  func forEachBlock(from offset: Int64, count: Int64, _ body: (UnsafeRawBufferPointer) throws -> Void) throws -> Bool {
    let size = Int(min(count, Self.blockBytes))
    guard size > 0 else { return true }
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
    defer { buffer.deallocate() }
    var (at, left) = (offset, count)
    while left > 0 {
      let got = pread(descriptor, buffer.baseAddress, Int(min(left, Self.blockBytes)), off_t(at))
      if got < 0 {
        if errno == EINTR { continue }
        throw failure()
      }
      if got == 0 { return false }
      try body(UnsafeRawBufferPointer(rebasing: buffer[..<got]))
      at += Int64(got)
      left -= Int64(got)
    }
    return true
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int64) throws {
    var done = 0
    while done < bytes.count {
      let wrote = pwrite(descriptor, bytes.baseAddress! + done, bytes.count - done, off_t(offset) + off_t(done))
      if wrote < 0 {
        if errno == EINTR { continue }
        throw failure()
      }
      done += wrote
    }
  }

  /// Returns when the bytes are on the disk, so that a rename that follows does not overtake them.
  func synchronize() throws {
    guard fsync(descriptor) == 0 else { throw failure() }
  }

  private func failure() -> DiskError { DiskError(name: name, code: errno) }

  private static let blockBytes: Int64 = 1 << 20
}

/// Where files are read and written, so that no task of Swift's few threads waits for the disk. In the order of the calls.
enum Disk {
  private static let queue = DispatchQueue(label: "pippin.delivery", qos: .utility)

  static func run<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
    try await withCheckedThrowingContinuation { continuation in
      queue.async { continuation.resume(with: Result { try work() }) }
    }
  }
}
