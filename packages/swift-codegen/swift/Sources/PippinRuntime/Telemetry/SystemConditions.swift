import Dispatch
import Foundation

/// This device. What the system does not tell is nil, or the state that changes nothing.
public struct SystemConditions: DeviceConditions {
  public static let shared = SystemConditions()

  private init() {}

  public var thermalState: ThermalState { SystemFacts.thermalState }
  public var isLowPowerMode: Bool { SystemFacts.isLowPowerMode ?? false }
  public var availableMemory: Int64? { SystemFacts.availableMemory }
  public var footprint: Int64? { SystemFacts.footprint }

  public func onMemoryWarning(_ handler: @escaping @Sendable () -> Void) -> any Sendable {
    SystemFacts.onMemoryWarning(handler)
  }
}

#if !canImport(Darwin)
  /// What Linux tells.
  enum SystemFacts {
    static let name = "Linux"
    /// CLOCK_MONOTONIC stands still while the machine sleeps (clock_gettime(2)).
    static let monotonicClock = CLOCK_BOOTTIME
    static let build: String? = nil
    static let thermalState = ThermalState.nominal
    static let isLowPowerMode: Bool? = nil
    static let availableMemory: Int64? = nil

    static var machine: String {
      #if arch(x86_64)
        "x86_64"
      #elseif arch(arm64)
        "aarch64"
      #else
        "unknown"
      #endif
    }

    /// Resident pages: the second number of `/proc/self/statm` (proc(5)).
    static var footprint: Int64? {
      guard let text = try? String(contentsOfFile: "/proc/self/statm", encoding: .utf8) else { return nil }
      let numbers = text.split(separator: " ")
      guard numbers.count > 1, let pages = Int64(numbers[1]) else { return nil }
      return pages * Int64(sysconf(Int32(_SC_PAGESIZE)))
    }

    static func onMemoryWarning(_ handler: @escaping @Sendable () -> Void) -> any Sendable { 0 }
  }

  /// What the system is asked to do with a log.
  enum FileSettings {
    static func apply(toLog url: URL) {}
  }
#endif
