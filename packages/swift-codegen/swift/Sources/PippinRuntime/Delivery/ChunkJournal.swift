import Foundation

/// The sha256 of chunks that arrived, for files of which the manifest does not know them: a JSON object a line, added at the end.
///
/// It is a help for going on, no proof: a line that is cut off or wrong costs a chunk, which is then fetched again.
final class ChunkJournal {
  private struct Line: Codable {
    var file: Int
    var chunk: Int
    var sha256: String
  }

  private let url: URL
  private var hashes: [Int: [Int: String]] = [:]

  init(_ url: URL) {
    self.url = url
    let text = (try? Data(contentsOf: url)) ?? Data()
    for bytes in text.split(separator: UInt8(ascii: "\n")) {
      guard let line = try? JSONDecoder().decode(Line.self, from: bytes) else { continue }
      hashes[line.file, default: [:]][line.chunk] = line.sha256
    }
  }

  func hash(of chunk: Int, in file: Int) -> String? { hashes[file]?[chunk] }

  func add(_ chunks: [(chunk: Int, hash: String)], file: Int) throws {
    for (chunk, hash) in chunks { hashes[file, default: [:]][chunk] = hash }
    // The line end comes first, so that a line that was cut off spoils none but itself.
    let lines = try chunks.map { try encoded(Line(file: file, chunk: $0.chunk, sha256: $0.hash)) }
    let journal = try DiskFile(updating: url)
    try Data(lines.joined()).withUnsafeBytes { try journal.write($0, at: journal.byteCount) }
    try journal.synchronize()
  }

  /// Takes out all that is known of a file.
  func forget(file: Int) throws {
    hashes[file] = nil
    let lines = try hashes.flatMap { file, chunks in
      try chunks.map { try encoded(Line(file: file, chunk: $0.key, sha256: $0.value)) }
    }
    try Data(lines.joined()).write(to: url, options: .atomic)
  }

  private func encoded(_ line: Line) throws -> Data { Data("\n".utf8) + (try JSONEncoder().encode(line)) }
}
