import Foundation

@testable import PippinRuntime

#if canImport(FoundationNetworking)
  import FoundationNetworking
#endif

/// The server of `tools/swift/faulty-server.ts`, where it runs: `PIPPIN_FAULTY_SERVER` is its address.
struct FaultyServer {
  static let address = ProcessInfo.processInfo.environment["PIPPIN_FAULTY_SERVER"].flatMap { URL(string: $0) }

  struct Plan: Encodable {
    var faults: [String]
    var match: String?
    var times: Int?
    var retryAfter: Double?
  }

  struct Entry: Decodable {
    var path: String
    var host: String
    var range: String?
    var fault: String?
    var headers: [String: String]
    var status: Int
    var sent: Int64
  }

  /// A name for one test's requests.
  let name = UUID().uuidString
  private let server: URL

  /// Puts a model's files on the server.
  init(_ model: ModelFixture) async throws {
    server = Self.address!
    for file in model.version.files {
      let bytes = try Data(contentsOf: model.source.appendingPathComponent(file.path))
      _ = try await send("PUT", "file/\(name)/\(file.path)", bytes)
    }
  }

  var base: URL { server.appendingPathComponent("run/\(name)/\(name)") }

  func plan(_ plan: Plan) async throws { _ = try await send("POST", "plan/\(name)", JSONEncoder().encode(plan)) }

  func log() async throws -> [Entry] {
    try JSONDecoder().decode([Entry].self, from: try await send("GET", "log/\(name)", nil))
  }

  private func send(_ method: String, _ path: String, _ body: Data?) async throws -> Data {
    var request = URLRequest(url: server.appendingPathComponent(path))
    request.httpMethod = method
    request.httpBody = body
    let (data, response) = try await URLSession.shared.data(for: request)
    guard (response as? HTTPURLResponse)?.statusCode == 200 else { throw URLError(.badServerResponse) }
    return data
  }
}
