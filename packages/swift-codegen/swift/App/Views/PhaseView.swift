import PippinRuntime
import SwiftUI

/// What stands between the user and the first question: the download, the load, or why one of them failed.
struct PhaseView: View {
  let chat: ChatModel

  var body: some View {
    VStack(spacing: 16) {
      switch chat.phase {
      case .starting, .ready: ProgressView()
      case .loading: ProgressView("Loading the model. The first time takes longer.")
      case .missing: missing
      case .downloading(let done, let total): downloading(done, total)
      case .failed(let failure): FailureView(failure: failure) { Task { await tryAgain() } }
      }
    }
    .padding()
    .frame(maxWidth: .infinity, maxHeight: .infinity)
  }

  private var missing: some View {
    ContentUnavailableView {
      Label("The Model Is Not Here Yet", systemImage: "arrow.down.circle")
    } description: {
      Text(verbatim: "\(chat.services.facts.source), \(bytes(chat.services.facts.packageBytes))")
    } actions: {
      if chat.services.download != nil {
        Button("Download") { Task { await chat.download() } }.buttonStyle(.borderedProminent)
      } else {
        Text("Its files are missing in the app.")
      }
    }
  }

  private func downloading(_ done: Int64, _ total: Int64) -> some View {
    VStack(spacing: 12) {
      ProgressView(value: Double(min(done, total)), total: Double(max(total, 1))) {
        Text("Downloading the model")
      } currentValueLabel: {
        Text(verbatim: "\(bytes(done)) / \(bytes(total))").monospacedDigit()
      }
      .frame(maxWidth: 400)
      Button("Cancel", role: .cancel) { chat.cancelDownload() }
      Text("What has arrived is kept.").font(.caption).foregroundStyle(.secondary)
    }
  }

  private func tryAgain() async {
    if chat.services.download != nil, await !chat.services.isInstalled() { await chat.download() } else { await chat.start() }
  }
}

/// 1234567 as "1.2 MB".
func bytes(_ count: Int64) -> String { count.formatted(.byteCount(style: .file)) }
