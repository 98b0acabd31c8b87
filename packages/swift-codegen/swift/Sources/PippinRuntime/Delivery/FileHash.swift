import Foundation

#if canImport(CryptoKit)
  import CryptoKit
#endif

/// The sha256 of bytes that come in pieces, by CryptoKit where there is one: phones have instructions for it.
struct FileHash {
  #if canImport(CryptoKit)
    private var hash = SHA256()
  #else
    private var hash = Sha256()
  #endif

  mutating func update(_ bytes: UnsafeRawBufferPointer) {
    #if canImport(CryptoKit)
      hash.update(bufferPointer: bytes)
    #else
      hash.update(bytes)
    #endif
  }

  /// In lower-case hex. Nothing may be added afterwards.
  mutating func finish() -> String {
    let digits = Array("0123456789abcdef".utf8)
    let text = hash.finalize().flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
    return String(decoding: text, as: UTF8.self)
  }

  /// The sha256 of a text's UTF-8.
  static func of(_ text: String) -> String {
    var hash = FileHash()
    Array(text.utf8).withUnsafeBytes { hash.update($0) }
    return hash.finish()
  }

  /// The sha256 of a part of a file, read in pieces of 1 MiB; nil where the file ends before.
  static func of(_ file: DiskFile, from offset: Int64, count: Int64) throws -> String? {
    var hash = FileHash()
    let whole = try file.forEachBlock(from: offset, count: count) { hash.update($0) }
    return whole ? hash.finish() : nil
  }
}
