/// What the generator knows of a model. A generated package has one as a constant.
public struct ModelFacts: Sendable, Equatable {
  /// As Xcode names the model's class: `Qwen15B`.
  public var name: String
  /// As the Hub names it: `Qwen/Qwen2.5-1.5B-Instruct`.
  public var source: String
  public var revision: String?
  public var license: String?
  /// `coreml` or `mlc`.
  public var backend: String
  /// `int4`, `q4f16_1`, …; `none`: fp16.
  public var quantization: String
  public var parameters: Int64
  public var vocabSize: Int
  public var contextLength: Int
  /// Bytes of the package's files.
  public var packageBytes: Int64
  /// Bytes of the key-value cache for the whole context.
  public var cacheBytes: Int64
  /// What the app needs at once while it generates: weights, cache, activations. An estimate.
  public var peakBytes: Int64
  public var minimumSystem: MinimumSystem

  public init(
    name: String, source: String, revision: String? = nil, license: String? = nil, backend: String = "coreml",
    quantization: String = "none", parameters: Int64 = 0, vocabSize: Int, contextLength: Int, packageBytes: Int64 = 0,
    cacheBytes: Int64 = 0, peakBytes: Int64 = 0, minimumSystem: MinimumSystem = MinimumSystem(iOS: 17, macOS: 14)
  ) {
    self.name = name
    self.source = source
    self.revision = revision
    self.license = license
    self.backend = backend
    self.quantization = quantization
    self.parameters = parameters
    self.vocabSize = vocabSize
    self.contextLength = contextLength
    self.packageBytes = packageBytes
    self.cacheBytes = cacheBytes
    self.peakBytes = peakBytes
    self.minimumSystem = minimumSystem
  }
}

/// Oldest systems that run a package, by their major versions.
public struct MinimumSystem: Sendable, Equatable {
  public var iOS: Int
  public var macOS: Int

  public init(iOS: Int, macOS: Int) {
    self.iOS = iOS
    self.macOS = macOS
  }
}
