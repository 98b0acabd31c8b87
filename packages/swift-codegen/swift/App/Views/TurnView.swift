import PippinRuntime
import SwiftUI

/// A question and its answer. Texts of the model are shown as they are: no Markdown, no links.
struct TurnView: View {
  let turn: ChatTurn
  /// Only the last one can be asked again.
  let isLast: Bool
  let retry: @MainActor () -> Void
  @State private var showsThoughts = false

  var body: some View {
    VStack(alignment: .leading, spacing: 8) {
      HStack {
        Spacer(minLength: 40)
        Text(verbatim: turn.prompt)
          .textSelection(.enabled)
          .padding(10)
          .background(Color.accentColor.opacity(0.15), in: RoundedRectangle(cornerRadius: 12))
          .accessibilityLabel(Text("You: \(turn.prompt)"))
      }
      if !turn.thoughts.isEmpty {
        DisclosureGroup("Thoughts", isExpanded: $showsThoughts) {
          Text(verbatim: turn.thoughts).font(.callout).foregroundStyle(.secondary).textSelection(.enabled)
            .frame(maxWidth: .infinity, alignment: .leading)
        }
      }
      if !turn.answer.isEmpty {
        Text(verbatim: turn.answer).textSelection(.enabled).accessibilityLabel(Text("Answer: \(turn.answer)"))
      }
      if !turn.toolCalls.isEmpty {
        Text(verbatim: turn.toolCalls).font(.caption.monospaced()).textSelection(.enabled)
          .accessibilityLabel(Text("Tool call: \(turn.toolCalls)"))
      }
      if turn.isRunning { ProgressView().controlSize(.small).accessibilityLabel("The model is answering") }
      if let failure = turn.failure { FailureView(failure: failure, retry: isLast ? retry : nil) }
      if let note {
        HStack {
          Text(note).font(.caption).foregroundStyle(.secondary)
          if turn.isStopped && isLast { Button("Ask Again", action: retry).font(.caption) }
        }
      }
    }
  }

  private var note: LocalizedStringKey? {
    if turn.isStopped { return "Stopped" }
    switch turn.end?.reason {
    case .maxTokens: return "The longest answer is reached; see Settings."
    case .context: return "The context is full; begin a new conversation."
    case .stop, nil: break
    }
    if let dropped = turn.end?.usage.droppedMessages, dropped > 0 { return "\(dropped) older messages were left out." }
    return nil
  }
}

/// What did not work, what helps, and a way to try again.
struct FailureView: View {
  let failure: Failure
  var retry: (@MainActor () -> Void)?

  var body: some View {
    VStack(alignment: .leading, spacing: 6) {
      Label(failure.reason, systemImage: "exclamationmark.triangle").foregroundStyle(.red).textSelection(.enabled)
      if let suggestion = failure.suggestion { Text(verbatim: suggestion).font(.callout).foregroundStyle(.secondary) }
      if let retry { Button("Try Again", action: retry) }
    }
    .accessibilityElement(children: .contain)
  }
}
