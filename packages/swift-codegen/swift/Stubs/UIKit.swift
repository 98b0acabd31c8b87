// A stand-in for the parts of Apple's `UIKit` that the runtime calls. Signatures from Apple's documentation of UIDevice; a battery that
// is not known.

@MainActor open class UIDevice {
  public enum BatteryState: Int, Sendable {
    case unknown, unplugged, charging, full
  }

  public static var current: UIDevice { shared }
  private static let shared = UIDevice()

  public var isBatteryMonitoringEnabled = false
  public var batteryLevel: Float { -1 }
  public var batteryState: BatteryState { .unknown }
}
