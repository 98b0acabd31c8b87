#if canImport(CoreML)
  @preconcurrency import CoreML
  import Foundation
  import PippinTokenizer

  /// How a model came into memory.
  public struct LoadReport: Sendable, Equatable {
    /// Where it computes.
    public var computeUnits: ComputeUnits
    /// What was tried before, and why it did not work.
    public var refused: [Refusal]
    /// Whether it had to be compiled, which takes long and happens once.
    public var compiled: Bool
    /// Of the whole load.
    public var seconds: Double

    public struct Refusal: Sendable, Equatable {
      public var computeUnits: ComputeUnits
      public var reason: String
    }
  }

  /// Everything that an answer needs.
  struct LoadedModel: Sendable {
    let tokenizer: Tokenizer
    let manifest: RuntimeManifest
    let session: any TokenSession
    let report: LoadReport
    let key: String
  }

  /// Checks and loads a package, with errors in place of crashes.
  struct ModelLoader: Sendable {
    let facts: ModelFacts
    let files: ModelFiles
    let options: CoreMLOptions

    /// - Throws: `RuntimeError`, `TokenizerError`.
    func load() async throws -> LoadedModel {
      let interval = options.telemetry?.begin("load")
      do {
        let model = try await guarded()
        interval?.end(attributes: [
          "compute_unit": .text(model.report.computeUnits.rawValue), "compiled": .bool(model.report.compiled),
        ])
        options.telemetry?.sampleConditions()
        return model
      } catch {
        interval?.end(completed: false)
        throw error
      }
    }

    /// A store that was given sets a model aside whose first load ends the app.
    private func guarded() async throws -> LoadedModel {
      try options.system?.check(facts.minimumSystem)
      let manifest = try RuntimeManifest(contentsOf: files.manifest)
      guard let store = options.store else { return try await load(manifest) }
      let version = try ModelVersion(name: facts.name, manifest: manifest, folder: files.folder)
      return try await store.load(version) { try await load(manifest) }
    }

    private func load(_ manifest: RuntimeManifest) async throws -> LoadedModel {
      let began = ContinuousClock.now
      try manifest.check(for: "coreml")
      let fingerprint = PackageFingerprint(manifest, files)
      try fingerprint.check(options.check)
      try checkMemory()
      let tokenizer = try Tokenizer(contentsOf: files.tokenizer)
      let compiled = CompiledModels(folder: options.cacheFolder.appendingPathComponent("compiled"))
      var (urls, isNew) = ([URL](), false)
      for package in manifest.packages {
        let one = try await compiled.compiled(package, in: files.packages, key: fingerprint.key)
        urls.append(one.url)
        isNew = isNew || one.isNew
      }
      compiled.removeAll(withPrefix: fingerprint.keyPrefix, but: fingerprint.key)
      var refused: [LoadReport.Refusal] = []
      for units in options.fallsBack ? options.computeUnits.fallbacks : [options.computeUnits] {
        do {
          let session = try await warmSession(manifest, urls, units)
          let seconds = (ContinuousClock.now - began).inSeconds
          let report = LoadReport(computeUnits: units, refused: refused, compiled: isNew, seconds: seconds)
          return LoadedModel(
            tokenizer: tokenizer, manifest: manifest, session: session, report: report, key: fingerprint.key)
        } catch let error as CancellationError {
          throw error
        } catch let error as RuntimeError where error.isOfNoUnit {
          throw error
        } catch {
          refused.append(.init(computeUnits: units, reason: reason(error)))
          options.telemetry?.diagnostic("compute_unit_refused", "\(units.rawValue): \(reason(error))")
        }
      }
      // A copy that no unit takes may be damaged: the next load compiles anew.
      compiled.remove(key: fingerprint.key)
      throw RuntimeError.computeUnitsRefused(refused.map { "\($0.computeUnits.rawValue): \($0.reason)" })
    }

    private func checkMemory() throws {
      guard options.checksMemory, let free = options.conditions.availableMemory, free < facts.peakBytes else { return }
      throw RuntimeError.notEnoughMemory(needed: facts.peakBytes, available: free)
    }

    /// Loads all functions and calls each once: some units refuse a model only when it runs, and the first call is the slowest.
    private func warmSession(
      _ manifest: RuntimeManifest, _ urls: [URL], _ units: ComputeUnits
    ) async throws -> any TokenSession {
      var chains: [String: [MLModel]] = [:]
      for function in manifest.functions {
        for url in urls {
          try Task.checkCancellation()
          let configuration = MLModelConfiguration()
          configuration.computeUnits = units.coreML
          if manifest.functions.count > 1 {
            guard #available(iOS 18, macOS 15, *) else {
              throw RuntimeError.systemTooOld(needed: "iOS 18 or macOS 15", found: "an older one")
            }
            configuration.functionName = function.name
          }
          chains[function.name, default: []].append(try await MLModel.load(contentsOf: url, configuration: configuration))
        }
      }
      let packages = LoadedPackages(manifest: manifest, units: units, chains: chains)
      let session: any TokenSession =
        manifest.functions.contains { $0.input(.position) != nil } ? try CachedSession(packages) : try StatelessSession(packages)
      for function in manifest.functions {
        let count = min(function.tokens.max, manifest.contextLength)
        let length = if case .range(let min, _) = function.tokens { min } else { count }
        try await session.feed([Int](repeating: 0, count: length)) { _ in }
        session.rewind(to: 0)
      }
      return session
    }
  }

  extension RuntimeManifest {
    /// - Throws: `RuntimeError.manifestInvalid` for what this runtime cannot drive.
    func check(for backend: String) throws {
      guard self.backend == backend else { throw RuntimeError.manifestInvalid("it is of \(self.backend), not of \(backend)") }
      guard !packages.isEmpty, !functions.isEmpty, contextLength > 0, model.vocabSize > 0 else {
        throw RuntimeError.manifestInvalid("it names no package, function, context or vocabulary")
      }
      try ManifestPath.check(packages)
      try ManifestPath.check((files ?? []).map(\.path))
    }
  }

  extension RuntimeError {
    /// Other compute units change nothing about it.
    fileprivate var isOfNoUnit: Bool {
      switch self {
      case .manifestInvalid, .systemTooOld, .fileMissing, .fileDamaged: true
      default: false
      }
    }
  }

  extension ComputeUnits {
    fileprivate var coreML: MLComputeUnits {
      switch self {
      case .all: .all
      case .cpuAndGPU: .cpuAndGPU
      case .cpuAndNeuralEngine: .cpuAndNeuralEngine
      case .cpuOnly: .cpuOnly
      }
    }
  }
#endif
