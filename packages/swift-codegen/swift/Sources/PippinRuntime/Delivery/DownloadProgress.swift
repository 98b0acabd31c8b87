/// How far a download is.
public struct DownloadProgress: Sendable, Equatable {
  public enum Phase: String, Sendable {
    /// What is on the disk is compared with its hashes: at the start, and once more at the end.
    case checking
    case downloading
  }

  public var phase: Phase
  /// Bytes that are there, with those on their way; fewer than before where some were wrong or a connection broke.
  public var doneBytes: Int64
  public var totalBytes: Int64
  /// Mean of the last seconds; 0 until something came.
  public var bytesPerSecond: Double

  /// nil while the rate is not known.
  public var secondsLeft: Double? {
    bytesPerSecond > 0 ? Double(max(0, totalBytes - doneBytes)) / bytesPerSecond : nil
  }

  /// 0 to 1.
  public var fraction: Double { totalBytes > 0 ? min(1, Double(doneBytes) / Double(totalBytes)) : 1 }
}

/// Bytes per second over the last ten seconds.
struct RateMeter {
  private var samples: [(time: Double, bytes: Int64)] = []
  private static let window = 10.0

  /// - Parameter time: seconds of a clock that never goes back.
  mutating func add(_ bytes: Int64, at time: Double) {
    if let last = samples.last, time - last.time < 0.1 {
      samples[samples.count - 1].bytes += bytes
    } else {
      samples.append((time, bytes))
    }
    samples.removeAll { time - $0.time > Self.window }
  }

  func rate(at time: Double) -> Double {
    guard let first = samples.first, time - first.time >= 0.2 else { return 0 }
    // The first sample's bytes came before its time.
    return Double(samples.dropFirst().reduce(0) { $0 + $1.bytes }) / (time - first.time)
  }
}
