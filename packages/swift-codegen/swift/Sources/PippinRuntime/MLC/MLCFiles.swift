import Foundation

/// The files of an MLC-LLM package, looked at before the engine opens them: it ends the app where one is missing or cut off.
struct MLCFiles {
  let folder: URL

  private struct Cache: Decodable {
    struct Record: Decodable {
      var dataPath: String
      var nbytes: Int64
    }
    var records: [Record]
  }

  /// - Throws: `RuntimeError.fileMissing`, `.fileDamaged`.
  func verify() throws {
    _ = try data("mlc-chat-config.json")
    let name = "tensor-cache.json"
    let cache: Cache
    do { cache = try JSONDecoder().decode(Cache.self, from: data(name)) } catch let error as DecodingError {
      throw RuntimeError.fileDamaged(name, reason: "it is no list of weight files (\(error))")
    }
    for record in cache.records {
      guard !record.dataPath.contains("/"), record.dataPath != "..", !record.dataPath.isEmpty else {
        throw RuntimeError.fileDamaged(name, reason: "it names \(record.dataPath), which is no file of the folder")
      }
      let path = folder.appendingPathComponent(record.dataPath).path
      guard let size = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? NSNumber else {
        throw RuntimeError.fileMissing(record.dataPath)
      }
      guard size.int64Value == record.nbytes else {
        throw RuntimeError.fileDamaged(record.dataPath, reason: "it has \(size) of \(record.nbytes) bytes")
      }
    }
  }

  /// The engine puts the path into JSON as it is.
  ///
  /// - Throws: `RuntimeError.loadFailed` for a path that would not survive this.
  func enginePath() throws -> String {
    let path = folder.path
    if path.unicodeScalars.contains(where: { $0 == "\"" || $0 == "\\" || $0.value < 0x20 }) {
      throw RuntimeError.loadFailed("MLC-LLM cannot open a folder with a quote or a backslash in its path: \(path)")
    }
    return path
  }

  private func data(_ name: String) throws -> Data {
    do { return try Data(contentsOf: folder.appendingPathComponent(name)) } catch {
      throw RuntimeError.fileMissing(name)
    }
  }
}
