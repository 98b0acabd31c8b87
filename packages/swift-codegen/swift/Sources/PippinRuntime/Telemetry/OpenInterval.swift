/// What an interval may say of itself.
public enum LogValue: Sendable, Equatable, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral {
  case text(String)
  case int(Int64)
  case double(Double)
  case bool(Bool)

  public init(stringLiteral value: String) { self = .text(value) }
  public init(integerLiteral value: Int64) { self = .int(value) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
}

/// Something that takes time and has begun. One that is freed without its end was broken off.
public final class OpenInterval: Sendable {
  private let telemetry: Telemetry
  private let name: StaticString
  private let attributes: [String: LogValue]
  private let start: Int64
  private let signpost: SignpostInterval
  private let isEnded = Locked(false)

  init(_ name: StaticString, attributes: [String: LogValue], of telemetry: Telemetry) {
    self.name = name
    self.attributes = attributes
    self.telemetry = telemetry
    signpost = telemetry.signposts.begin(name)
    start = telemetry.nanoseconds
  }

  deinit { end(completed: false) }

  /// Writes the interval; the first call counts.
  ///
  /// - Parameters:
  ///   - completed: false where it ended by an error or a cancellation.
  ///   - attributes: what is known only at its end.
  public func end(completed: Bool = true, attributes added: [String: LogValue] = [:]) {
    let end = telemetry.nanoseconds
    let isFirst = isEnded.with { isEnded in
      defer { isEnded = true }
      return !isEnded
    }
    guard isFirst else { return }
    signpost.end()
    let all = attributes.merging(added) { _, last in last }
    let line = intervalLine(String(describing: name), from: start, to: end, isCompleted: completed) { line in
      for (key, value) in all.sorted(by: { $0.key < $1.key }) {
        switch value {
        case .text(let text): line.add(key, LoggedText.clean(text))
        case .int(let number): line.add(key, number)
        case .double(let number): line.add(key, number)
        case .bool(let flag): line.add(key, flag)
        }
      }
    }
    telemetry.write(line)
  }
}
