#if canImport(os)
  import os
#endif
#if canImport(MetricKit) && !os(macOS)
  import MetricKit
#endif

/// Marks of what happens when, for Instruments; some of them for MetricKit's daily reports too.
struct Signposts: Sendable {
  #if canImport(os)
    private let signposter: OSSignposter
  #endif
  #if canImport(MetricKit) && !os(macOS)
    private let daily = DailySignposts()
  #endif

  init(subsystem: String) {
    #if canImport(os)
      signposter = OSSignposter(subsystem: subsystem, category: "Pippin")
    #endif
  }

  /// - Parameter daily: whether MetricKit counts it too, which the system does for few names.
  func begin(_ name: StaticString, daily isDaily: Bool = false) -> SignpostInterval {
    var interval = SignpostInterval()
    #if canImport(os)
      let state = signposter.beginInterval(name, id: signposter.makeSignpostID())
      interval.ends.append { [signposter] in signposter.endInterval(name, state) }
    #endif
    #if canImport(MetricKit) && !os(macOS)
      if isDaily { interval.ends.append(daily.begin(name)) }
    #endif
    return interval
  }

  func event(_ name: StaticString) {
    #if canImport(os)
      signposter.emitEvent(name)
    #endif
  }
}

/// An interval that has begun.
struct SignpostInterval: @unchecked Sendable {
  fileprivate var ends: [() -> Void] = []

  func end() { for end in ends { end() } }
}

// The SDKs before that of macOS 26 do not let the Mac call `mxSignpost`.
#if canImport(MetricKit) && !os(macOS)
  /// `mxSignpost` has the system note CPU time and memory too.
  private struct DailySignposts: @unchecked Sendable {
    private let log = MXMetricManager.makeLogHandle(category: "Pippin")

    func begin(_ name: StaticString) -> () -> Void {
      let id = OSSignpostID(log: log)
      mxSignpost(.begin, log: log, name: name, signpostID: id)
      return { [log] in mxSignpost(.end, log: log, name: name, signpostID: id) }
    }
  }
#endif
