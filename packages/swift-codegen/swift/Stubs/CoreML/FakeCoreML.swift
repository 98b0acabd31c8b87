import Foundation

/// A feature as a fake declares it; nil where the size is free.
public struct FakeFeature: Sendable {
  public var name: String
  public var shape: [Int?]
  public var dataType: MLMultiArrayDataType

  public init(_ name: String, _ shape: [Int?], _ dataType: MLMultiArrayDataType) {
    self.name = name
    self.shape = shape
    self.dataType = dataType
  }
}

/// What stands behind an `MLState`.
public protocol FakeState: AnyObject, Sendable {
  func array(_ name: String) -> MLMultiArray
  /// Called when somebody may have written into the array.
  func changed(_ name: String, _ array: MLMultiArray)
}

/// What stands behind an `MLModel`: one function of one package.
public protocol FakeFunction: Sendable {
  var inputs: [FakeFeature] { get }
  var outputs: [FakeFeature] { get }
  var states: [FakeFeature] { get }
  func newState() -> any FakeState
  func predict(_ inputs: [String: MLMultiArray], _ state: (any FakeState)?) throws -> [String: MLMultiArray]
}

/// What tests say of the fake. Packages for which they say nothing are run by the server at `PIPPIN_COREML_SOCKET`.
public enum FakeCoreML {
  public typealias Loader = @Sendable (_ package: URL, MLModelConfiguration) throws -> any FakeFunction

  /// Objects that exist now.
  public struct Live: Sendable, Equatable {
    public var models = 0
    public var states = 0

    public init() {}
  }

  public final class Counter: @unchecked Sendable {
    // `value` is only touched while the lock is held.
    private let lock = NSLock()
    private var value = Live()

    func add(_ number: Int, to path: WritableKeyPath<Live, Int>) { lock.withLock { value[keyPath: path] += number } }
    public var now: Live { lock.withLock { value } }
  }

  private final class Loaders: @unchecked Sendable {
    // `byPath` is only touched while the lock is held.
    private let lock = NSLock()
    private var byPath: [String: Loader] = [:]

    subscript(path: String) -> Loader? {
      get { lock.withLock { byPath[path] } }
      set { lock.withLock { byPath[path] = newValue } }
    }
  }

  public static let live = Counter()
  private static let loaders = Loaders()

  /// Packages at `url` are loaded by `loader` from now on.
  public static func register(_ url: URL, _ loader: Loader?) { loaders[url.standardizedFileURL.path] = loader }

  static func compile(_ url: URL) throws -> URL {
    guard url.pathExtension == "mlpackage", FileManager.default.fileExists(atPath: url.path) else {
      throw MLModelError(.io, "there is no package to compile")
    }
    let name = url.deletingPathExtension().lastPathComponent
    let compiled = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString)/\(name).mlmodelc")
    try FileManager.default.createDirectory(at: compiled, withIntermediateDirectories: true)
    try Data(url.standardizedFileURL.path.utf8).write(to: compiled.appendingPathComponent("source"))
    return compiled
  }

  static func function(at url: URL, _ configuration: MLModelConfiguration) throws -> any FakeFunction {
    guard url.pathExtension == "mlmodelc" else { throw MLModelError(.io, "only compiled models can be loaded") }
    guard let source = try? Data(contentsOf: url.appendingPathComponent("source")) else {
      throw MLModelError(.io, "the compiled model is damaged")
    }
    let package = URL(fileURLWithPath: String(decoding: source, as: UTF8.self))
    if let loader = loaders[package.path] { return try loader(package, configuration) }
    guard let socket = ProcessInfo.processInfo.environment["PIPPIN_COREML_SOCKET"] else {
      throw MLModelError(.generic, "no fake is registered for \(package.lastPathComponent)")
    }
    return try RemoteFunction(socket: socket, package: package, function: configuration.functionName)
  }
}
