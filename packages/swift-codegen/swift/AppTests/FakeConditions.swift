import Foundation
import PippinRuntime

/// A warm device that gives a memory warning when it is told to.
final class FakeConditions: DeviceConditions, @unchecked Sendable {
  private let lock = NSLock()
  private var handlers: [@Sendable () -> Void] = []
  let thermalState = ThermalState.fair
  let isLowPowerMode = false
  let availableMemory: Int64? = nil
  let footprint: Int64? = 1000

  func onMemoryWarning(_ handler: @escaping @Sendable () -> Void) -> any Sendable {
    lock.withLock { handlers.append(handler) }
    return 0
  }

  func warn() { for handler in lock.withLock({ handlers }) { handler() } }
}
