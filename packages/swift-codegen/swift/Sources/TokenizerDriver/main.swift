// Answers questions about a tokenizer file, for tests: JSON Lines in, JSON Lines out.
//
//     TokenizerDriver answer        {"open"} · {"text"} · {"ids"}, as tools/oracles/tokenizers.ts
//     TokenizerDriver time FILE [TEXT]
import Foundation
import PippinTokenizer

struct Question: Decodable {
  var open: String?
  var text: String?
  var ids: [Int]?
}

struct Answer: Encodable {
  var error: String?
  var ids: [Int]?
  var special: [Int]?
  var decoded: String?
  var skipped: String?
  var streamed: String?
}

func answers() {
  var tokenizer: Tokenizer?
  let encoder = JSONEncoder()
  let decoder = JSONDecoder()
  while let line = readLine() {
    var answer = Answer()
    do {
      let question = try decoder.decode(Question.self, from: Data(line.utf8))
      if let path = question.open {
        tokenizer = nil
        let opened = try Tokenizer(contentsOf: URL(fileURLWithPath: path))
        try opened.verify()
        tokenizer = opened
      } else if let tokenizer {
        if let text = question.text {
          answer.ids = tokenizer.encode(text, addsSpecialTokens: false)
          answer.special = tokenizer.encode(text)
        }
        if let ids = question.ids {
          answer.decoded = tokenizer.decode(ids)
          answer.skipped = tokenizer.decode(ids, skipsSpecialTokens: true)
          let stream = tokenizer.stream()
          answer.streamed = ids.map { stream.push($0) }.joined() + stream.finish()
        }
      } else {
        answer.error = "no tokenizer is open"
      }
    } catch {
      answer.error = "\(error)"
    }
    let json = (try? encoder.encode(answer)) ?? Data("{}".utf8)
    FileHandle.standardOutput.write(json + Data("\n".utf8))
  }
}

func seconds(_ work: () throws -> Void) rethrows -> Double {
  let clock = ContinuousClock()
  let time = try clock.measure(work)
  return Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
}

func times(_ path: String, _ text: String) throws {
  var tokenizer: Tokenizer?
  let opening = try seconds { tokenizer = try Tokenizer(contentsOf: URL(fileURLWithPath: path)) }
  guard let tokenizer else { return }
  let first = seconds { _ = tokenizer.encode("Hello") }
  var best = Double.infinity
  var count = 0
  if !text.isEmpty {
    for _ in 0..<5 { best = min(best, seconds { count = tokenizer.encodeIds(text).count }) }
  }
  let rate = text.isEmpty ? 0 : Double(text.utf8.count) / best / 1e6
  print("{\"openMs\":\(opening * 1e3),\"firstMs\":\(first * 1e3),\"megabytesPerSecond\":\(rate),\"ids\":\(count)}")
}

let arguments = CommandLine.arguments
switch arguments.dropFirst().first {
case "answer": answers()
case "time" where arguments.count > 2:
  let text = arguments.count > 3 ? try String(contentsOfFile: arguments[3], encoding: .utf8) : ""
  try times(arguments[2], text)
default:
  print("usage: TokenizerDriver answer | time FILE [TEXT]")
  exit(2)
}
