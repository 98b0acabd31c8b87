/// Where Core ML may compute.
public enum ComputeUnits: String, Sendable, Codable, CaseIterable {
  case all, cpuAndGPU, cpuAndNeuralEngine, cpuOnly

  /// What is tried when the device refuses this choice, in order; the CPU takes every model. A simulator has only a CPU that
  /// computes as a device does.
  public var fallbacks: [ComputeUnits] {
    #if targetEnvironment(simulator)
      return [.cpuOnly]
    #else
      switch self {
      case .all: return [.all, .cpuAndGPU, .cpuOnly]
      case .cpuAndGPU: return [.cpuAndGPU, .cpuOnly]
      // Who leaves the GPU out has a reason: another part of the app draws with it, or the app is in the background.
      case .cpuAndNeuralEngine: return [.cpuAndNeuralEngine, .cpuOnly]
      case .cpuOnly: return [.cpuOnly]
      }
    #endif
  }
}
