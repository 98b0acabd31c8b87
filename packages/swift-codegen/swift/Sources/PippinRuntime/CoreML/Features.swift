#if canImport(CoreML)
  @preconcurrency import CoreML
  import Foundation

  /// Named values that go through a chain of packages.
  final class Features: MLFeatureProvider {
    private var values: [String: MLFeatureValue] = [:]

    var featureNames: Set<String> { Set(values.keys) }
    func featureValue(for featureName: String) -> MLFeatureValue? { values[featureName] }

    subscript(name: String) -> MLMultiArray? {
      get { values[name]?.multiArrayValue }
      set { values[name] = newValue.map { MLFeatureValue(multiArray: $0) } }
    }

    /// Adds what a package computed.
    func add(_ results: any MLFeatureProvider) {
      for name in results.featureNames { values[name] = results.featureValue(for: name) }
    }
  }

  extension MLMultiArray {
    /// Whole numbers; those behind `numbers` are zero.
    static func integers(_ numbers: [Int], shape: [Int]) throws -> MLMultiArray {
      let array = try MLMultiArray(shape: shape.map { NSNumber(value: $0) }, dataType: .int32)
      array.withUnsafeMutableBytes { bytes, _ in
        let places = bytes.bindMemory(to: Int32.self)
        for place in places.indices { places[place] = place < numbers.count ? Int32(numbers[place]) : 0 }
      }
      return array
    }

    /// An array of zeros.
    static func zeros(_ shape: [Int], _ type: MLMultiArrayDataType) throws -> MLMultiArray {
      let array = try MLMultiArray(shape: shape.map { NSNumber(value: $0) }, dataType: type)
      array.withUnsafeMutableBytes { bytes, _ in _ = bytes.initializeMemory(as: UInt8.self, repeating: 0) }
      return array
    }

    /// Shows row `row` of `[1, rows, vocabulary]` where it lies.
    ///
    /// - Throws: `RuntimeError.predictionFailed` when the array is of another shape.
    func withLogits(row: Int, vocabSize: Int, _ read: (Logits) throws -> Void) throws {
      let shape = shape.map(\.intValue)
      let strides = strides.map(\.intValue)
      guard shape.count == 3, row < shape[1], shape[2] == vocabSize else {
        throw RuntimeError.predictionFailed("the logits have shape \(shape), row \(row) of \(vocabSize) was expected")
      }
      guard let format = Logits.Format(dataType) else {
        throw RuntimeError.predictionFailed("the logits are of type \(dataType.rawValue)")
      }
      try withUnsafeBytes { bytes in
        guard let base = bytes.baseAddress else { throw RuntimeError.predictionFailed("the logits are empty") }
        let start = base + row * strides[1] * format.byteCount
        try read(Logits(start, count: vocabSize, format: format, stride: strides[2]))
      }
    }
  }

  extension Logits.Format {
    fileprivate init?(_ type: MLMultiArrayDataType) {
      switch type {
      case .float16: self = .float16
      case .float32: self = .float32
      default: return nil
      }
    }

    fileprivate var byteCount: Int { self == .float16 ? 2 : 4 }
  }
#endif
