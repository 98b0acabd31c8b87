import SwiftUI

/// The pages, beside each other where there is room.
struct RootView: View {
  enum Page: String, CaseIterable, Identifiable {
    case chat, metrics, model, diagnostics, settings

    var id: Self { self }
    var title: LocalizedStringKey {
      switch self {
      case .chat: "Chat"
      case .metrics: "Metrics"
      case .model: "Model"
      case .diagnostics: "Diagnostics"
      case .settings: "Settings"
      }
    }
    var image: String {
      switch self {
      case .chat: "bubble.left.and.bubble.right"
      case .metrics: "gauge.with.needle"
      case .model: "info.circle"
      case .diagnostics: "stethoscope"
      case .settings: "slider.horizontal.3"
      }
    }
  }

  let chat: ChatModel
  @State private var page: Page? = .chat
  @State private var column = NavigationSplitViewColumn.detail

  var body: some View {
    NavigationSplitView(preferredCompactColumn: $column) {
      List(Page.allCases, selection: $page) { page in
        NavigationLink(value: page) { Label(page.title, systemImage: page.image) }
      }
      .navigationTitle("Pages")
    } detail: {
      NavigationStack { content.navigationTitle(page?.title ?? "Chat") }
    }
    .task { await chat.start() }
  }

  @ViewBuilder private var content: some View {
    switch page ?? .chat {
    case .chat: ChatView(chat: chat)
    case .metrics: MetricsView(runs: chat.runs)
    case .model: ModelView(chat: chat)
    case .diagnostics: DiagnosticsView(chat: chat)
    case .settings: SettingsView(chat: chat)
    }
  }
}
