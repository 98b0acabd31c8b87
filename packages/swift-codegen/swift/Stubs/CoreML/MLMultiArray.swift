import Foundation

// A stand-in for the parts of Apple's Core ML that the runtime calls. Signatures from Apple's documentation; arrays have real
// memory, and models compute what a test says (FakeCoreML.swift). What Core ML itself does on a device, this does not show.

public enum MLMultiArrayDataType: Int, Sendable {
  case double = 65600
  case float32 = 65568
  case float16 = 65552
  case int32 = 131104

  var size: Int {
    switch self {
    case .double: 8
    case .float32, .int32: 4
    case .float16: 2
    }
  }
}

open class MLMultiArray: NSObject {
  public let dataType: MLMultiArrayDataType
  public let shape: [NSNumber]
  public let strides: [NSNumber]
  public let count: Int
  public let dataPointer: UnsafeMutableRawPointer
  private let deallocator: ((UnsafeMutableRawPointer) -> Void)?

  /// Row-major; zeros, which Apple does not promise.
  public init(shape: [NSNumber], dataType: MLMultiArrayDataType) throws {
    self.shape = shape
    self.dataType = dataType
    strides = Self.rowMajor(shape)
    count = shape.reduce(1) { $0 * $1.intValue }
    let bytes = max(1, count * dataType.size)
    dataPointer = .allocate(byteCount: bytes, alignment: 64)
    memset(dataPointer, 0, bytes)
    deallocator = { $0.deallocate() }
  }

  public init(
    dataPointer: UnsafeMutableRawPointer, shape: [NSNumber], dataType: MLMultiArrayDataType, strides: [NSNumber],
    deallocator: ((UnsafeMutableRawPointer) -> Void)? = nil
  ) throws {
    self.dataPointer = dataPointer
    self.shape = shape
    self.dataType = dataType
    self.strides = strides
    self.deallocator = deallocator
    count = shape.reduce(1) { $0 * $1.intValue }
  }

  deinit { deallocator?(dataPointer) }

  /// Bytes from the first to the last element, gaps between rows included.
  private var span: Int {
    guard count > 0 else { return 0 }
    let last = zip(shape, strides).reduce(0) { $0 + ($1.0.intValue - 1) * $1.1.intValue }
    return (last + 1) * dataType.size
  }

  open func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try body(UnsafeRawBufferPointer(start: dataPointer, count: span))
  }

  open func withUnsafeMutableBytes<R>(_ body: (UnsafeMutableRawBufferPointer, [Int]) throws -> R) rethrows -> R {
    try body(UnsafeMutableRawBufferPointer(start: dataPointer, count: span), strides.map(\.intValue))
  }

  static func rowMajor(_ shape: [NSNumber]) -> [NSNumber] {
    var strides = [Int](repeating: 1, count: shape.count)
    for axis in shape.indices.dropLast().reversed() { strides[axis] = strides[axis + 1] * shape[axis + 1].intValue }
    return strides.map { NSNumber(value: $0) }
  }
}

public enum MLFeatureType: Int, Sendable {
  case invalid = 0
  case multiArray = 5
  case state = 8
}

open class MLFeatureValue: NSObject {
  public let type: MLFeatureType
  public let multiArrayValue: MLMultiArray?

  public init(multiArray value: MLMultiArray) {
    type = .multiArray
    multiArrayValue = value
  }
}

public protocol MLFeatureProvider {
  var featureNames: Set<String> { get }
  func featureValue(for featureName: String) -> MLFeatureValue?
}

open class MLDictionaryFeatureProvider: NSObject, MLFeatureProvider {
  private let values: [String: MLFeatureValue]

  public init(dictionary: [String: Any]) throws {
    values = try dictionary.mapValues { value in
      if let value = value as? MLFeatureValue { return value }
      if let array = value as? MLMultiArray { return MLFeatureValue(multiArray: array) }
      throw MLModelError(.featureType, "a feature is neither an array nor a value")
    }
  }

  open var featureNames: Set<String> { Set(values.keys) }
  open func featureValue(for featureName: String) -> MLFeatureValue? { values[featureName] }
}
