import Foundation

/// How a model is downloaded.
public struct DownloadOptions: Sendable {
  /// Sent with each request to the base URL's scheme, host and port, never to another that it redirects to.
  public var headers: [String: String] = [:]
  public var allowsCellular = true
  /// Takes `http:` for other hosts than this device. The hashes are checked all the same, but everybody on the way sees the headers.
  public var allowsInsecureHTTP = false
  /// Takes files of which the manifest knows only the size.
  public var allowsUncheckedFiles = false
  /// Bytes of a request; rounded down to whole chunks of the manifest (8 MiB), but at least one. A broken connection costs at most
  /// that much.
  public var pieceBytes: Int64 = 64 << 20
  /// Requests at the same time.
  public var concurrentRequests = 3
  /// Seconds without a byte after which a request has failed.
  public var idleSeconds = 60
  public var retry = RetryPolicy()
  /// Apple's systems only: the requests are the system's, which goes on while the app is suspended or was ended by the system. The
  /// name must stay the same between the app's starts.
  public var backgroundIdentifier: String?
  /// With `backgroundIdentifier`: the system chooses the time, when there is power and Wi-Fi.
  public var isDiscretionary = false
  /// Told the bytes of bodies as they arrive, also of those that are not used, on any thread.
  public var onNetworkBytes: (@Sendable (Int64) -> Void)?

  public init() {}

  /// - Throws: `RuntimeError.unsupported` of what a request must not have.
  func check(_ base: URL) throws {
    guard allows(base) else {
      throw RuntimeError.unsupported("models are downloaded by https; http needs allowsInsecureHTTP")
    }
    let reserved: Set = ["range", "host", "connection", "content-length", "accept-encoding"]
    for (name, value) in headers {
      let isToken = name.utf8.allSatisfy { $0 > 0x20 && $0 < 0x7f && $0 != UInt8(ascii: ":") }
      guard isToken, !name.isEmpty, value.unicodeScalars.allSatisfy({ $0.value >= 0x20 && $0.value != 0x7f }) else {
        throw RuntimeError.unsupported("a header of the download has a character that headers do not have")
      }
      guard !reserved.contains(name.lowercased()) else {
        throw RuntimeError.unsupported("the header \(name) is the download's own")
      }
    }
    #if !canImport(Darwin)
      guard backgroundIdentifier == nil else {
        throw RuntimeError.unsupported("background downloads exist on Apple's systems only")
      }
    #endif
  }

  /// Whether a request may go there.
  func allows(_ url: URL) -> Bool {
    guard let scheme = url.scheme?.lowercased(), let host = url.host?.lowercased(), !host.isEmpty else { return false }
    let isLocal = ["localhost", "127.0.0.1", "::1", "[::1]"].contains(host)
    return scheme == "https" || (scheme == "http" && (allowsInsecureHTTP || isLocal))
  }

  /// `<base>/<path>`, each part of the path escaped; the base's query stays.
  static func address(of path: String, at base: URL) -> URL? {
    guard var parts = URLComponents(url: base, resolvingAgainstBaseURL: true) else { return nil }
    let unreserved = CharacterSet(charactersIn: "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
    let names = path.split(separator: "/").map { $0.addingPercentEncoding(withAllowedCharacters: unreserved) ?? "" }
    let start = parts.percentEncodedPath.hasSuffix("/") ? parts.percentEncodedPath : parts.percentEncodedPath + "/"
    parts.percentEncodedPath = start + names.joined(separator: "/")
    parts.fragment = nil
    return parts.url
  }
}

extension URL {
  /// Scheme, host and port: headers that were meant for one are not sent to another.
  var origin: String {
    let scheme = self.scheme?.lowercased() ?? ""
    return "\(scheme)://\(host?.lowercased() ?? ""):\(port ?? (scheme == "https" ? 443 : 80))"
  }
}
