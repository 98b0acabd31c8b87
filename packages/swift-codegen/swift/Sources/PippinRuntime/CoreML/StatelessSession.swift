#if canImport(CoreML)
  @preconcurrency import CoreML

  /// Computes the whole sequence at each call: packages of iOS 16 and 17.
  final class StatelessSession: TokenSession, @unchecked Sendable {
    // One task at a time uses a session.
    private(set) var tokens: [Int] = []
    private let packages: LoadedPackages
    private let function: RuntimeManifest.Function

    var contextLength: Int { packages.manifest.contextLength }
    let recomputes = true

    /// Core ML prepares each new length of input: lengths are rounded up to a multiple of this where padding is allowed.
    private static let bucket = 32

    /// - Throws: `RuntimeError.manifestInvalid`.
    init(_ packages: LoadedPackages) throws {
      guard let function = packages.manifest.functions.first else { throw RuntimeError.manifestInvalid("it has no function") }
      self.packages = packages
      self.function = function
    }

    func rewind(to count: Int) { tokens.removeLast(max(0, tokens.count - max(0, count))) }

    func feed(_ new: [Int], _ read: (Logits) throws -> Void) async throws {
      try check(new, in: packages.manifest, behind: tokens.count)
      try Task.checkCancellation()
      let whole = tokens + new
      let size = length(for: whole.count)
      let features = Features()
      for input in function.inputs {
        switch input.role {
        case .tokens: features[input.name] = try .integers(whole, shape: [1, size])
        case .attentionMask: features[input.name] = try .integers(whole.map { _ in 1 }, shape: [1, size])
        case .lastToken: features[input.name] = try .integers([whole.count - 1], shape: [1])
        default: throw RuntimeError.manifestInvalid("\(function.name) takes \(input.role.rawValue)")
        }
      }
      let logits = try await packages.run(function, features, nil)
      let row = function.logitsRows == .all ? whole.count - 1 : 0
      tokens = whole
      try logits.withLogits(row: row, vocabSize: packages.manifest.model.vocabSize, read)
    }

    private func length(for count: Int) -> Int {
      switch function.tokens {
      case .fixed(let size): return size
      case .range(_, let max):
        guard function.padding == .right else { return count }
        return min(max, (count + Self.bucket - 1) / Self.bucket * Self.bucket)
      }
    }
  }
#endif
