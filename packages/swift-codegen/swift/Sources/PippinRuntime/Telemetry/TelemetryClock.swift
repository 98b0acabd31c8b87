import Foundation

/// What time it is. Tests give their own.
public struct TelemetryClock: Sendable {
  /// Nanoseconds of a clock that never goes back and runs on while the device sleeps.
  public var monotonicNanoseconds: @Sendable () -> Int64
  public var date: @Sendable () -> Date

  public init(monotonicNanoseconds: @escaping @Sendable () -> Int64, date: @escaping @Sendable () -> Date) {
    self.monotonicNanoseconds = monotonicNanoseconds
    self.date = date
  }

  public static let system = TelemetryClock(
    monotonicNanoseconds: {
      var time = timespec()
      clock_gettime(SystemFacts.monotonicClock, &time)
      return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    },
    date: { Date() })
}

/// The moment from which a session counts.
struct ClockAnchor: Sendable {
  let date: Date
  let monotonicNanoseconds: Int64
  /// How far the two readings may lie apart.
  let uncertaintyMs: Double

  init(_ clock: TelemetryClock) {
    let before = clock.monotonicNanoseconds()
    date = clock.date()
    let after = clock.monotonicNanoseconds()
    monotonicNanoseconds = before + (after - before) / 2
    uncertaintyMs = Double(after - before) / 2e6
  }

  /// ISO 8601 in UTC, with milliseconds.
  var iso: String { Date.ISO8601FormatStyle(includingFractionalSeconds: true).format(date) }

  /// For file names: `20260302T093000Z`.
  var compact: String {
    Date.ISO8601FormatStyle(dateSeparator: .omitted, timeSeparator: .omitted).format(date)
  }
}
