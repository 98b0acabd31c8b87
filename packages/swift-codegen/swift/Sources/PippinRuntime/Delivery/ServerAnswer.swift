import Foundation

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// Bytes of a model that are asked for. It travels with the request, so that an answer that comes after the app's next start is known.
struct Piece: Codable, Sendable, Hashable {
  /// Folder of the stage within the store's staging folder.
  var stage: String
  var file: Int
  var offset: Int64
  var count: Int64
  /// Of the whole file.
  var fileBytes: Int64

  var isWhole: Bool { offset == 0 && count == fileBytes }
  var range: String { "bytes=\(offset)-\(offset + count - 1)" }
}

/// What a server's answer to a request for a piece is worth.
enum ServerAnswer: Sendable, Equatable {
  /// The piece: 206 with the range that was asked for, or 200 where the piece is all of the file.
  case piece
  /// 200 with the whole file, though less was asked for.
  case wholeFile
  case redirect(URL)
  /// Asking again may help; after so many seconds, where the server says.
  case busy(String, retryAfter: Double?)
  /// The connection broke, or there was none; a smaller piece may get through.
  case dropped(String)
  /// Asking again may help, but not often.
  case wrong(String)
  /// Asking again does not help.
  case refused(String)

  /// - Parameter byteCount: of the body that arrived; nil: not looked at.
  init(_ response: HTTPURLResponse, to piece: Piece, byteCount: Int64? = nil) {
    let status = response.statusCode
    switch status {
    case 200:
      self = piece.isWhole ? .piece : .wholeFile
      if let byteCount, byteCount != piece.fileBytes { self = .wrong("\(byteCount) of \(piece.fileBytes) bytes came") }
    case 206:
      let found = response.value(forHTTPHeaderField: "Content-Range")
      let wanted = "bytes \(piece.offset)-\(piece.offset + piece.count - 1)/"
      let isRight = ["\(piece.fileBytes)", "*"].contains { found?.lowercased() == wanted + $0 }
      self =
        isRight ? .piece : .wrong("the server sent the range \(found ?? "that it does not name") for \(wanted)\(piece.fileBytes)")
      if isRight, let byteCount, byteCount != piece.count { self = .wrong("\(byteCount) of \(piece.count) bytes came") }
    case 301, 302, 303, 307, 308:
      let place = response.value(forHTTPHeaderField: "Location").flatMap { URL(string: $0, relativeTo: response.url) }
      self = place.map { .redirect($0.absoluteURL) } ?? .refused("the server redirects to nowhere")
    case 401: self = .refused("the server wants other credentials (401)")
    case 403: self = .refused("the server does not allow it (403)")
    case 404, 410: self = .refused("the server does not have it (\(status))")
    case 416: self = .refused("the server has a shorter file (416)")
    case 408, 425, 429, 500...599:
      let seconds = RetryPolicy.seconds(retryAfter: response.value(forHTTPHeaderField: "Retry-After"))
      self = .busy("the server answers with status \(status)", retryAfter: seconds)
    default: self = .refused("the server answers with status \(status)")
    }
  }

  /// What an error of the connection means.
  init(_ error: any Error) {
    let reason = error.localizedDescription
    guard let code = (error as? URLError)?.code else {
      self = .dropped(reason)
      return
    }
    switch code {
    case .badURL, .unsupportedURL, .appTransportSecurityRequiresSecureConnection, .userAuthenticationRequired,
      .serverCertificateHasBadDate, .serverCertificateUntrusted, .serverCertificateHasUnknownRoot, .serverCertificateNotYetValid,
      .clientCertificateRejected, .clientCertificateRequired:
      self = .refused(reason)
    default: self = .dropped("the connection failed: \(reason)")
    }
  }
}
