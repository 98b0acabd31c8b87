#if canImport(CoreML) && os(Linux)
  import CoreML
  import Foundation
  import Testing

  @testable import PippinRuntime

  @Suite struct CacheSliceTests {
    /// Two positions of `[1, 1, 3, 2]`, a cache whose rows hold two numbers.
    private let slice = CacheSlice(layout: [.layer, .kvHead, .position, .headDim], count: 2)
    private let numbers: [UInt16] = [1, 2, 3, 4]

    @Test func rowsGoWhereTheMemoryThatIsWrittenHasThem() throws {
      let array = try MovingArray(shape: [1, 1, 3, 2], dataType: .float16)
      let data = numbers.withUnsafeBytes { Data($0) }
      #expect(slice.write(data, to: array))
      #expect(array.written == [1, 2, 0, 0, 3, 4, 0, 0, 0, 0, 0, 0])
    }

    @Test func whatIsReadIsWhatWasWritten() throws {
      let array = try MLMultiArray(shape: [1, 1, 3, 2], dataType: .float16)
      let data = numbers.withUnsafeBytes { Data($0) }
      #expect(slice.write(data, to: array))
      #expect(slice.bytes(of: array) == data)
    }
  }

  /// Gives other memory to write to, with gaps between its rows, as the documentation of `withUnsafeMutableBytes` allows.
  private final class MovingArray: MLMultiArray {
    private(set) var written = [UInt16](repeating: 0, count: 12)

    override func withUnsafeMutableBytes<R>(_ body: (UnsafeMutableRawBufferPointer, [Int]) throws -> R) rethrows -> R {
      try written.withUnsafeMutableBytes { try body($0, [12, 12, 4, 1]) }
    }
  }
#endif
