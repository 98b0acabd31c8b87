/// Why a tokenizer cannot be used.
public enum TokenizerError: Error, Equatable, Sendable {
  /// The file cannot be opened or mapped; `errno` says why.
  case unreadable(path: String, errno: Int32)
  /// The file is cut off, changed, or no compiled tokenizer: export it again.
  case broken(String)
  /// The chat template itself refuses the conversation; the text is its reason.
  case templateRefused(String)
  /// The chat template cannot be executed for these variables, or takes too long.
  case templateFailed(String)
  /// What should be JSON is not; the place of the first mistake.
  case json(byte: Int)
}
