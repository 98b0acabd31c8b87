#if canImport(AppIntents)
  import AppIntents
  import Foundation
  import PippinRuntime
  import PippinTokenizer

  /// "Ask": a question to the model from Shortcuts, Siri or Spotlight, without opening the app. Leave the file out where that is not
  /// wanted.
  ///
  /// In the background the system gives an intent about 30 seconds and refuses the GPU, so the answer is short and is computed on the
  /// CPU or the Neural Engine.
  struct AskIntent: AppIntent {
    static let title: LocalizedStringResource = "Ask the Model"
    static let description: IntentDescription? = IntentDescription("Answers a question on this device.")
    static let openAppWhenRun = false

    /// Longest answer, in tokens.
    private static let maxTokens = 200
    /// Time that is left for the result when the answer is cut off.
    private static let longest = Duration.seconds(25)

    @Parameter(title: "Prompt", requestValueDialog: "What do you want to ask?")
    var prompt: String

    static var parameterSummary: some ParameterSummary { Summary("Ask \(\.$prompt)") }

    func perform() async throws -> some IntentResult & ReturnsValue<String> & ProvidesDialog {
      let answer = try await Self.answer(prompt, from: ModelHolder.shared)
      return .result(value: answer, dialog: "\(answer)")
    }

    /// What the model says in the time there is. Cancelling the intent stops the model.
    ///
    /// - Throws: what the model throws; `RuntimeError.conditionsTooBad` when the time ended before the first word.
    static func answer(_ prompt: String, from holder: ModelHolder, within time: Duration = longest) async throws -> String {
      let end = ContinuousClock.now.advanced(by: time)
      let model = try await holder.modelForIntent()
      let options = GenerateOptions(maxTokens: maxTokens, contextPolicy: .dropOldestTurns)
      var answer = ""
      for try await chunk in model.generate([ChatMessage(role: "user", content: .string(prompt))], options: options) {
        if chunk.kind == .text { answer += chunk.text }
        if ContinuousClock.now >= end { break }
      }
      try Task.checkCancellation()
      guard !answer.isEmpty else { throw RuntimeError.conditionsTooBad("the answer takes longer than the system allows") }
      return answer
    }
  }

  struct AskShortcuts: AppShortcutsProvider {
    static var appShortcuts: [AppShortcut] {
      AppShortcut(
        intent: AskIntent(), phrases: ["Ask \(.applicationName)", "Ask \(.applicationName) a question"], shortTitle: "Ask",
        systemImageName: "bubble.left")
    }
  }
#endif
