import SwiftUI

/// The conversation, or what the model still needs before there can be one.
struct ChatView: View {
  @Bindable var chat: ChatModel
  @FocusState private var isWriting: Bool

  var body: some View {
    VStack(spacing: 0) {
      if chat.phase == .ready { conversation } else { PhaseView(chat: chat) }
      Divider()
      promptBar
    }
    .toolbar {
      ToolbarItem(placement: .primaryAction) {
        Button("New Conversation", systemImage: "square.and.pencil") { Task { await chat.clear() } }
          .disabled(chat.turns.isEmpty)
          .keyboardShortcut("n", modifiers: [.command, .shift])
      }
    }
  }

  private var conversation: some View {
    ScrollView {
      LazyVStack(alignment: .leading, spacing: 20) {
        ForEach(chat.turns) { turn in
          TurnView(turn: turn, isLast: turn.id == chat.turns.last?.id) { chat.retry() }
        }
      }
      .padding()
    }
    .defaultScrollAnchor(.bottom)
    .overlay {
      if chat.turns.isEmpty {
        ContentUnavailableView(
          "Ask Something", systemImage: "bubble.left", description: Text("The answer is computed on this device."))
      }
    }
  }

  private var promptBar: some View {
    HStack(alignment: .bottom, spacing: 12) {
      TextField("Message", text: $chat.draft, axis: .vertical)
        .lineLimit(1...6)
        .textFieldStyle(.roundedBorder)
        .focused($isWriting)
        .onSubmit { chat.send() }
      if chat.isAnswering {
        Button("Stop", systemImage: "stop.circle.fill") { Task { await chat.stop() } }
          .keyboardShortcut(".", modifiers: .command)
      } else {
        Button("Send", systemImage: "arrow.up.circle.fill") { chat.send() }
          .disabled(!chat.canSend)
          .keyboardShortcut(.return, modifiers: .command)
      }
    }
    .labelStyle(.iconOnly)
    .imageScale(.large)
    .padding()
    .onAppear { isWriting = true }
  }
}
