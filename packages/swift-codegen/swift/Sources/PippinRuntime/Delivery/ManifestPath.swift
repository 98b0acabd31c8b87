import Foundation

/// Checks paths that a manifest names before any of them touches the disk: each must lie in the model's folder, and be another file
/// than all the others on every file system.
enum ManifestPath {
  /// Longest name of a file on APFS and ext4, in bytes.
  static let maximumNameBytes = 255
  /// A quarter of the system's limit; the rest is for the app's own folders.
  static let maximumBytes = 256 * 3

  /// - Throws: `RuntimeError.manifestInvalid`, which shows the path with hostile characters escaped.
  static func check(_ paths: [String]) throws {
    var files: Set<String> = []
    var folders: Set<String> = []
    for path in paths {
      let names = try parts(of: path)
      guard files.insert(folded(names)).inserted else {
        throw RuntimeError.manifestInvalid("two files have the path \(shown(path)) where case is ignored")
      }
      for end in names.indices.dropFirst() { folders.insert(folded(names[..<end])) }
    }
    for path in paths where folders.contains(folded(path.split(separator: "/"))) {
      throw RuntimeError.manifestInvalid("\(shown(path)) is a file and a folder")
    }
  }

  /// The names between the slashes.
  static func parts(of path: String) throws -> [Substring] {
    func refuse(_ reason: String) -> RuntimeError { .manifestInvalid("the path \(shown(path)) \(reason)") }
    guard !path.isEmpty else { throw refuse("is empty") }
    guard path.utf8.count <= maximumBytes else { throw refuse("is too long") }
    guard path.utf8.first != UInt8(ascii: "/") else { throw refuse("is absolute") }
    guard path.unicodeScalars.allSatisfy(isHarmless) else { throw refuse("has a character that names do not have") }
    let names = path.split(separator: "/", omittingEmptySubsequences: false)
    for name in names {
      guard !name.isEmpty else { throw refuse("has an empty part") }
      guard name != ".", name != ".." else { throw refuse("leads out of its folder") }
      guard name.utf8.count <= maximumNameBytes else { throw refuse("has a part that is too long") }
    }
    return names
  }

  /// No control characters, no other systems' separators, nothing that some file systems leave out when they compare names.
  private static func isHarmless(_ scalar: Unicode.Scalar) -> Bool {
    guard scalar.value >= 0x20, scalar.value != 0x7f, scalar != "\\", scalar != ":" else { return false }
    return !scalar.properties.isDefaultIgnorableCodePoint && scalar.properties.generalCategory != .control
  }

  /// Equal for paths that APFS takes for the same.
  private static func folded(_ names: some Sequence<Substring>) -> String {
    names.map { $0.decomposedStringWithCanonicalMapping.folding(options: .caseInsensitive, locale: nil) }
      .map(\.decomposedStringWithCanonicalMapping).joined(separator: "/")
  }

  private static func shown(_ path: String) -> String {
    let escaped = path.unicodeScalars.prefix(120).map { $0.escaped(asASCII: true) }.joined()
    return "“\(escaped)”"
  }
}
