import Foundation

/// What of a text may stand in the log: no paths and addresses, which hold names of people, and not much of it.
enum LoggedText {
  static let maxCharacters = 200

  /// From where a path or address begins to the next quotation mark or line there is `[path]` in its place.
  static func clean(_ text: String) -> String {
    var cleaned = ""
    var before: Character = " "
    var isPath = false
    for character in text.prefix(maxCharacters * 4) {
      if isPath {
        isPath = !isEnd(character)
      } else if (character == "/" || character == "~" || character == "\\") && !isWord(before) {
        cleaned += "[path]"
        isPath = true
      }
      if !isPath { cleaned.append(character) }
      before = character
    }
    return String(cleaned.prefix(maxCharacters))
  }

  private static func isEnd(_ character: Character) -> Bool { character.isNewline || "\"'”’`".contains(character) }
  private static func isWord(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || "._-".contains(character)
  }
}

/// The name of an error and its sizes; never its texts, which may hold a prompt or a path.
struct LoggedError: Sendable, Equatable {
  var type: String
  var sizes: [Size] = []

  struct Size: Sendable, Equatable {
    var name: String
    var value: Int64
  }

  init(_ error: any Error) {
    if let error = error as? RuntimeError {
      let (name, values) = Self.parts(error)
      type = name
      sizes = values
    } else {
      let error = error as NSError
      type = LoggedText.clean(error.domain)
      sizes = [Size(name: "code", value: Int64(error.code))]
    }
  }

  /// The case's name, and what in it is a number.
  private static func parts(_ error: RuntimeError) -> (String, [Size]) {
    guard let payload = Mirror(reflecting: error).children.first, let name = payload.label else { return ("\(error)", []) }
    let sizes = Mirror(reflecting: payload.value).children.compactMap { label, value -> Size? in
      guard let label, let number = (value as? Int64) ?? (value as? Int).map(Int64.init) else { return nil }
      return Size(name: label, value: number)
    }
    return (name, sizes)
  }
}
