import Foundation

/// A value that many tasks read and write, one at a time.
final class Locked<Value>: @unchecked Sendable {
  // `value` is only touched while the lock is held.
  private let lock = NSLock()
  private var value: Value

  init(_ value: Value) { self.value = value }

  func callAsFunction<R>(_ body: (inout Value) throws -> R) rethrows -> R { try lock.withLock { try body(&value) } }
}
