#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Bytes that stay where they are and do not change: a file mapped read-only, or a copy of an array.
///
/// Mapped pages are clean: the system can drop them at any time, and they do not count as the app's memory.
final class MappedFile: @unchecked Sendable {
  // Safe to share: nothing writes to the bytes after `init`.
  let bytes: UnsafeRawBufferPointer
  private let isMapped: Bool

  init(path: String) throws {
    let file = open(path, O_RDONLY)
    guard file >= 0 else { throw TokenizerError.unreadable(path: path, errno: errno) }
    defer { close(file) }
    var status = stat()
    guard fstat(file, &status) == 0 else { throw TokenizerError.unreadable(path: path, errno: errno) }
    let count = Int(status.st_size)
    guard count >= Layout.headerBytes else { throw TokenizerError.broken("the file is cut off") }
    guard let start = mmap(nil, count, PROT_READ, MAP_PRIVATE, file, 0), start != MAP_FAILED else {
      throw TokenizerError.unreadable(path: path, errno: errno)
    }
    // The first words of a cold file need pages from all over it.
    madvise(start, count, Int32(MADV_WILLNEED))
    bytes = UnsafeRawBufferPointer(start: start, count: count)
    isMapped = true
  }

  init(copying array: [UInt8]) {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, array.count), alignment: Layout.alignment)
    copy.copyBytes(from: array)
    bytes = UnsafeRawBufferPointer(start: copy.baseAddress, count: array.count)
    isMapped = false
  }

  deinit {
    guard let start = bytes.baseAddress else { return }
    if isMapped {
      munmap(UnsafeMutableRawPointer(mutating: start), bytes.count)
    } else {
      UnsafeMutableRawPointer(mutating: start).deallocate()
    }
  }
}
