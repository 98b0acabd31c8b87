/// What the device says of itself while a model works. Tests give their own.
public protocol DeviceConditions: Sendable {
  var thermalState: ThermalState { get }
  var isLowPowerMode: Bool { get }
  /// Bytes that this app may still take; nil where the system does not say.
  var availableMemory: Int64? { get }
  /// Bytes that count against the app's limit: `phys_footprint` on Apple's systems.
  var footprint: Int64? { get }
  /// Calls `handler` when the system asks for memory back, until the result is freed.
  func onMemoryWarning(_ handler: @escaping @Sendable () -> Void) -> any Sendable
}

/// As `ProcessInfo.ThermalState`.
public enum ThermalState: String, Sendable, Comparable, Codable, CaseIterable {
  case nominal, fair, serious, critical

  public static func < (a: Self, b: Self) -> Bool { a.order < b.order }
  private var order: Int { Self.allCases.firstIndex(of: self) ?? 0 }
}
