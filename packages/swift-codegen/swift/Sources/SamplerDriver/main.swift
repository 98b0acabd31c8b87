// Answers questions about samplers, for tests: JSON Lines in, JSON Lines out, as tools/oracles/sampler.ts.
//
//     SamplerDriver answer
//     SamplerDriver time [COUNT]      milliseconds of one token, of a row with COUNT logits
import Foundation
import PippinRuntime

/// A file of rows of logits, and what to do with them.
struct Question: Decodable {
  var file: String
  /// `float16` or `float32`.
  var format: String
  var count: Int
  var rows: Int
  /// From one logit to the next; rows lie `count * stride` elements apart.
  var stride: Int
  var sampling: Sampling
  var prompt: [Int]
  /// Tokens that were chosen before.
  var answer: [Int]
  /// Tokens to choose, from the rows in turn; 0: the probabilities of the first row.
  var draws: Int
}

struct Answer: Encodable {
  var ids: [Int]
  var probabilities: [Float]?
}

func answer(_ question: Question) throws -> Answer {
  let data = try Data(contentsOf: URL(fileURLWithPath: question.file))
  let (format, size) = question.format == "float16" ? (Logits.Format.float16, 2) : (.float32, 4)
  let rowBytes = question.count * question.stride * size
  guard rowBytes > 0, data.count >= rowBytes * question.rows else { throw CocoaError(.fileReadCorruptFile) }
  let sampler = Sampler(question.sampling, prompt: question.prompt)
  question.answer.forEach(sampler.accept)
  return data.withUnsafeBytes { bytes in
    let rows = (0..<question.rows).map { row in
      Logits(bytes.baseAddress! + row * rowBytes, count: question.count, format: format, stride: question.stride)
    }
    if question.draws > 0 { return Answer(ids: (0..<question.draws).map { sampler.next(rows[$0 % rows.count]) ?? -1 }) }
    let candidates = sampler.probabilities(rows[0])
    return Answer(ids: candidates.map(\.id), probabilities: candidates.map(\.probability))
  }
}

func answers() throws {
  let (decoder, encoder) = (JSONDecoder(), JSONEncoder())
  while let line = readLine() {
    let question = try decoder.decode(Question.self, from: Data(line.utf8))
    FileHandle.standardOutput.write(try encoder.encode(answer(question)) + Data("\n".utf8))
  }
}

/// Bits of a half of a positive normal number below 65,504.
func half(_ value: Float) -> UInt16 {
  let bits = value.magnitude.bitPattern &- (112 << 23)
  return UInt16(truncatingIfNeeded: bits >> 13) | (value < 0 ? 0x8000 : 0)
}

func times(count: Int) {
  var random = SplitMix32(seed: 1)
  // The sum of three uniform numbers is near a normal distribution, of deviation 2 here: about as flat as logits get.
  let values = (0..<count).map { _ in
    Float((0..<3).reduce(0.0) { sum, _ in sum + 4 * random.nextFraction() } - 6) + 0x1p-14
  }
  let halves = values.map(half)
  let options: [(String, Sampling)] = [
    ("greedy", .greedy), ("temperature", Sampling(temperature: 1)), ("topK", Sampling(temperature: 1, topK: 40)),
    ("topP", Sampling(temperature: 1, topP: 0.95)), ("flatTopP", Sampling(temperature: 3, topP: 0.95)),
    ("all", Sampling(temperature: 0.8, topK: 200, topP: 0.95, minP: 0.02, repetitionPenalty: 1.1, frequencyPenalty: 0.1)),
    ("penalizedGreedy", Sampling(repetitionPenalty: 1.1)),
  ]
  for (name, sampling) in options {
    let sampler = Sampler(sampling, prompt: Array(0..<1000))
    let times = halves.withUnsafeBytes { bytes in
      (0..<50).map { _ in
        ContinuousClock().measure { _ = sampler.next(Logits(bytes.baseAddress!, count: count, format: .float16)) }
      }
    }
    let median = times.sorted()[times.count / 2] / .milliseconds(1)
    print("{\"what\":\"\(name)\",\"count\":\(count),\"medianMs\":\(median)}")
  }
}

let arguments = CommandLine.arguments.dropFirst()
switch arguments.first {
case "answer": try answers()
case "time": times(count: arguments.dropFirst().first.flatMap { Int($0) } ?? 151_936)
default:
  print("usage: SamplerDriver answer | time [COUNT]")
  exit(2)
}
