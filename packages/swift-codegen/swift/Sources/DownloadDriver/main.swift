// Downloads models, for tests: a JSON object a line in, one a line out.
//
//     DownloadDriver < jobs     {"manifest":FOLDER,"store":FOLDER,"base":URL,"chunkBytes":N,"pieceBytes":N,…}
//
// Answers with {"done":FOLDER,"received":BYTES} or {"error":CASE,"message":TEXT,"received":BYTES}; with "tells" also with
// {"progress":BYTES} on the way.
import Foundation
import PippinRuntime

struct Job: Decodable {
  var manifest: String
  var store: String
  var base: String
  var chunkBytes: Int64
  var pieceBytes: Int64
  var headers: [String: String]?
  var attempts: Int?
  var tells: Bool?
}

struct Answer: Encodable {
  var progress: Int64?
  var done: String?
  var error: String?
  var message: String?
  var received: Int64?
}

final class Counter: @unchecked Sendable {
  private let lock = NSLock()
  private var sum: Int64 = 0
  func add(_ bytes: Int64) { lock.withLock { sum += bytes } }
  var value: Int64 { lock.withLock { sum } }
}

func say(_ answer: Answer) {
  guard let json = try? JSONEncoder().encode(answer) else { return }
  FileHandle.standardOutput.write(json + Data("\n".utf8))
}

func download(_ job: Job, _ received: Counter) async throws -> ModelFiles {
  let folder = URL(fileURLWithPath: job.manifest, isDirectory: true)
  let manifest = try RuntimeManifest(contentsOf: folder.appendingPathComponent("pippin-manifest.json"))
  let version = try ModelVersion(name: "model", manifest: manifest, folder: folder, chunkBytes: job.chunkBytes)
  guard let base = URL(string: job.base) else { throw RuntimeError.unsupported("no address") }
  var options = DownloadOptions()
  options.pieceBytes = job.pieceBytes
  options.headers = job.headers ?? [:]
  options.idleSeconds = 5
  options.retry = RetryPolicy(attempts: job.attempts ?? 6, firstDelay: 0.01, longestDelay: 2)
  options.onNetworkBytes = { received.add($0) }
  let store = try ModelStore(folder: URL(fileURLWithPath: job.store, isDirectory: true))
  let tells = job.tells ?? false
  return try await ModelDownloader(store: store, options: options).download(version, from: base) { progress in
    if tells { say(Answer(progress: progress.doneBytes)) }
  }
}

while let line = readLine() {
  let received = Counter()
  do {
    let job = try JSONDecoder().decode(Job.self, from: Data(line.utf8))
    let files = try await download(job, received)
    say(Answer(done: files.packages.path, received: received.value))
  } catch {
    // The case's name tells typed errors from others.
    let name = error is RuntimeError ? "\(error)".prefix { $0 != "(" } : "untyped"
    say(Answer(error: String(name), message: error.localizedDescription, received: received.value))
  }
}
