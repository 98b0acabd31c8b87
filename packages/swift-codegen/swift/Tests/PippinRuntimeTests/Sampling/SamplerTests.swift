import Foundation
import PippinRuntime
import Testing

/// Weights are 1, 1/2, 1/4 and 1/4 of the largest: probabilities 2/8, 4/8, 1/8 and 1/8.
private let halves: [Float] = [log(2), log(4), log(1), log(1)]

private let workedExamples: [(Sampling, [Float])] = [
  (Sampling(temperature: 0.5), [4, 16, 1, 1]),
  (Sampling(temperature: 1, topK: 2), [1, 2, 0, 0]),
  (Sampling(temperature: 1, topK: 3), [2, 4, 1, 1]),
  (Sampling(temperature: 1, topP: 0.74), [1, 2, 0, 0]),
  (Sampling(temperature: 1, topP: 0.8), [2, 4, 1, 0]),
  (Sampling(temperature: 1, minP: 0.4), [1, 2, 0, 0]),
  (Sampling(temperature: 1, topK: 2, topP: 0.6), [0, 1, 0, 0]),
  (Sampling(temperature: 1, topP: 0.8, minP: 0.3), [1, 2, 0, 0]),
  (Sampling(), [0, 1, 0, 0]),
]

private let outOfRange: [(Sampling, String)] = [
  (Sampling(temperature: -1), "temperature must be at least 0"),
  (Sampling(temperature: .nan), "temperature must be at least 0"),
  (Sampling(topK: -1), "topK must be at least 0"),
  (Sampling(topP: 1.1), "topP must be from 0 to 1"),
  (Sampling(minP: -.infinity), "minP must be from 0 to 1"),
  (Sampling(repetitionPenalty: 0), "repetitionPenalty must be above 0"),
  (Sampling(frequencyPenalty: 3), "frequencyPenalty must be from -2 to 2"),
  (Sampling(presencePenalty: .nan), "presencePenalty must be from -2 to 2"),
]

@Suite struct SamplerTests {
  @Test(arguments: workedExamples)
  func probabilitiesAreThoseOfAWorkedExample(sampling: Sampling, parts: [Float]) {
    let found = withLogits(halves) { Sampler(sampling, prompt: []).probabilities($0) }
    let expected = parts.map { $0 / parts.reduce(0, +) }
    #expect(found.map(\.id) == expected.indices.filter { expected[$0] > 0 })
    for (id, probability) in found { #expect(abs(probability - expected[id]) < 1e-6) }
  }

  @Test func aSamplerRemembersWhatItChose() {
    let sampler = Sampler(Sampling(presencePenalty: 2), prompt: [0])
    #expect((0..<4).map { _ in withLogits([3, 2.5, 2]) { sampler.next($0) } } == [0, 1, 2, 0])
  }

  @Test func aTokenThatWasChosenElsewhereCountsToo() {
    let sampler = Sampler(Sampling(frequencyPenalty: 0.3), prompt: [])
    sampler.accept(0)
    #expect(withLogits([3, 2.5, 2]) { sampler.next($0) } == 0)
    sampler.accept(0)
    #expect(withLogits([3, 2.5, 2]) { sampler.next($0) } == 1)
  }

  @Test func thePromptCountsForTheRepetitionPenalty() {
    let sampler = Sampler(Sampling(repetitionPenalty: 2), prompt: [1, 1, 900, -1])
    #expect(withLogits([1, 1.5]) { sampler.next($0) } == 0)
    #expect(withLogits([-2, -1.5]) { Sampler(Sampling(repetitionPenalty: 2), prompt: [1]).next($0) } == 0)
  }

  @Test func askingForProbabilitiesChangesNothing() {
    let sampling = Sampling(temperature: 1, frequencyPenalty: 1, seed: 3)
    let (one, other) = (Sampler(sampling, prompt: []), Sampler(sampling, prompt: []))
    for _ in 0..<20 {
      withLogits([1, 2, 3, 2]) { logits in
        _ = one.probabilities(logits)
        #expect(one.next(logits) == other.next(logits))
      }
    }
  }

  @Test(arguments: [[1, .nan], [1, .infinity], [-.infinity, -.infinity], []] as [[Float]], [0, 1] as [Float])
  func aRowThatNothingCanBeChosenFromGivesNothing(row: [Float], temperature: Float) {
    let sampler = Sampler(Sampling(temperature: temperature), prompt: [])
    let logits = row + [0]
    logits.withUnsafeBytes { bytes in
      let logits = Logits(bytes.baseAddress!, count: row.count, format: .float32)
      #expect(sampler.next(logits) == nil)
      #expect(sampler.probabilities(logits).isEmpty)
    }
  }

  @Test func aTokenOfMinusInfinityIsNeverChosen() {
    let sampler = Sampler(Sampling(temperature: .infinity), prompt: [])
    #expect(Set((0..<100).map { _ in withLogits([-.infinity, 1, 2, -.infinity]) { sampler.next($0) } }) == [1, 2])
  }

  @Test func rowsMayDifferInLengthAndFormat() {
    let sampler = Sampler(Sampling(temperature: 1, topK: 1, repetitionPenalty: 1.5), prompt: [])
    let half: [UInt16] = [0x3c00, 0x4200, 0x4000, 0x3c00]
    #expect(withLogits([1, 2, 1.9]) { sampler.next($0) } == 1)
    #expect(half.withUnsafeBytes { sampler.next(Logits($0.baseAddress!, count: 4, format: .float16)) } == 2)
    #expect(withLogits([1.5, 2]) { sampler.next($0) } == 0)
  }

  @Test(arguments: outOfRange)
  func anOptionOutOfItsRangeIsNamedAndElseCountsAsNotGiven(sampling: Sampling, message: String) {
    #expect(throws: RuntimeError.unsupported(message)) { try sampling.validate() }
    #expect(withLogits(halves) { Sampler(sampling, prompt: [1]).next($0) } == 1)
  }

  @Test func optionsWithinTheirRangesAreValid() throws {
    try Sampling.greedy.validate()
    try Sampling(
      temperature: .infinity, topK: 5, topP: 0, minP: 1, repetitionPenalty: 0.1, frequencyPenalty: -2, presencePenalty: 2
    ).validate()
  }
}
