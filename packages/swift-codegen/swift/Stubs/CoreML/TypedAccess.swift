import Foundation

// What generated bindings call besides. Signatures from Apple's documentation.

open class MLPredictionOptions: NSObject {
  /// Arrays that receive outputs.
  open var outputBackings: [String: Any] = [:]
}

extension MLModel {
  public func prediction(from input: any MLFeatureProvider, options: MLPredictionOptions) throws -> any MLFeatureProvider {
    try prediction(from: input)
  }

  public func prediction(from input: any MLFeatureProvider, options: MLPredictionOptions) async throws -> any MLFeatureProvider {
    try await prediction(from: input)
  }

  public func prediction(
    from input: any MLFeatureProvider, using state: MLState, options: MLPredictionOptions
  ) throws -> any MLFeatureProvider {
    try prediction(from: input, using: state)
  }

  public func prediction(
    from input: any MLFeatureProvider, using state: MLState, options: MLPredictionOptions
  ) async throws -> any MLFeatureProvider {
    try await prediction(from: input, using: state)
  }
}

public protocol MLShapedArrayScalar: BitwiseCopyable, Sendable {
  static var multiArrayDataType: MLMultiArrayDataType { get }
}

extension Int32: MLShapedArrayScalar {
  public static var multiArrayDataType: MLMultiArrayDataType { .int32 }
}

extension Float: MLShapedArrayScalar {
  public static var multiArrayDataType: MLMultiArrayDataType { .float32 }
}

/// Its elements in one run, row-major.
public struct MLShapedArray<Scalar: MLShapedArrayScalar>: Sendable {
  public let shape: [Int]
  public let scalars: [Scalar]

  public init(scalars: some Sequence<Scalar>, shape: [Int]) {
    self.scalars = Array(scalars)
    self.shape = shape
    precondition(self.scalars.count == shape.reduce(1, *), "the shape does not fit")
  }

  public init(repeating scalar: Scalar, shape: [Int]) {
    self.init(scalars: repeatElement(scalar, count: shape.reduce(1, *)), shape: shape)
  }

  /// A copy. The array must be row-major and of the same type.
  public init(_ multiArray: MLMultiArray) {
    precondition(multiArray.dataType == Scalar.multiArrayDataType, "the type differs")
    let elements = UnsafeBufferPointer(
      start: UnsafePointer(multiArray.dataPointer.assumingMemoryBound(to: Scalar.self)), count: multiArray.count)
    self.init(scalars: elements, shape: multiArray.shape.map(\.intValue))
  }
}

extension MLMultiArray {
  /// A copy.
  public convenience init<Scalar>(_ shapedArray: MLShapedArray<Scalar>) {
    let bytes = UnsafeMutablePointer<Scalar>.allocate(capacity: max(1, shapedArray.scalars.count))
    _ = UnsafeMutableBufferPointer(start: bytes, count: shapedArray.scalars.count).update(fromContentsOf: shapedArray.scalars)
    let shape = shapedArray.shape.map { NSNumber(value: $0) }
    // Apple's does not throw.
    try! self.init(
      dataPointer: bytes, shape: shape, dataType: Scalar.multiArrayDataType, strides: Self.contiguous(shapedArray.shape),
      deallocator: { $0.deallocate() })
  }

  private static func contiguous(_ shape: [Int]) -> [NSNumber] {
    var stride = 1
    let strides = shape.reversed().map { size in
      defer { stride *= size }
      return NSNumber(value: stride)
    }
    return strides.reversed()
  }
}
