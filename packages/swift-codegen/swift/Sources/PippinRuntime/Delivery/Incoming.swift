import Foundation

extension Piece {
  var wholeFile: Piece {
    var piece = self
    (piece.offset, piece.count) = (0, fileBytes)
    return piece
  }

  /// A name for its bytes that says what they are; never the same twice.
  var incomingName: String { "\(file)-\(offset)-\(count)-\(UUID().uuidString)" }
}

extension Stage {
  static func incoming(in folder: URL) -> URL { folder.appendingPathComponent("incoming", isDirectory: true) }

  /// Takes over a piece that arrived and deletes its file.
  ///
  /// - Returns: the chunks that were not right; nil where the name says no piece of this model.
  func adoptIncoming(_ url: URL) throws -> [Int]? {
    let numbers = url.lastPathComponent.split(separator: "-").prefix(3).compactMap { Int64($0) }
    defer { try? FileManager.default.removeItem(at: url) }
    guard numbers.count == 3, numbers.allSatisfy({ $0 >= 0 }), numbers[0] < version.files.count else { return nil }
    let (file, offset, count) = (Int(numbers[0]), numbers[1], numbers[2])
    let (size, chunk) = (version.files[file].size, version.chunkBytes)
    let (end, overflows) = offset.addingReportingOverflow(count)
    guard !overflows, count > 0, end <= size, offset % chunk == 0, end % chunk == 0 || end == size else { return nil }
    return try adopt(url, as: file, offset: offset, count: count)
  }

  /// Takes over what arrived while nobody waited for it: a run was killed, or the system downloaded in the background.
  func adoptLeftovers() throws {
    let found = try? FileManager.default.contentsOfDirectory(at: Self.incoming(in: folder), includingPropertiesForKeys: nil)
    for url in found ?? [] { _ = try adoptIncoming(url) }
  }
}
