import Foundation
import PippinTokenizer
import Testing

/// Files that were cut off or changed: an error, or other ids, but never a crash.
@Suite struct HostileFileTests {
  @Test(arguments: Fixture.all)
  func aFileCutOffAnywhereIsRefused(_ fixture: Fixture) throws {
    let bytes = try fixture.bytes()
    var lengths = Array(0..<min(2048, bytes.count))
    lengths += stride(from: 2048, to: bytes.count, by: max(1, bytes.count / 200))
    for length in lengths {
      #expect(throws: TokenizerError.self) { try Tokenizer(Array(bytes[..<length])) }
    }
  }

  @Test(arguments: Fixture.all)
  func aChangedHeaderIsRefused(_ fixture: Fixture) throws {
    let bytes = try fixture.bytes()
    let sections = Int(bytes[12])
    for place in 0..<(64 + 32 * sections) {
      for bit in [0, 3, 7] {
        var changed = bytes
        changed[place] ^= 1 << bit
        #expect(throws: TokenizerError.self) { try Tokenizer(changed) }
      }
    }
  }

  @Test(arguments: Fixture.all)
  func aChangedBodyIsFoundByVerifyAndHarmlessWithout(_ fixture: Fixture) throws {
    let bytes = try fixture.bytes()
    var random = SplitMix(state: 7)
    for section in sections(of: bytes) where !section.isEmpty {
      for _ in 0..<60 {
        var changed = bytes
        for _ in 0..<Int.random(in: 1...4, using: &random) {
          changed[Int.random(in: section, using: &random)] ^= UInt8(1 << Int.random(in: 0..<8, using: &random))
        }
        if changed == bytes { continue }
        guard let tokenizer = try? Tokenizer(changed) else { continue }
        #expect(throws: TokenizerError.self) { try tokenizer.verify() }
        use(tokenizer)
      }
    }
  }

  private func sections(of bytes: [UInt8]) -> [Range<Int>] {
    func long(_ at: Int) -> Int { (0..<8).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) } }
    return (0..<Int(bytes[12])).map { number in
      let from = long(64 + 32 * number + 8)
      return from..<from + long(64 + 32 * number + 16)
    }
  }

  private func use(_ tokenizer: Tokenizer) {
    let ids = tokenizer.encode("Hello <|im_start|> wörld, 你好 👩‍🚀  12\n\n▁x e\u{301}")
    _ = tokenizer.decode(ids, skipsSpecialTokens: true)
    let stream = tokenizer.stream()
    for id in [0, 1, 5, 300, tokenizer.vocabSize - 1] { _ = stream.push(id) }
    _ = stream.finish()
    _ = tokenizer.token(3)
    _ = try? tokenizer.chatTemplate?.render([ChatMessage(role: "user", content: "Hi")])
  }
}
