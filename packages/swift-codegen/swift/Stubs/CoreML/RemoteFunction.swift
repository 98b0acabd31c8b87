import Foundation

/// A function that `tools/swift/coreml-server.ts` runs: each model has a connection of its own.
final class RemoteFunction: FakeFunction, @unchecked Sendable {
  let inputs: [FakeFeature]
  let outputs: [FakeFeature]
  let states: [FakeFeature]
  private let connection: Connection

  private struct Feature: Codable {
    var name: String
    var shape: [Int?]
    var dtype: String

    var fake: FakeFeature { FakeFeature(name, shape, dataTypes[dtype] ?? .float32) }
  }

  private struct Request: Encodable {
    var op: String
    var path: String?
    var function: String?
    var state: Int?
    var name: String?
    var inputs: [Feature]?
  }

  private struct Answer: Decodable {
    var error: String?
    var inputs: [Feature]?
    var outputs: [Feature]?
    var states: [Feature]?
    var state: Int?
  }

  init(socket: String, package: URL, function: String?) throws {
    connection = try Connection(path: socket)
    let request = Request(op: "load", path: package.path, function: function)
    let (answer, _) = try Self.ask(connection, request)
    inputs = (answer.inputs ?? []).map(\.fake)
    outputs = (answer.outputs ?? []).map(\.fake)
    states = (answer.states ?? []).map(\.fake)
  }

  func newState() -> any FakeState {
    guard let (answer, _) = try? Self.ask(connection, Request(op: "newState")), let id = answer.state else {
      fatalError("the server makes no state")
    }
    return RemoteState(id, self)
  }

  func predict(_ inputs: [String: MLMultiArray], _ state: (any FakeState)?) throws -> [String: MLMultiArray] {
    let arrays = inputs.sorted { $0.key < $1.key }
    let described = arrays.map { name, array in
      Feature(name: name, shape: array.shape.map(\.intValue), dtype: "\(array.dataType)")
    }
    var payload = Data()
    for (_, array) in arrays { array.withUnsafeBytes { payload.append(contentsOf: $0) } }
    let request = Request(op: "predict", state: (state as? RemoteState)?.id, inputs: described)
    let (answer, bytes) = try Self.ask(connection, request, payload)
    var results: [String: MLMultiArray] = [:]
    var offset = 0
    for feature in answer.outputs ?? [] {
      let array = try MLMultiArray(
        shape: feature.shape.map { NSNumber(value: $0 ?? 0) }, dataType: feature.fake.dataType)
      let length = array.count * array.dataType.size
      _ = bytes.withUnsafeBytes { memcpy(array.dataPointer, $0.baseAddress! + offset, length) }
      offset += length
      results[feature.name] = array
    }
    return results
  }

  func read(_ state: Int, _ name: String) -> MLMultiArray {
    let feature = states.first { $0.name == name }!
    let array = try! MLMultiArray(shape: feature.shape.map { NSNumber(value: $0 ?? 0) }, dataType: feature.dataType)
    guard let (_, bytes) = try? Self.ask(connection, Request(op: "readState", state: state, name: name)),
      bytes.count == array.count * array.dataType.size
    else { fatalError("the server does not show the state \(name)") }
    _ = bytes.withUnsafeBytes { memcpy(array.dataPointer, $0.baseAddress!, bytes.count) }
    return array
  }

  func write(_ state: Int, _ name: String, _ array: MLMultiArray) {
    let payload = array.withUnsafeBytes { Data($0) }
    _ = try? Self.ask(connection, Request(op: "writeState", state: state, name: name), payload)
  }

  func free(_ state: Int) { _ = try? Self.ask(connection, Request(op: "freeState", state: state)) }

  private static func ask(_ connection: Connection, _ request: Request, _ payload: Data = Data()) throws -> (Answer, Data) {
    let (json, bytes) = try connection.exchange(try JSONEncoder().encode(request), payload)
    let answer = try JSONDecoder().decode(Answer.self, from: json)
    if let error = answer.error { throw MLModelError(.generic, error) }
    return (answer, bytes)
  }
}

private let dataTypes: [String: MLMultiArrayDataType] = ["float16": .float16, "float32": .float32, "int32": .int32]

private final class RemoteState: FakeState, @unchecked Sendable {
  let id: Int
  private let function: RemoteFunction

  init(_ id: Int, _ function: RemoteFunction) {
    self.id = id
    self.function = function
  }

  deinit { function.free(id) }

  func array(_ name: String) -> MLMultiArray { function.read(id, name) }
  func changed(_ name: String, _ array: MLMultiArray) { function.write(id, name, array) }
}

/// Frames over a Unix socket: length of JSON, length of bytes (32 bits each, little-endian), JSON, bytes.
private final class Connection: @unchecked Sendable {
  // The lock makes an exchange whole.
  private let lock = NSLock()
  private let socket: Int32

  init(path: String) throws {
    #if canImport(Glibc)
      socket = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    #else
      socket = Foundation.socket(AF_UNIX, SOCK_STREAM, 0)
    #endif
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw MLModelError(.io, "the socket's path is too long")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let socket = socket
    let status = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(socket, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard status == 0 else { throw MLModelError(.io, "nobody listens at \(path)") }
  }

  deinit { close(socket) }

  func exchange(_ json: Data, _ payload: Data) throws -> (Data, Data) {
    try lock.withLock {
      try send(header(json.count, payload.count) + json + payload)
      let head = try receive(8)
      let (first, second) = head.withUnsafeBytes {
        ($0.loadUnaligned(as: UInt32.self), $0.loadUnaligned(fromByteOffset: 4, as: UInt32.self))
      }
      return (try receive(Int(first)), try receive(Int(second)))
    }
  }

  private func header(_ json: Int, _ payload: Int) -> Data {
    var numbers = [UInt32(json).littleEndian, UInt32(payload).littleEndian]
    return Data(bytes: &numbers, count: 8)
  }

  private func send(_ data: Data) throws {
    try data.withUnsafeBytes { bytes in
      var sent = 0
      while sent < bytes.count {
        let count = write(socket, bytes.baseAddress! + sent, bytes.count - sent)
        guard count > 0 else { throw MLModelError(.io, "the server is gone") }
        sent += count
      }
    }
  }

  private func receive(_ count: Int) throws -> Data {
    var data = Data(count: count)
    try data.withUnsafeMutableBytes { bytes in
      var received = 0
      while received < count {
        let got = read(socket, bytes.baseAddress! + received, count - received)
        guard got > 0 else { throw MLModelError(.io, "the server is gone") }
        received += got
      }
    }
    return data
  }
}
