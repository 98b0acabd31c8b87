import Foundation

/// How a Core ML package is loaded and driven.
public struct CoreMLOptions: Sendable {
  public enum Check: Sendable {
    /// All files are there in their sizes.
    case sizes
    /// All bytes against the manifest's hashes; reads the whole package.
    case hashes
  }

  public var computeUnits: ComputeUnits
  /// Whether other units are tried when these refuse the model. What was refused is in `CoreMLModel.loadReport`.
  public var fallsBack: Bool
  public var check: Check
  /// Whether loading is refused when less memory is free than `ModelFacts.peakBytes`.
  public var checksMemory: Bool
  public var adaptation: AdaptationPolicy
  public var conditions: any DeviceConditions
  /// Where compiled models and caches of prefixes lie; the system may empty it.
  public var cacheFolder: URL
  /// Keeps the computed system prompt on disk, so that the first answer after a start need not compute it. nil: not.
  public var prefixCache: PrefixCacheOptions?
  /// Writes down how long everything takes. nil: nothing is written.
  public var telemetry: Telemetry?
  /// Sets a model aside whose first load ended the app or failed. nil: it is tried at every start.
  public var store: ModelStore?
  /// What the device runs; tests name others.
  var system: SystemVersion?

  public init(
    computeUnits: ComputeUnits = .all, fallsBack: Bool = true, check: Check = .sizes, checksMemory: Bool = true,
    adaptation: AdaptationPolicy = AdaptationPolicy(), conditions: any DeviceConditions = SystemConditions.shared,
    cacheFolder: URL = Self.defaultCacheFolder, prefixCache: PrefixCacheOptions? = nil, telemetry: Telemetry? = nil,
    store: ModelStore? = nil
  ) {
    self.computeUnits = computeUnits
    self.fallsBack = fallsBack
    self.check = check
    self.checksMemory = checksMemory
    self.adaptation = adaptation
    self.conditions = conditions
    self.cacheFolder = cacheFolder
    self.prefixCache = prefixCache
    self.telemetry = telemetry
    self.store = store
    system = SystemVersion.current
  }

  /// `Pippin` in the app's folder of caches.
  public static var defaultCacheFolder: URL {
    let folder = FileManager.default.urls(for: .cachesDirectory, in: .userDomainMask).first
    return (folder ?? FileManager.default.temporaryDirectory).appendingPathComponent("Pippin", isDirectory: true)
  }
}

/// When the computed state of a system prompt is kept on disk.
public struct PrefixCacheOptions: Sendable, Equatable {
  /// Shorter ones are computed faster than read.
  public var minimumTokens: Int
  /// Oldest files go first.
  public var maximumBytes: Int64

  public init(minimumTokens: Int = 64, maximumBytes: Int64 = 256 << 20) {
    self.minimumTokens = minimumTokens
    self.maximumBytes = maximumBytes
  }
}

/// The system's major version, where the package's minimum speaks of it.
struct SystemVersion: Sendable, Equatable {
  enum Family: String, Sendable { case iOS, macOS }

  var family: Family
  var major: Int

  static var current: SystemVersion? {
    let major = ProcessInfo.processInfo.operatingSystemVersion.majorVersion
    #if os(macOS)
      return SystemVersion(family: .macOS, major: major)
    #elseif os(iOS)
      return SystemVersion(family: .iOS, major: major)
    #else
      return nil
    #endif
  }

  /// - Throws: `RuntimeError.systemTooOld`.
  func check(_ minimum: MinimumSystem) throws {
    let needed = family == .iOS ? minimum.iOS : minimum.macOS
    guard major < needed else { return }
    throw RuntimeError.systemTooOld(needed: "\(family.rawValue) \(needed)", found: "\(family.rawValue) \(major)")
  }
}
