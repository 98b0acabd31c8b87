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
  /// Keeps what `ids` begin with and forgets the rest. The last of them is always read again: its logits are wanted.
  ///
  /// - Returns: how many are held.
  func keepCommon(with ids: [Int]) -> Int {
    var common = 0
    while common < min(tokens.count, ids.count - 1), tokens[common] == ids[common] { common += 1 }
    rewind(to: common)
    return common
  }
}
