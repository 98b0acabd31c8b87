#if canImport(CoreML)
  @preconcurrency import CoreML
  import Foundation

  /// Keys and values of prompts that begin many conversations, on disk: the system prompt is computed once, not at every start.
  ///
  /// A file is named by what it holds, and carries a hash of its bytes: a damaged one is deleted and computed again.
  struct PrefixCache: Sendable {
    let folder: URL
    let options: PrefixCacheOptions

    private struct Header: Codable {
      var ids: [Int]
      var states: [Part]
      var sha256: String

      struct Part: Codable {
        var package: Int
        var name: String
        var bytes: Int
      }
    }

    private static let magic = Data("pippinKV1\n".utf8)

    /// The same state gives the same bytes.
    private static var encoder: JSONEncoder {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      return encoder
    }

    /// Fills the session's cache with the first `count` of `ids`, if they are on disk.
    ///
    /// - Returns: whether they were.
    func restore(_ ids: [Int], into session: CachedSession, key: String) -> Bool {
      guard #available(iOS 18, macOS 15, *), let cache = session.cache as? StateCache else { return false }
      let url = file(ids, key)
      guard let data = try? Data(contentsOf: url, options: .mappedIfSafe) else { return false }
      guard let (header, payload) = parse(data), header.ids == ids else {
        try? FileManager.default.removeItem(at: url)
        return false
      }
      var offset = payload.startIndex
      session.rewind(to: 0)
      for part in header.states {
        guard let state = session.states.first(where: { $0.name == part.name }), part.package < cache.states.count,
          part.bytes <= payload.endIndex - offset
        else { return false }
        let bytes = payload[offset..<offset + part.bytes]
        offset += part.bytes
        let slice = CacheSlice(layout: state.layout, count: ids.count)
        let isWritten = cache.states[part.package].withMultiArray(for: part.name) { slice.write(Data(bytes), to: $0) }
        guard isWritten else { return false }
      }
      session.adopt(ids)
      // The system's clock says which was used last.
      try? FileManager.default.setAttributes([.modificationDate: Date()], ofItemAtPath: url.path)
      return true
    }

    /// Keeps the first `count` tokens that the session holds.
    func store(_ count: Int, of session: CachedSession, key: String) {
      guard #available(iOS 18, macOS 15, *), let cache = session.cache as? StateCache else { return }
      let ids = Array(session.tokens.prefix(count))
      let url = file(ids, key)
      guard ids.count == count, count >= options.minimumTokens, !FileManager.default.fileExists(atPath: url.path) else { return }
      var header = Header(ids: ids, states: [], sha256: "")
      var payload = Data()
      for (package, state) in cache.states.enumerated() {
        for declared in session.states(ofPackage: package) {
          let slice = CacheSlice(layout: declared.layout, count: count)
          let bytes = state.withMultiArray(for: declared.name) { slice.bytes(of: $0) }
          header.states.append(.init(package: package, name: declared.name, bytes: bytes.count))
          payload += bytes
        }
      }
      header.sha256 = Self.hash(payload)
      guard Int64(payload.count) <= options.maximumBytes, let json = try? Self.encoder.encode(header) else { return }
      var length = UInt32(json.count).littleEndian
      let head = Self.magic + Data(bytes: &length, count: 4) + json
      try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
      // A full disk costs the next start some seconds, not this answer.
      try? (head + payload).write(to: url, options: .atomic)
      removeOldest()
    }

    private func parse(_ data: Data) -> (Header, Data)? {
      let start = Self.magic.count + 4
      guard data.count > start, data.prefix(Self.magic.count) == Self.magic else { return nil }
      let length = Int(data.withUnsafeBytes { $0.loadUnaligned(fromByteOffset: Self.magic.count, as: UInt32.self) }.littleEndian)
      guard length <= data.count - start,
        let header = try? JSONDecoder().decode(Header.self, from: data[start..<start + length])
      else { return nil }
      let payload = data[(start + length)...]
      guard header.states.allSatisfy({ $0.bytes >= 0 && $0.package >= 0 }), Self.hash(payload) == header.sha256 else { return nil }
      return (header, payload)
    }

    private func file(_ ids: [Int], _ key: String) -> URL {
      let name = FileHash.of("\(key) \(ids.map(String.init).joined(separator: " "))")
      return folder.appendingPathComponent("\(name).kv")
    }

    private static func hash(_ data: Data) -> String {
      var hash = FileHash()
      data.withUnsafeBytes { hash.update($0) }
      return hash.finish()
    }

    private func removeOldest() {
      let keys: [URLResourceKey] = [.fileSizeKey, .contentModificationDateKey]
      let found = (try? FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: keys)) ?? []
      let files = found.filter { $0.pathExtension == "kv" }.map { url in
        let values = try? url.resourceValues(forKeys: Set(keys))
        return (url: url, size: Int64(values?.fileSize ?? 0), date: values?.contentModificationDate ?? .distantPast)
      }
      var total = files.reduce(0) { $0 + $1.size }
      for file in files.sorted(by: { $0.date < $1.date }) where total > options.maximumBytes {
        try? FileManager.default.removeItem(at: file.url)
        total -= file.size
      }
    }
  }
#endif
