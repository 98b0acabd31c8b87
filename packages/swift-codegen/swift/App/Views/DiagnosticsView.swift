import PippinRuntime
import SwiftUI

/// The self-test, and the app's log to send to the desk.
struct DiagnosticsView: View {
  let chat: ChatModel

  var body: some View {
    Form {
      Section("Self-Test") { selfTest }
      Section("Log") {
        if chat.logs.isEmpty {
          Text("Nothing is recorded yet.").foregroundStyle(.secondary)
        } else {
          ShareLink(items: chat.logs) { Label("Export the Log", systemImage: "square.and.arrow.up") }
          ForEach(chat.logs, id: \.self) { Text(verbatim: $0.lastPathComponent).font(.caption.monospaced()) }
        }
        Button("Refresh", systemImage: "arrow.clockwise") { Task { await chat.collectLogs() } }
      }
    }
    .formStyle(.grouped)
    .task { await chat.collectLogs() }
  }

  @ViewBuilder private var selfTest: some View {
    if chat.services.selfTest == nil {
      Text("This package has no self-test.").foregroundStyle(.secondary)
    } else if chat.isTesting {
      ProgressView("Comparing with the desk")
      Button("Cancel", role: .cancel) { chat.cancelSelfTest() }
    } else {
      Text("Compares what this device computes with what the desk computed.").font(.callout).foregroundStyle(.secondary)
      Button("Run", systemImage: "play") { chat.runSelfTest() }.disabled(chat.isAnswering)
      if let failure = chat.testFailure { FailureView(failure: failure) { chat.runSelfTest() } }
      ForEach(chat.findings ?? [], id: \.name) { finding in
        Label {
          LabeledContent(finding.name, value: finding.detail)
        } icon: {
          Image(systemName: finding.isPassed ? "checkmark.circle" : "xmark.circle")
            .foregroundStyle(finding.isPassed ? .green : .red)
            .accessibilityLabel(finding.isPassed ? "passed" : "failed")
        }
      }
    }
  }
}
