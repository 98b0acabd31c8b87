import Foundation

/// The right to write into a stage: one at a time in an app. Not a lock of the file system, for an app that is suspended while it
/// holds one in a shared folder is ended by iOS.
final class StageClaim: Sendable {
  let folder: URL
  private static let taken = Locked<Set<String>>([])

  /// Waits for the claim that is there to end.
  init(_ folder: URL) async throws {
    self.folder = folder
    while !Self.taken.with({ $0.insert(folder.standardizedFileURL.path).inserted }) {
      try await Task.sleep(nanoseconds: 50_000_000)
    }
  }

  func end() { _ = Self.taken.with { $0.remove(folder.standardizedFileURL.path) } }

  static func isTaken(_ folder: URL) -> Bool { taken.with { $0.contains(folder.standardizedFileURL.path) } }
}
