import Foundation

public enum MLComputeUnits: Int, Sendable {
  case cpuOnly = 0
  case cpuAndGPU = 1
  case all = 2
  case cpuAndNeuralEngine = 3
}

open class MLModelConfiguration: NSObject {
  open var modelDisplayName: String?
  open var computeUnits: MLComputeUnits = .all
  /// iOS 18, macOS 15.
  open var functionName: String?
}

public struct MLModelError: Error, CustomStringConvertible, Sendable {
  public enum Code: Int, Sendable {
    case generic = 0
    case featureType = 1
    case io = 3
  }

  public let code: Code
  public let description: String

  public init(_ code: Code, _ description: String) {
    self.code = code
    self.description = description
  }
}

open class MLMultiArrayConstraint: NSObject {
  public let shape: [NSNumber]
  public let dataType: MLMultiArrayDataType

  init(shape: [NSNumber], dataType: MLMultiArrayDataType) {
    self.shape = shape
    self.dataType = dataType
  }
}

open class MLFeatureDescription: NSObject {
  public let name: String
  public let type: MLFeatureType
  public let multiArrayConstraint: MLMultiArrayConstraint?

  init(_ feature: FakeFeature, type: MLFeatureType) {
    name = feature.name
    self.type = type
    multiArrayConstraint = MLMultiArrayConstraint(
      shape: feature.shape.map { NSNumber(value: $0 ?? 1) }, dataType: feature.dataType)
  }
}

open class MLModelDescription: NSObject {
  public let inputDescriptionsByName: [String: MLFeatureDescription]
  public let outputDescriptionsByName: [String: MLFeatureDescription]
  public let stateDescriptionsByName: [String: MLFeatureDescription]

  init(_ function: any FakeFunction) {
    func byName(_ features: [FakeFeature], _ type: MLFeatureType) -> [String: MLFeatureDescription] {
      Dictionary(uniqueKeysWithValues: features.map { ($0.name, MLFeatureDescription($0, type: type)) })
    }
    inputDescriptionsByName = byName(function.inputs, .multiArray)
    outputDescriptionsByName = byName(function.outputs, .multiArray)
    stateDescriptionsByName = byName(function.states, .state)
  }
}

/// iOS 18, macOS 15.
open class MLState: NSObject {
  let state: any FakeState

  init(_ state: any FakeState) {
    self.state = state
    FakeCoreML.live.add(1, to: \.states)
  }

  deinit { FakeCoreML.live.add(-1, to: \.states) }

  open func withMultiArray<R>(for stateName: String, _ body: (MLMultiArray) throws -> R) rethrows -> R {
    let array = state.array(stateName)
    defer { state.changed(stateName, array) }
    return try body(array)
  }
}

open class MLModel: NSObject {
  public let modelDescription: MLModelDescription
  public let configuration: MLModelConfiguration
  private let function: any FakeFunction

  init(_ function: any FakeFunction, _ configuration: MLModelConfiguration) {
    self.function = function
    self.configuration = configuration
    modelDescription = MLModelDescription(function)
    FakeCoreML.live.add(1, to: \.models)
  }

  deinit { FakeCoreML.live.add(-1, to: \.models) }

  public convenience init(contentsOf url: URL, configuration: MLModelConfiguration = MLModelConfiguration()) throws {
    self.init(try FakeCoreML.function(at: url, configuration), configuration)
  }

  public class func load(contentsOf url: URL, configuration: MLModelConfiguration = MLModelConfiguration()) async throws -> MLModel
  {
    MLModel(try FakeCoreML.function(at: url, configuration), configuration)
  }

  /// A folder that names what it was made of; as on a device, in a temporary place, and the caller moves it.
  public class func compileModel(at url: URL) async throws -> URL { try FakeCoreML.compile(url) }

  open func makeState() -> MLState { MLState(function.newState()) }

  open func prediction(from input: any MLFeatureProvider) throws -> any MLFeatureProvider {
    try run(input, nil)
  }

  open func prediction(from input: any MLFeatureProvider) async throws -> any MLFeatureProvider {
    try run(input, nil)
  }

  open func prediction(from input: any MLFeatureProvider, using state: MLState) throws -> any MLFeatureProvider {
    try run(input, state)
  }

  open func prediction(from input: any MLFeatureProvider, using state: MLState) async throws -> any MLFeatureProvider {
    try run(input, state)
  }

  /// As Core ML does: what the model declares must be there in the declared type and shape, the rest is not looked at.
  private func run(_ input: any MLFeatureProvider, _ state: MLState?) throws -> any MLFeatureProvider {
    var given: [String: MLMultiArray] = [:]
    for feature in function.inputs {
      guard let array = input.featureValue(for: feature.name)?.multiArrayValue else {
        throw MLModelError(.featureType, "the input \(feature.name) is missing")
      }
      let fits =
        array.dataType == feature.dataType && array.shape.count == feature.shape.count
        && zip(array.shape, feature.shape).allSatisfy { $1 == nil || $0.intValue == $1 }
      guard fits else {
        throw MLModelError(.featureType, "the input \(feature.name) has shape \(array.shape), declared is \(feature.shape)")
      }
      given[feature.name] = array
    }
    guard function.states.isEmpty || state != nil else { throw MLModelError(.generic, "the model has states, none was given") }
    return try MLDictionaryFeatureProvider(dictionary: try function.predict(given, state?.state))
  }
}
