import Foundation
import Testing

@testable import PippinRuntime

@Suite struct FloatExpTests {
  /// Every 1,009th Float from -2^-30 to -87, the smallest magnitude first.
  private let inputs = stride(from: Float(-0x1p-30).bitPattern, through: Float(-87).bitPattern, by: 1009)
    .map { Float(bitPattern: $0) }

  @Test func resultsAreWithin99HundredthsOfAnUlp() {
    let worst = inputs.map { x in
      let exact = exp(Double(x))
      return abs(Double(floatExp(x)) - exact) / Double(Float(exact).ulp)
    }.max()
    #expect(inputs.count > 100_000)
    #expect(worst! > 0.5 && worst! < 0.99)
  }

  @Test func aSmallerNumberHasNoLargerResult() {
    let results = inputs.map(floatExp)
    #expect(zip(results, results.dropFirst()).allSatisfy { $0 >= $1 })
    #expect(inputs.allSatisfy { floatExp($0.nextDown) <= floatExp($0) })
  }

  @Test func zeroAndNumbersNearItGiveExactlyOne() {
    #expect([0, -0.0, -.leastNonzeroMagnitude, -1e-10].map(floatExp) == [1, 1, 1, 1])
  }

  @Test func resultsThatWouldNotBeNormalNumbersAreZero() {
    #expect([Float(-87).nextDown, -100, -3e38, -.infinity, .nan].map(floatExp) == [0, 0, 0, 0, 0])
    #expect(floatExp(-87) > .leastNormalMagnitude)
  }
}
