import SwiftUI

/// A chat with one model, for iPhone, iPad and Mac. `DemoModel` is the generated file that says which.
@main
struct DemoApp: App {
  @State private var chat = ChatModel(ModelHolder.shared, services: DemoModel.services)
  @Environment(\.scenePhase) private var scenePhase

  var body: some Scene {
    WindowGroup { RootView(chat: chat) }
      .onChange(of: scenePhase) { _, phase in
        switch phase {
        #if !os(macOS)
          // A Mac's app goes on when its windows are hidden.
          case .background: Task { await chat.enterBackground() }
        #endif
        case .active: Task { await chat.enterForeground() }
        // A call or the app switcher: nothing is forbidden yet.
        default: break
        }
      }
  }
}

extension ModelHolder {
  #if os(macOS)
    static let shared = ModelHolder(DemoModel.services)
  #else
    // The system can start the app for an intent alone; then no scene ever says that it is not on the screen.
    static let shared = ModelHolder(DemoModel.services, isActive: false)
  #endif
}
