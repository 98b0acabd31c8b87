#if canImport(CoreML)
  @preconcurrency import CoreML

  /// Sends prompts through `prefill` in pieces of its length, and what is left through `decode`, token by token.
  final class CachedSession: TokenSession, @unchecked Sendable {
    // One task at a time uses a session.
    private(set) var tokens: [Int] = []
    private let packages: LoadedPackages
    private let decode: RuntimeManifest.Function
    private let prefill: RuntimeManifest.Function?
    /// Positions that the cache has room for.
    private let slots: Int
    private(set) var cache: any KeyValueCache
    private let makeCache: () throws -> any KeyValueCache

    var contextLength: Int { packages.manifest.contextLength }
    let recomputes = false
    var states: [RuntimeManifest.State] { packages.manifest.states }

    /// States that a package of the chain declares.
    func states(ofPackage package: Int) -> [RuntimeManifest.State] {
      guard #available(iOS 18, macOS 15, *) else { return [] }
      let declared = packages.chain(decode)[package].modelDescription.stateDescriptionsByName
      return states.filter { declared[$0.name] != nil }
    }

    /// - Throws: `RuntimeError.manifestInvalid`, `.systemTooOld`.
    init(_ packages: LoadedPackages) throws {
      let manifest = packages.manifest
      guard let decode = manifest.functions.first(where: { $0.tokens == .fixed(1) }) else {
        throw RuntimeError.manifestInvalid("it has no function of one token")
      }
      self.packages = packages
      self.decode = decode
      prefill = manifest.functions.first { function in
        if case .fixed(let count) = function.tokens { count > 1 } else { false }
      }
      slots = manifest.states.compactMap(\.positions).min() ?? manifest.contextLength
      makeCache = {
        guard !manifest.states.isEmpty else { return try FeatureCache(decode) }
        guard #available(iOS 18, macOS 15, *) else {
          throw RuntimeError.systemTooOld(needed: "iOS 18 or macOS 15", found: "an older one")
        }
        return StateCache(packages.chain(decode))
      }
      cache = try makeCache()
    }

    func rewind(to count: Int) { tokens.removeLast(max(0, tokens.count - max(0, count))) }

    /// Takes over what a cache on disk held.
    func adopt(_ restored: [Int]) { tokens = restored }

    func feed(_ new: [Int], _ read: (Logits) throws -> Void) async throws {
      try check(new, in: packages.manifest, behind: tokens.count)
      var rest = new[...]
      while !rest.isEmpty {
        try Task.checkCancellation()
        let function = prefillPays(rest.count) ? prefill! : decode
        let taken = Array(rest.prefix(function.tokens.max))
        rest = rest.dropFirst(taken.count)
        let logits = try await call(function, taken)
        tokens += taken
        if rest.isEmpty {
          let row = function.logitsRows == .all ? taken.count - 1 : 0
          try logits.withLogits(row: row, vocabSize: packages.manifest.model.vocabSize, read)
        }
      }
    }

    /// A call writes as many slots as the function has tokens, also those of padding, and takes about as long as half as many
    /// calls of one token.
    private func prefillPays(_ count: Int) -> Bool {
      guard let size = prefill?.tokens.max else { return false }
      return 2 * count >= size && tokens.count + size <= slots
    }

    private func call(_ function: RuntimeManifest.Function, _ taken: [Int]) async throws -> MLMultiArray {
      let features = Features()
      let size = function.tokens.max
      for input in function.inputs {
        switch input.role {
        case .tokens: features[input.name] = try .integers(taken, shape: [1, size])
        case .position: features[input.name] = try .integers([tokens.count], shape: [1])
        case .lastToken: features[input.name] = try .integers([taken.count - 1], shape: [1])
        case .attentionMask: features[input.name] = try .integers(taken.map { _ in 1 }, shape: [1, size])
        case .keyCache, .valueCache: continue
        case .logits: throw RuntimeError.manifestInvalid("\(function.name) takes logits")
        }
      }
      do {
        return try await packages.run(function, features, cache)
      } catch {
        // Nobody knows what the failed call has written.
        tokens = []
        if let fresh = try? makeCache() { cache = fresh }
        throw error
      }
    }
  }

  extension RuntimeManifest.State {
    /// Length of the axis of positions.
    var positions: Int? { layout.firstIndex(of: .position).flatMap { $0 < shape.count ? shape[$0] : nil } }
  }

  /// - Throws: `RuntimeError.promptTooLong`, `.promptEmpty`, `.predictionFailed` for ids that are no tokens.
  func check(_ new: [Int], in manifest: RuntimeManifest, behind held: Int) throws {
    guard !new.isEmpty else { throw RuntimeError.promptEmpty }
    guard held + new.count <= manifest.contextLength else {
      throw RuntimeError.promptTooLong(tokens: held + new.count, limit: manifest.contextLength)
    }
    guard let stray = new.first(where: { $0 < 0 || $0 >= manifest.model.vocabSize }) else { return }
    throw RuntimeError.predictionFailed("token \(stray) is not in a vocabulary of \(manifest.model.vocabSize)")
  }
#endif
