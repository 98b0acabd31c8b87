import Foundation

/// Reports of the system, one file each. Keeps the newest ones.
public final class ReportFolder: Sendable {
  public let url: URL
  private let maxFiles: Int
  private let count = Locked(0)
  private let date: @Sendable () -> Date

  /// - Parameter maxFiles: the oldest are removed beyond. The system delivers about two a day.
  public init(_ url: URL, maxFiles: Int = 60, date: @escaping @Sendable () -> Date = { Date() }) {
    self.url = url
    self.maxFiles = maxFiles
    self.date = date
  }

  /// Files, the oldest first.
  public var files: [URL] {
    let files = try? FileManager.default.contentsOfDirectory(at: url, includingPropertiesForKeys: nil)
    return (files ?? [])
      .filter { $0.lastPathComponent.hasPrefix("metrickit-") && $0.pathExtension == "json" }
      .sorted { $0.lastPathComponent < $1.lastPathComponent }
  }

  /// Stores a report as it is.
  ///
  /// - Parameter kind: part of the file's name: `metrics`, `diagnostics`.
  /// - Throws: what the file system says.
  func store(_ report: Data, kind: StaticString) throws {
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    let number = count.with { count in
      defer { count += 1 }
      return count
    }
    let time = Date.ISO8601FormatStyle(dateSeparator: .omitted, timeSeparator: .omitted, includingFractionalSeconds: true)
    let file = url.appendingPathComponent("metrickit-\(time.format(date()))-\(number)-\(kind).json")
    try report.write(to: file, options: .atomic)
    FileSettings.apply(toLog: file)
    for old in files.dropLast(maxFiles) { try? FileManager.default.removeItem(at: old) }
  }
}
