import Testing

@testable import PippinRuntime

@Suite struct HalfFloatTests {
  #if !((os(macOS) || targetEnvironment(macCatalyst)) && arch(x86_64))
    @Test func allHalvesHaveTheBitsThatTheCompilersTypeGives() {
      let wrong = (UInt16.min...UInt16.max).filter { bits in
        let expected = Float(Float16(bitPattern: bits))
        let found = floatFromHalf(bits)
        return expected.isNaN ? !found.isNaN : found.bitPattern != expected.bitPattern
      }
      #expect(wrong.isEmpty)
    }
  #endif

  /// From the tables of IEEE 754.
  @Test(
    arguments: [
      (0x0000, 0), (0x8000, -0.0), (0x0001, 0x1p-24), (0x83ff, -0x1.ff8p-15), (0x0400, 0x1p-14), (0x3c00, 1), (0xc000, -2),
      (0x3555, 0.33325195), (0x7bff, 65504), (0x7c00, .infinity), (0xfc00, -.infinity),
    ] as [(UInt16, Float)])
  func aHalfHasItsValue(half: UInt16, value: Float) {
    #expect(floatFromHalf(half).bitPattern == value.bitPattern)
  }

  @Test(arguments: [0x7c01, 0x7e00, 0xfdff] as [UInt16])
  func notANumberStaysOne(half: UInt16) {
    #expect(floatFromHalf(half).isNaN)
  }
}
