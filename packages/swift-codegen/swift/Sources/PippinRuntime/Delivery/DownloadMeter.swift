import Foundation

/// Adds up what arrives and tells the app, ten times a second at most.
final class DownloadMeter: Sendable {
  private struct State {
    var phase = DownloadProgress.Phase.checking
    var settled: Int64 = 0
    var arriving: [Piece: Int64] = [:]
    var rate = RateMeter()
    var told: Double = -1
  }

  private let total: Int64
  private let onProgress: (@Sendable (DownloadProgress) -> Void)?
  private let onNetworkBytes: (@Sendable (Int64) -> Void)?
  private let start = ContinuousClock.now
  private let state = Locked(State())

  init(total: Int64, options: DownloadOptions, onProgress: (@Sendable (DownloadProgress) -> Void)?) {
    self.total = total
    self.onNetworkBytes = options.onNetworkBytes
    self.onProgress = onProgress
  }

  func begin(_ phase: DownloadProgress.Phase) {
    update(always: true) { state, _ in
      state.phase = phase
      if phase == .checking { state.settled = 0 }
    }
  }

  /// Bytes that are there and right.
  func settle(_ bytes: Int64) { update { state, _ in state.settled += bytes } }

  /// Bytes of a piece from the network.
  func add(_ bytes: Int64, of piece: Piece) {
    onNetworkBytes?(bytes)
    update { state, now in
      state.arriving[piece, default: 0] += bytes
      state.rate.add(bytes, at: now)
    }
  }

  /// The piece is not on its way any more.
  func end(_ piece: Piece) { update { state, _ in state.arriving[piece] = nil } }

  private func update(always: Bool = false, _ change: (inout State, Double) -> Void) {
    let time = ContinuousClock.now - start
    let now = Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
    let progress: DownloadProgress? = state.with { state in
      change(&state, now)
      guard onProgress != nil, always || now - state.told >= 0.1 else { return nil }
      state.told = now
      // A piece can bring more than itself: the whole file.
      let arriving = state.arriving.reduce(0) { $0 + min($1.value, $1.key.count) }
      return DownloadProgress(
        phase: state.phase, doneBytes: min(total, state.settled + arriving), totalBytes: total,
        bytesPerSecond: state.rate.rate(at: now))
    }
    if let progress { onProgress?(progress) }
  }
}
