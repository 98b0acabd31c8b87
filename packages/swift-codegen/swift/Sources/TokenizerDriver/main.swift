// Answers questions about a tokenizer file, for tests: JSON Lines in, JSON Lines out.
//
//     TokenizerDriver answer        {"open"} · {"text"} · {"ids"}, as tools/oracles/tokenizers.ts,
//                                   {"program", "variables", "now"}, as tools/oracles/templates.ts
//     TokenizerDriver time FILE [TEXT]
import Foundation
import PippinTokenizer

struct Answer: Encodable {
  var error: String?
  var ids: [Int]?
  var special: [Int]?
  var decoded: String?
  var skipped: String?
  var streamed: String?
  var text: String?
}

extension JsonValue {
  var text: String? {
    if case .string(let text) = self { return text }
    return nil
  }

  var ids: [Int]? {
    guard case .array(let items) = self else { return nil }
    return items.compactMap { item in
      if case .int(let id) = item { return id }
      return nil
    }
  }

  var members: [Member] {
    if case .object(let members) = self { return members }
    return []
  }
}

/// "2025-02-03T04:05:06" in local time.
func localTime(_ text: String) -> Date {
  let numbers = text.split { "-T:".contains($0) }.compactMap { Int($0) }
  guard numbers.count == 6 else { return Date() }
  let parts = DateComponents(
    year: numbers[0], month: numbers[1], day: numbers[2], hour: numbers[3], minute: numbers[4], second: numbers[5])
  return Calendar(identifier: .gregorian).date(from: parts) ?? Date()
}

func render(_ path: String, _ question: JsonValue) throws -> Answer {
  let program = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
  let now = localTime(question["now"]?.text ?? "")
  do {
    return Answer(text: try runTemplate(program, variables: question["variables"]?.members ?? [], now: now))
  } catch TokenizerError.templateRefused(_) {
    return Answer(error: "TOKENIZER_TEMPLATE_REFUSED")
  } catch TokenizerError.templateFailed(_) {
    return Answer(error: "TOKENIZER_TEMPLATE_BROKEN")
  }
}

func answers() {
  var tokenizer: Tokenizer?
  let encoder = JSONEncoder()
  while let line = readLine() {
    var answer = Answer()
    do {
      let question = try JsonValue(parsing: line)
      if let path = question["program"]?.text {
        answer = try render(path, question)
      } else if let path = question["open"]?.text {
        tokenizer = nil
        let opened = try Tokenizer(contentsOf: URL(fileURLWithPath: path))
        try opened.verify()
        tokenizer = opened
      } else if let tokenizer {
        if let text = question["text"]?.text {
          answer.ids = tokenizer.encode(text, addsSpecialTokens: false)
          answer.special = tokenizer.encode(text)
        }
        if let ids = question["ids"]?.ids {
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
  let again = try seconds { _ = try Tokenizer(contentsOf: URL(fileURLWithPath: path)) }
  let first = seconds { _ = tokenizer.encode("Hello") }
  var best = Double.infinity
  var count = 0
  if !text.isEmpty {
    for _ in 0..<5 { best = min(best, seconds { count = tokenizer.encodeIds(text).count }) }
  }
  let rate = text.isEmpty ? 0 : Double(text.utf8.count) / best / 1e6
  print(
    "{\"openMs\":\(opening * 1e3),\"openAgainMs\":\(again * 1e3),\"firstMs\":\(first * 1e3),\"megabytesPerSecond\":\(rate),\"ids\":\(count)}"
  )
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
