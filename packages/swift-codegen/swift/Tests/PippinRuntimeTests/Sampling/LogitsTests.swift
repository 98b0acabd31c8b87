import Testing

@testable import PippinRuntime

/// Calls `body` with a row of Floats.
func withLogits<Result>(_ values: [Float], _ body: (Logits) -> Result) -> Result {
  values.withUnsafeBytes { body(Logits($0.baseAddress!, count: values.count, format: .float32)) }
}

/// Calls `body` with a row of halves, given by their bits.
private func withHalves<Result>(_ bits: [UInt16], stride: Int = 1, _ body: (Logits) -> Result) -> Result {
  bits.withUnsafeBytes { body(Logits($0.baseAddress!, count: bits.count / stride, format: .float16, stride: stride)) }
}

@Suite struct LogitsTests {
  @Test(
    arguments: [
      ([1, 3, 2], 1), ([3, 3], 0), ([-5], 0), ([-0.0, 0], 0), ([0, -0.0], 0), ([-1, -0.0, 0], 1), ([-.infinity, -9], 1),
      ([-9, -8, -8.5], 1),
      ([1, .nan], nil), ([-.nan, 1], nil), ([1, .infinity], nil), ([-.infinity, -.infinity], nil), ([.nan], nil),
    ] as [([Float], Int?)])
  func theMostLikelyIsTheFirstOfTheLargest(values: [Float], expected: Int?) {
    #expect(withLogits(values) { $0.mostLikely() } == expected)
  }

  @Test(
    arguments: [
      ([0x3c00, 0x4200, 0x4000], 1), ([0x8000, 0x0000], 0), ([0xfc00, 0xc880], 1), ([0x0001, 0x0002], 1), ([0x8002, 0x8001], 1),
      ([0x3c00, 0x7e00], nil), ([0xfe00, 0x3c00], nil), ([0x3c00, 0x7c00], nil), ([0xfc00], nil),
    ] as [([UInt16], Int?)])
  func halvesAreComparedByTheirBits(bits: [UInt16], expected: Int?) {
    #expect(withHalves(bits) { $0.mostLikely() } == expected)
  }

  @Test func noLogitsHaveNoMostLikelyOne() {
    let byte: [Float] = [1]
    #expect(byte.withUnsafeBytes { Logits($0.baseAddress!, count: 0, format: .float32).mostLikely() } == nil)
  }

  @Test func aStrideLeavesOutWhatLiesBetween() {
    let bits: [UInt16] = [0x3c00, 0x7e00, 0x4000, 0x7c00, 0x3800, 0x7e00]
    #expect(withHalves(bits, stride: 2) { $0.mostLikely() } == 1)
    var row: [Float] = [0, 0, 0]
    withHalves(bits, stride: 2) { $0.copy(to: &row) }
    #expect(row == [1, 2, 0.5])
  }
}
