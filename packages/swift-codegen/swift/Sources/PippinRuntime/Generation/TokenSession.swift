/// Tokens that a model has read, and what it makes of them. One task at a time uses it.
protocol TokenSession: AnyObject, Sendable {
  /// Tokens of prompt and answer together.
  var contextLength: Int { get }
  /// Whether tokens that were read are computed again at each call.
  var recomputes: Bool { get }
  /// What was read, in order. After an error it holds what is still usable.
  var tokens: [Int] { get }
  /// Forgets all tokens from place `count` on.
  func rewind(to count: Int)
  /// Reads tokens behind those that it holds; `read` sees the logits of the last one.
  ///
  /// - Throws: `CancellationError` between two calls of the model; `RuntimeError`.
  func feed(_ new: [Int], _ read: (Logits) throws -> Void) async throws
}

extension TokenSession {
  /// Reads `ids` from the first place where they differ from what is held.
  ///
  /// - Returns: how many need not be computed. The last one is always read again: its logits are wanted.
  func read(_ ids: [Int], _ read: (Logits) throws -> Void) async throws -> Int {
    var common = 0
    while common < min(tokens.count, ids.count - 1), tokens[common] == ids[common] { common += 1 }
    rewind(to: common)
    try await feed(Array(ids[common...]), read)
    return recomputes ? 0 : common
  }
}
