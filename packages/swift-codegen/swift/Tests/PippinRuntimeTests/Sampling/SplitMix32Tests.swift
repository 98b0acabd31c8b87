import PippinRuntime
import Testing

@Suite struct SplitMix32Tests {
  /// From the same steps in Python's unbounded integers, masked to 32 bits.
  @Test func theNumbersOfASeedAreKnown() {
    var zero = SplitMix32(seed: 0)
    #expect((0..<4).map { _ in zero.next() } == [1_684_164_658, 3_653_269_916, 2_939_563_536, 2_141_751_570])
    var other = SplitMix32(seed: UInt32(bitPattern: -5))
    #expect((0..<4).map { _ in other.next() }.prefix(3) == [1_426_393_522, 69_271_245, 3_725_471_609])
  }

  @Test func aFractionIsTheNumberByTwoToThe32() {
    var random = SplitMix32(seed: 0)
    #expect(random.nextFraction() == 1_684_164_658.0 / 4_294_967_296.0)
  }
}
