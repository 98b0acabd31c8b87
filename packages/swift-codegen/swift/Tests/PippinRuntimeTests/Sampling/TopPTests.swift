import Testing

@testable import PippinRuntime

private func kept(_ weights: [Float], _ share: Float, logits: [Float]? = nil) -> [Int] {
  var row = weights
  (logits ?? weights).withUnsafeBufferPointer { logits in
    row.withUnsafeMutableBufferPointer { keepShare($0, logits: logits, share: share) }
  }
  return row.indices.filter { row[$0] > 0 }
}

@Suite struct TopPTests {
  /// Weights of 4/8, 2/8, 1/8, 1/8 of the sum: a token stays while those before it have less than the share.
  @Test(
    arguments: [
      (0, [2]), (0.5, [2]), (0.5001, [0, 2]), (0.75, [0, 2]), (0.76, [0, 1, 2]), (0.875, [0, 1, 2]), (0.88, [0, 1, 2, 3]),
    ] as [(Float, [Int])])
  func theShareOfThoseBeforeDecides(share: Float, expected: [Int]) {
    #expect(kept([0.5, 0.25, 1, 0.25], share) == expected)
  }

  @Test func ofEqualWeightsTheHigherLogitStaysThenTheLowerId() {
    #expect(kept([1, 1, 1, 1], 0.5) == [0, 1])
    #expect(kept([1, 1, 1, 1], 0.5, logits: [1, 2, 2, 3]) == [1, 3])
  }

  @Test func weightsThatBeginWithTheSameBitsAreToldApart() {
    let step: Float = 0x1p-24
    let weights = [1 - 3 * step, 1 - step, 1 - 4 * step, 1 - 2 * step]
    #expect(kept(weights, 0.25) == [1])
    #expect(kept(weights, 0.5) == [1, 3])
    #expect(kept(weights, 0.75) == [0, 1, 3])
  }

  /// Weights of 8 significant bits and exponents of 0 to -20, whose sums are exact, so that equal sums are equal.
  @Test func anyWeightsOfAFewBitsGiveExactlyWhatAFullSortGives() {
    var random = SplitMix32(seed: 9)
    for _ in 0..<500 {
      let weights =
        [1]
        + (0..<(1 + random.next() % 80)).map { _ in
          Float(random.next() % 256) * Float(sign: .plus, exponent: -8 - Int(random.next() % 21), significand: 1)
        }
      let share = Float(random.next() % 256) / 256
      let order = weights.indices.sorted { (weights[$1], $0) < (weights[$0], $1) }
      let target = Double(share) * weights.reduce(0) { $0 + Double($1) }
      var before = 0.0
      let expected = order.enumerated().filter { place, id in
        defer { before += Double(weights[id]) }
        return place == 0 || (weights[id] > 0 && before < target)
      }
      #expect(kept(weights, share) == expected.map(\.element).sorted())
    }
  }
}
