import Foundation

/// The device and its system, as the log names them.
public struct DeviceInfo: Sendable, Equatable {
  /// `iPhone15,3`; of a simulator the device that it plays.
  public var identifier: String
  /// `iPhone 14 Pro Max`. The system does not say.
  public var name: String?
  public var ramBytes: Int64
  public var systemName: String
  public var systemVersion: String
  /// `22D72`.
  public var systemBuild: String?
  public var isSimulator: Bool

  public init(
    identifier: String, name: String? = nil, ramBytes: Int64, systemName: String, systemVersion: String, systemBuild: String? = nil,
    isSimulator: Bool = false
  ) {
    self.identifier = identifier
    self.name = name
    self.ramBytes = ramBytes
    self.systemName = systemName
    self.systemVersion = systemVersion
    self.systemBuild = systemBuild
    self.isSimulator = isSimulator
  }

  /// This device.
  public static let current: DeviceInfo = {
    let process = ProcessInfo.processInfo
    let version = process.operatingSystemVersion
    let simulated = process.environment["SIMULATOR_MODEL_IDENTIFIER"]
    return DeviceInfo(
      identifier: simulated ?? SystemFacts.machine, ramBytes: Int64(clamping: process.physicalMemory),
      systemName: SystemFacts.name, systemVersion: "\(version.majorVersion).\(version.minorVersion).\(version.patchVersion)",
      systemBuild: SystemFacts.build, isSimulator: simulated != nil)
  }()
}
