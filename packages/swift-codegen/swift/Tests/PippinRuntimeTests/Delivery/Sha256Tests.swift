import Foundation
import Testing

@testable import PippinRuntime

@Suite struct Sha256Tests {
  /// From NIST's examples of SHA-256 and FIPS 180-2, appendix B.
  static let vectors: [(text: String, hex: String)] = [
    ("", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
    ("abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
    (
      "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"
    ),
    (
      "abcdefghbcdefghicdefghijdefghijkefghijklfghijklmghijklmnhijklmnoijklmnopjklmnopqklmnopqrlmnopqrsmnopqrstnopqrstu",
      "cf5b16a778af8380036ce59e7b0492370b249b11e8f07a51afac45037afee9d1"
    ),
    (String(repeating: "a", count: 1_000_000), "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"),
  ]

  @Test(arguments: vectors.indices) func theVectorsOfNISTComeOut(_ index: Int) {
    let (text, hex) = Self.vectors[index]
    #expect(digest(Array(text.utf8), parts: [text.utf8.count]) == hex)
    #expect(FileHash.of(text) == hex)
  }

  @Test func piecesOfAnySizeGiveTheSameDigest() {
    let bytes = (0..<300).map { UInt8(truncatingIfNeeded: $0 &* 7) }
    let whole = digest(bytes, parts: [300])
    for first in 0...130 {
      #expect(digest(bytes, parts: [first, 1, 299 - first]) == whole)
    }
    #expect(digest(bytes, parts: Array(repeating: 1, count: 300)) == whole)
  }

  private func digest(_ bytes: [UInt8], parts: [Int]) -> String {
    var hash = Sha256()
    var at = 0
    for count in parts {
      bytes[at..<at + count].withUnsafeBytes { hash.update($0) }
      at += count
    }
    return hash.finalize().map { String(format: "%02x", $0) }.joined()
  }
}
