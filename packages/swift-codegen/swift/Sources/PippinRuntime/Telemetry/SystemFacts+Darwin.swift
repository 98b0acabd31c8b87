#if canImport(Darwin)
  // mach_task_self_ is a global variable that never changes; SDKs before 15.4 do not say so.
  @preconcurrency import Darwin
  import Dispatch
  import Foundation
  import os

  /// What Apple's systems tell.
  enum SystemFacts {
    static var name: String {
      #if os(macOS)
        "macOS"
      #elseif os(visionOS)
        "visionOS"
      #else
        "iOS"
      #endif
    }

    /// Runs on while the device sleeps, in nanoseconds; CLOCK_MONOTONIC counts microseconds (clock_gettime(3)).
    static let monotonicClock = CLOCK_MONOTONIC_RAW

    static var build: String? { sysctl("kern.osversion") }

    static var machine: String {
      #if os(macOS)
        sysctl("hw.model") ?? "Mac"
      #else
        sysctl("hw.machine") ?? "unknown"
      #endif
    }

    static var thermalState: ThermalState {
      switch ProcessInfo.processInfo.thermalState {
      case .nominal: .nominal
      case .fair: .fair
      case .serious: .serious
      case .critical: .critical
      @unknown default: .critical
      }
    }

    static var isLowPowerMode: Bool? { ProcessInfo.processInfo.isLowPowerModeEnabled }

    /// Nil on macOS, which has no such limit, and in simulators, which answer 0.
    static var availableMemory: Int64? {
      #if os(macOS) || targetEnvironment(macCatalyst) || targetEnvironment(simulator)
        nil
      #else
        Int64(os_proc_available_memory())
      #endif
    }

    static var footprint: Int64? {
      var info = task_vm_info_data_t()
      var count = mach_msg_type_number_t(MemoryLayout<task_vm_info_data_t>.size / MemoryLayout<natural_t>.size)
      let status = withUnsafeMutablePointer(to: &info) { info in
        info.withMemoryRebound(to: integer_t.self, capacity: Int(count)) {
          task_info(mach_task_self_, task_flavor_t(TASK_VM_INFO), $0, &count)
        }
      }
      return status == KERN_SUCCESS ? Int64(info.phys_footprint) : nil
    }

    static func onMemoryWarning(_ handler: @escaping @Sendable () -> Void) -> any Sendable {
      MemoryPressure(handler)
    }

    private static func sysctl(_ name: String) -> String? {
      var size = 0
      guard sysctlbyname(name, nil, &size, nil, 0) == 0, size > 1 else { return nil }
      var bytes = [UInt8](repeating: 0, count: size)
      guard sysctlbyname(name, &bytes, &size, nil, 0) == 0 else { return nil }
      return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
  }

  /// Watches until it is freed.
  private final class MemoryPressure: @unchecked Sendable {
    private let source: any DispatchSourceMemoryPressure

    init(_ handler: @escaping @Sendable () -> Void) {
      source = DispatchSource.makeMemoryPressureSource(eventMask: [.warning, .critical], queue: .global(qos: .userInitiated))
      source.setEventHandler(handler: handler)
      source.activate()
    }

    deinit { source.cancel() }
  }

  /// What the system is asked to do with a log.
  enum FileSettings {
    /// Readable also while the device is locked, for runs in the background; not in backups.
    static func apply(toLog url: URL) {
      let protection = FileProtectionType.completeUntilFirstUserAuthentication
      try? FileManager.default.setAttributes([.protectionKey: protection], ofItemAtPath: url.path)
      var url = url
      var values = URLResourceValues()
      values.isExcludedFromBackup = true
      try? url.setResourceValues(values)
    }
  }
#endif
