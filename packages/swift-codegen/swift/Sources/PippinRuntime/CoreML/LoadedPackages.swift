#if canImport(CoreML)
  @preconcurrency import CoreML

  /// A model in memory: for each function of the manifest one `MLModel` a package, in the order of the chain.
  struct LoadedPackages: @unchecked Sendable {
    // Apple documents that a model may be used from any task.
    let manifest: RuntimeManifest
    let units: ComputeUnits
    fileprivate let chains: [String: [MLModel]]

    /// - Parameter chains: models of each function by its name.
    init(manifest: RuntimeManifest, units: ComputeUnits, chains: [String: [MLModel]]) {
      self.manifest = manifest
      self.units = units
      self.chains = chains
    }

    func chain(_ function: RuntimeManifest.Function) -> [MLModel] { chains[function.name] ?? [] }

    /// Sends features through the packages: each sees the inputs and all earlier outputs.
    ///
    /// - Returns: the logits.
    func run(_ function: RuntimeManifest.Function, _ features: Features, _ cache: (any KeyValueCache)?) async throws -> MLMultiArray
    {
      for (number, model) in chain(function).enumerated() {
        do {
          if let cache {
            features.add(try await cache.predict(model, package: number, features))
          } else {
            features.add(try await model.prediction(from: features))
          }
        } catch let error as RuntimeError {
          throw error
        } catch {
          throw RuntimeError.predictionFailed(reason(error))
        }
      }
      guard let output = function.output(.logits), let logits = features[output.name] else {
        throw RuntimeError.predictionFailed("\(function.name) returns no logits")
      }
      return logits
    }
  }

  /// Keys and values of the tokens that were read, wherever they lie.
  protocol KeyValueCache: AnyObject, Sendable {
    /// Runs package `package` of a chain, which reads and writes its part of the cache.
    func predict(_ model: MLModel, package: Int, _ features: Features) async throws -> any MLFeatureProvider
  }

  /// The cache as Core ML's own state: one for each package, shared by its functions.
  @available(iOS 18, macOS 15, *)
  final class StateCache: KeyValueCache, @unchecked Sendable {
    // One task at a time uses a session and its cache.
    let states: [MLState]

    init(_ chain: [MLModel]) { states = chain.map { $0.makeState() } }

    func predict(_ model: MLModel, package: Int, _ features: Features) async throws -> any MLFeatureProvider {
      try await model.prediction(from: features, using: states[package])
    }
  }

  /// The cache as features: what a call returns is handed to the next one.
  final class FeatureCache: KeyValueCache, @unchecked Sendable {
    // One task at a time uses a session and its cache.
    private var arrays: [String: MLMultiArray] = [:]
    /// Name of the input that takes an output.
    private let inputs: [String: String]

    init(_ function: RuntimeManifest.Function) throws {
      let pairs: [(RuntimeManifest.Feature, RuntimeManifest.Feature)] = [.keyCache, .valueCache].flatMap { role in
        Array(zip(function.inputs.filter { $0.role == role }, function.outputs.filter { $0.role == role }))
      }
      inputs = Dictionary(uniqueKeysWithValues: pairs.map { ($0.1.name, $0.0.name) })
      for (input, _) in pairs {
        arrays[input.name] = try .zeros(input.shape.map { $0 ?? 1 }, input.dtype == "F16" ? .float16 : .float32)
      }
    }

    func predict(_ model: MLModel, package: Int, _ features: Features) async throws -> any MLFeatureProvider {
      for (name, array) in arrays { features[name] = array }
      let results = try await model.prediction(from: features)
      for name in results.featureNames {
        if let input = inputs[name] { arrays[input] = results.featureValue(for: name)?.multiArrayValue }
      }
      return results
    }
  }
#endif
