import Testing

@testable import PippinRuntime

@Suite struct TopKTests {
  @Test(arguments: [(1, 7), (2, 3), (3, 3), (4, 0), (5, -2.5), (6, -.infinity)] as [(Int, Float)])
  func theKthLargestIsThatOfASort(k: Int, expected: Float) {
    let values: [Float] = [3, -2.5, 7, -.infinity, 0, 3]
    #expect(values.withUnsafeBufferPointer { kthLargest($0, k) } == expected)
  }

  @Test func anyValuesGiveWhatSortingThemGives() {
    var random = SplitMix32(seed: 5)
    for _ in 0..<500 {
      // Any bits but those of NaN, a few of them twice.
      var values = (0..<(1 + random.next() % 60)).map { _ in Float(bitPattern: random.next()) }.map { $0.isNaN ? 0 : $0 }
      values += values.prefix(3)
      let sorted = values.sorted(by: >)
      let k = 1 + Int(random.next()) % values.count
      #expect(values.withUnsafeBufferPointer { kthLargest($0, k) } == sorted[k - 1])
    }
  }
}
