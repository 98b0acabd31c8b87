#if canImport(UIKit)
  import UIKit
#endif

/// The battery at one moment.
public struct Battery: Sendable, Equatable {
  /// As `UIDevice.BatteryState`.
  public enum State: String, Sendable, CaseIterable { case unknown, unplugged, charging, full }

  /// 0 … 1, in the system's steps; nil where it is not known.
  public var charge: Double?
  public var state: State

  public init(charge: Double?, state: State) {
    self.charge = charge
    self.state = state
  }

  /// This device's; nil without UIKit.
  public static func current() async -> Battery? {
    #if canImport(UIKit)
      await MainActor.run {
        let device = UIDevice.current
        device.isBatteryMonitoringEnabled = true
        // -1: not known.
        let charge = device.batteryLevel < 0 ? nil : Double(device.batteryLevel)
        return Battery(charge: charge, state: State(device.batteryState))
      }
    #else
      nil
    #endif
  }
}

#if canImport(UIKit)
  extension Battery.State {
    init(_ state: UIDevice.BatteryState) {
      switch state {
      case .unplugged: self = .unplugged
      case .charging: self = .charging
      case .full: self = .full
      default: self = .unknown
      }
    }
  }
#endif
