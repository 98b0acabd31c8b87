import Foundation
import PippinRuntime

/// What the app needs of the model it shows: the seam between these files, which know no model, and the generated one.
///
/// The generated package adds one file to the app:
///
///     enum DemoModel {
///       static let services = DemoServices(
///         facts: QwenAssets.facts,
///         computeUnits: ComputeUnits.allCases,
///         conditions: SystemConditions.shared,
///         make: { options in QwenAssets.languageModel(computeUnits: options.computeUnits) })
///     }
///
/// What the package does not have is left out: the app then does not show it. `make` may be called often and from any task, and
/// does no more than to make the object; the closures must not load the model themselves.
struct DemoServices: Sendable {
  /// How a model is made.
  struct Options: Sendable, Equatable {
    var computeUnits = ComputeUnits.all
  }

  var facts: ModelFacts
  /// What the settings offer; empty where there is no choice, as with MLC-LLM.
  var computeUnits: [ComputeUnits] = []
  var conditions: any DeviceConditions
  /// Makes a model that is not loaded yet. Called again when the options change; the old model is unloaded then.
  var make: @Sendable (Options) async throws -> any LanguageModel
  /// Whether the model's files are on this device.
  var isInstalled: @Sendable () async -> Bool = { true }
  /// Lets a model that was set aside after a failed first load be loaded once more.
  var forgive: @Sendable () async -> Void = {}
  /// Fetches the model's files, and tells the bytes that are there and all bytes from any thread; nil where they are in the bundle.
  /// Cancelled, it keeps what arrived. Returns when the model can be made.
  var download: (@Sendable (_ progress: @escaping @Sendable (_ done: Int64, _ total: Int64) -> Void) async throws -> Void)?
  /// The files of the app's log, after all of it is written.
  var logs: @Sendable () async -> [URL] = { [] }
  /// Compares what this device computes with what the desk computed; nil where the package has no self-test.
  var selfTest: (@Sendable (any LanguageModel) async throws -> [SelfTest.Finding])?
  /// How a loaded model was loaded, in lines for people: compute units, what was refused, seconds.
  var loadReport: @Sendable (any LanguageModel) -> [String] = { _ in [] }
}
