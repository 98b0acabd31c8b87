import Foundation

/// When a request that failed is sent again.
public struct RetryPolicy: Sendable, Equatable {
  /// Requests for the same bytes, the first included, before the download ends with an error.
  public var attempts: Int
  /// Seconds before the second request; each further one waits twice as long.
  public var firstDelay: Double
  /// Longest wait in seconds. A server that asks for a longer one ends the download.
  public var longestDelay: Double
  /// Requests whose bytes were wrong, before the download ends: another try seldom helps.
  public var wrongAnswers: Int

  public init(attempts: Int = 6, firstDelay: Double = 1, longestDelay: Double = 120, wrongAnswers: Int = 3) {
    self.attempts = attempts
    self.firstDelay = firstDelay
    self.longestDelay = longestDelay
    self.wrongAnswers = wrongAnswers
  }

  /// Seconds to wait after a number of failures: between half and all of the doubled delay, so that many phones do not come back at
  /// the same moment; but never less than the server asked for.
  func delay(after failures: Int, retryAfter: Double?, random: Double = .random(in: 0..<1)) -> Double {
    let doubled = min(longestDelay, firstDelay * pow(2, Double(max(0, failures - 1))))
    return max(doubled * (0.5 + random / 2), retryAfter ?? 0)
  }

  /// Seconds in a `Retry-After` header: a number of them or a date (RFC 9110, 10.2.3). nil where it is neither.
  static func seconds(retryAfter text: String?, now: Date = Date()) -> Double? {
    guard let text = text?.trimmingCharacters(in: .whitespaces) else { return nil }
    if let seconds = UInt32(text) { return Double(seconds) }
    let format = DateFormatter()
    format.locale = Locale(identifier: "en_US_POSIX")
    format.timeZone = TimeZone(secondsFromGMT: 0)
    format.dateFormat = "EEE, dd MMM yyyy HH:mm:ss zzz"
    return format.date(from: text).map { max(0, $0.timeIntervalSince(now)) }
  }
}
