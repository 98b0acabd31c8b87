import Foundation
import PippinTokenizer
import Testing

/// A small tokenizer and the answers that it must give.
struct Fixture: CustomTestStringConvertible {
  static let all = ["byte-level", "llama3", "sentencepiece"].map(Fixture.init)

  let name: String
  var testDescription: String { name }
  var url: URL { Bundle.module.url(forResource: name, withExtension: "pippin", subdirectory: "Fixtures")! }

  func bytes() throws -> [UInt8] { [UInt8](try Data(contentsOf: url)) }
  func open() throws -> Tokenizer { try Tokenizer(contentsOf: url) }

  func questions() throws -> [JsonValue] {
    let file = Bundle.module.url(forResource: name, withExtension: "jsonl", subdirectory: "Fixtures")!
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { try JsonValue(parsing: String($0)) }
  }
}

extension JsonValue {
  var text: String? {
    if case .string(let text) = self { return text }
    return nil
  }

  var items: [JsonValue]? {
    if case .array(let items) = self { return items }
    return nil
  }

  var ids: [Int]? {
    items?.compactMap { item in
      if case .int(let id) = item { return id }
      return nil
    }
  }

  var isTrue: Bool { self == .bool(true) }
}

/// "2025-02-03T04:05:06" in local time.
func localTime(_ text: String) -> Date {
  let numbers = text.split { "-T:".contains($0) }.compactMap { Int($0) }
  let parts = DateComponents(
    year: numbers[0], month: numbers[1], day: numbers[2], hour: numbers[3], minute: numbers[4], second: numbers[5])
  return Calendar(identifier: .gregorian).date(from: parts)!
}

/// The same numbers for the same seed.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
    return z ^ (z >> 31)
  }
}
