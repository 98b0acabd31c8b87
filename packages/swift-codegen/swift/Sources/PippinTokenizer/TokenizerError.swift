/// Why a tokenizer cannot be used.
public enum TokenizerError: Error, Equatable, Sendable {
  /// The file cannot be opened or mapped; `errno` says why.
  case unreadable(path: String, errno: Int32)
  /// The file is cut off, changed, or no compiled tokenizer: export it again.
  case broken(String)
  /// The file has no chat template.
  case noChatTemplate
}
