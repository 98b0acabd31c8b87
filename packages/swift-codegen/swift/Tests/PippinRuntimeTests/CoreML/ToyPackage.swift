#if canImport(CoreML) && os(Linux)
  import CoreML
  import Foundation
  import PippinRuntime
  import PippinTokenizer

  /// A package in the forms that a manifest can describe, whose arithmetic can be done by hand: the next token follows from all
  /// tokens so far and their places. Its caches hold the ids themselves, so that a token at a wrong place gives a wrong word.
  struct Toy: Sendable {
    enum Form: String, Sendable, CaseIterable { case states, features, chain, ranged, fixed }

    /// What tests see and change while a model runs.
    final class Script: @unchecked Sendable {
      // Guarded by `lock`.
      private let lock = NSLock()
      private var calls = 0
      private var action: (@Sendable (Int) throws -> Void)?
      private var refused: Set<MLComputeUnits> = []

      /// Predictions since the model was loaded and warm.
      var predictions: Int { lock.withLock { calls } }
      func reset() { lock.withLock { calls = 0 } }
      /// Called before each prediction with its number.
      func before(_ action: @escaping @Sendable (Int) throws -> Void) { lock.withLock { self.action = action } }
      func refuse(_ units: MLComputeUnits...) { lock.withLock { refused = Set(units) } }
      func refuses(_ units: MLComputeUnits) -> Bool { lock.withLock { refused.contains(units) } }

      func count() throws {
        let (number, action) = lock.withLock { () -> (Int, (@Sendable (Int) throws -> Void)?) in
          calls += 1
          return (calls, self.action)
        }
        try action?(number)
      }
    }

    static let vocabSize = 1024
    static let context = 96
    static let prefill = 8
    static let stop = 2

    let form: Form
    let folder: URL
    let script = Script()
    var files: ModelFiles { ModelFiles(folder: folder) }

    /// The token after `history`: letters and signs, never a stop token.
    static func next(_ history: some Sequence<Int>) -> Int {
      var sum = 17
      for (place, id) in history.enumerated() { sum = (sum &* 31 &+ id &* (place + 3)) % 65_521 }
      return 40 + sum % 400
    }

    /// What the model says after a prompt.
    static func answer(_ prompt: [Int], _ count: Int) -> [Int] {
      (0..<count).reduce(into: prompt) { ids, _ in ids.append(next(ids)) }.suffix(count)
    }

    static func tokenizer() throws -> Tokenizer { try Tokenizer(contentsOf: fixture) }

    private static var fixture: URL {
      URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../../PippinTokenizerTests/Fixtures/byte-level.pippin").standardizedFileURL
    }

    init(_ form: Form) throws {
      self.form = form
      folder = FileManager.default.temporaryDirectory.appendingPathComponent("toy-\(UUID().uuidString)")
      try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      try FileManager.default.copyItem(at: Self.fixture, to: folder.appendingPathComponent("tokenizer.pippin"))
      let names = form == .chain ? ["toy-1", "toy-2"] : ["toy"]
      for (number, name) in names.enumerated() {
        let package = folder.appendingPathComponent("\(name).mlpackage")
        try FileManager.default.createDirectory(at: package, withIntermediateDirectories: true)
        try Data("weights".utf8).write(to: package.appendingPathComponent("weight.bin"))
        let (form, script) = (form, script)
        FakeCoreML.register(package) { _, configuration in
          if script.refuses(configuration.computeUnits) { throw MLModelError(.generic, "these units do not take it") }
          return ToyFunction(form: form, part: number, name: configuration.functionName ?? "main", script: script)
        }
      }
      try Data(manifest(names).utf8).write(to: folder.appendingPathComponent("pippin-manifest.json"))
    }

    func remove() { try? FileManager.default.removeItem(at: folder) }

    var facts: ModelFacts { ModelFacts(name: "Toy", source: "me/toy", vocabSize: Self.vocabSize, contextLength: Self.context) }

    /// A model whose caches lie in the toy's folder.
    func model(_ change: (inout CoreMLOptions) -> Void = { _ in }) -> CoreMLModel {
      var options = CoreMLOptions(conditions: FakeConditions(), cacheFolder: folder.appendingPathComponent("caches"))
      change(&options)
      return CoreMLModel(facts: facts, files: files, options: options)
    }

    private func manifest(_ names: [String]) -> String {
      let isCached = form != .ranged && form != .fixed
      func function(_ name: String, _ tokens: String, _ size: Int?) -> String {
        let length = size.map(String.init) ?? "null"
        var inputs = [#"{"name":"input_ids","role":"tokens","dtype":"I32","shape":[1,\#(length)]}"#]
        if isCached {
          inputs.append(#"{"name":"position","role":"position","dtype":"I32","shape":[1]}"#)
          if name == "prefill" { inputs.append(#"{"name":"last_token","role":"lastToken","dtype":"I32","shape":[1]}"#) }
        } else {
          inputs.append(#"{"name":"attention_mask","role":"attentionMask","dtype":"I32","shape":[1,\#(length)]}"#)
        }
        var outputs = [
          #"{"name":"logits","role":"logits","dtype":"F16","shape":[1,\#(isCached ? "1" : length),\#(Self.vocabSize)]}"#
        ]
        if form == .features {
          let cache = { (name: String) in #"{"name":"\#(name)","role":"keyCache","dtype":"F16","shape":[1,1,\#(Self.context),2]}"# }
          inputs.append(cache("keys"))
          outputs.append(cache("new_keys"))
        }
        return #"""
          {"name":"\#(name)","tokens":\#(tokens),"padding":"\#(name == "decode" ? "none" : "right")",
           "logitsRows":"\#(isCached ? "last" : "all")","inputs":[\#(inputs.joined(separator: ","))],
           "outputs":[\#(outputs.joined(separator: ","))]}
          """#
      }
      let functions =
        switch form {
        case .ranged: [function("main", #"{"min":1,"max":\#(Self.context)}"#, nil)]
        case .fixed: [function("main", "\(Self.context)", Self.context)]
        default: [function("decode", "1", 1), function("prefill", "\(Self.prefill)", Self.prefill)]
        }
      let state = #"""
        {"name":"keyCache","role":"keyCache","dtype":"F16","shape":[1,1,\#(Self.context),2],
         "layout":["layer","kvHead","position","headDim"]}
        """#
      let listed = names.map { #"{"path":"\#($0).mlpackage/weight.bin","size":7}"# }.joined(separator: ",")
      let packages = names.map { "\"\($0).mlpackage\"" }.joined(separator: ",")
      return #"""
        {"version":1,"backend":"coreml","program":"\#(isCached ? "stateful" : "stateless")",
         "model":{"source":"me/toy","family":"toy","vocabSize":\#(Self.vocabSize)},"contextLength":\#(Self.context),
         "packages":[\#(packages)],"functions":[\#(functions.joined(separator: ","))],"defaultFunction":"decode",
         "states":[\#(form == .states || form == .chain ? state : "")],"mask":"internal","stopTokens":[\#(Self.stop)],
         "normForm":"none","quantization":"none","files":[\#(listed)]}
        """#
    }
  }

  /// Conditions that tests set.
  final class FakeConditions: DeviceConditions, @unchecked Sendable {
    // Guarded by `lock`.
    private let lock = NSLock()
    private var thermal = ThermalState.nominal
    private var free: Int64?
    private var handlers: [Int: @Sendable () -> Void] = [:]

    var thermalState: ThermalState { lock.withLock { thermal } }
    var isLowPowerMode: Bool { false }
    var availableMemory: Int64? { lock.withLock { free } }
    var footprint: Int64? { nil }

    func set(thermal: ThermalState) { lock.withLock { self.thermal = thermal } }
    func set(free: Int64?) { lock.withLock { self.free = free } }
    func warnOfMemory() { for handler in lock.withLock({ Array(handlers.values) }) { handler() } }

    func onMemoryWarning(_ handler: @escaping @Sendable () -> Void) -> any Sendable {
      lock.withLock {
        let id = handlers.count
        handlers[id] = handler
        return Token { [weak self] in self?.forget(id) }
      }
    }

    private func forget(_ id: Int) { lock.withLock { handlers[id] = nil } }

    private final class Token: Sendable {
      let end: @Sendable () -> Void
      init(_ end: @escaping @Sendable () -> Void) { self.end = end }
      deinit { end() }
    }
  }
#endif
