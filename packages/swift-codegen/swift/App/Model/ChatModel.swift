import Foundation
import Observation
import PippinRuntime
import PippinTokenizer

/// The state of the app. Knows no SwiftUI.
@MainActor @Observable final class ChatModel {
  enum Phase: Equatable {
    case starting
    /// The files are not on this device.
    case missing
    case downloading(done: Int64, total: Int64)
    case loading
    /// The model is in memory, or comes back with the next question.
    case ready
    /// What cannot be gone on without did not work.
    case failed(Failure)
  }

  /// Figures of so many answers are kept.
  static let keptRuns = 50
  private static let settingsKey = "chat.settings"

  private(set) var phase = Phase.starting
  private(set) var turns: [ChatTurn] = []
  private(set) var runs: [RunMetrics] = []
  private(set) var loadReport: [String] = []
  private(set) var findings: [SelfTest.Finding]?
  private(set) var testFailure: Failure?
  private(set) var isTesting = false
  private(set) var logs: [URL] = []
  var draft = ""
  var settings: ChatSettings { didSet { if settings != oldValue { save() } } }

  let services: DemoServices
  private let holder: ModelHolder
  private let defaults: UserDefaults?
  private let seed: () -> UInt32
  @ObservationIgnored private var nextId = 0
  @ObservationIgnored private var starting: Task<Void, Never>?
  @ObservationIgnored private var answering: Task<Void, Never>?
  @ObservationIgnored private var testing: Task<Void, Never>?
  @ObservationIgnored private var watch: (any Sendable)?

  /// - Parameters:
  ///   - defaults: where settings are kept; nil: nowhere.
  ///   - seed: of each answer.
  init(
    _ holder: ModelHolder, services: DemoServices, defaults: UserDefaults? = .standard,
    seed: @escaping () -> UInt32 = { .random(in: .min ... .max) }
  ) {
    self.holder = holder
    self.services = services
    self.defaults = defaults
    self.seed = seed
    let saved = defaults?.data(forKey: Self.settingsKey)
    settings = saved.flatMap { try? JSONDecoder().decode(ChatSettings.self, from: $0) } ?? ChatSettings()
    if !services.computeUnits.isEmpty, !services.computeUnits.contains(settings.computeUnits) {
      settings.computeUnits = services.computeUnits[0]
    }
    watch = services.conditions.onMemoryWarning { [weak self] in
      Task { @MainActor in await self?.giveMemoryBack() }
    }
  }

  var isAnswering: Bool { turns.last?.isRunning == true }
  var canSend: Bool {
    !isAnswering && !isTesting && phase == .ready && !draft.trimmingCharacters(in: .whitespacesAndNewlines).isEmpty
  }

  private var options: DemoServices.Options { DemoServices.Options(computeUnits: settings.computeUnits) }

  /// Loads the model, or finds that its files are missing. Does nothing while it works or when that is done.
  func start() async {
    if let starting { return await starting.value }
    guard phase != .ready else { return }
    let isAskedAgain = if case .failed = phase { true } else { false }
    let task = Task {
      if isAskedAgain { await services.forgive() }
      await load()
    }
    starting = task
    await task.value
    starting = nil
  }

  /// Fetches the model's files, then loads it.
  func download() async {
    guard let download = services.download, starting == nil else { return }
    phase = .downloading(done: 0, total: services.facts.packageBytes)
    let task = Task {
      do {
        try await download { done, total in
          Task { @MainActor [weak self] in self?.progress(done, total) }
        }
        await load()
      } catch is CancellationError {
        phase = .missing
      } catch {
        phase = .failed(Failure(error))
      }
    }
    starting = task
    await task.value
    starting = nil
  }

  /// What arrived is kept.
  func cancelDownload() { starting?.cancel() }

  private func progress(_ done: Int64, _ total: Int64) {
    // Progress may come late, behind the end.
    guard case .downloading(let before, _) = phase, done >= before else { return }
    phase = .downloading(done: done, total: total)
  }

  private func load() async {
    guard await services.isInstalled() else {
      phase = .missing
      return
    }
    phase = .loading
    do {
      let model = try await holder.model(options)
      try await model.load()
      loadReport = services.loadReport(model)
      phase = .ready
    } catch is CancellationError {
      phase = .starting
    } catch {
      phase = .failed(Failure(error))
    }
  }

  /// Loads the model with the compute units that were chosen.
  func reload() async {
    await stop()
    phase = .starting
    await start()
  }

  /// Asks what is in `draft`.
  func send() {
    guard canSend else { return }
    let prompt = draft.trimmingCharacters(in: .whitespacesAndNewlines)
    draft = ""
    ask(prompt)
  }

  /// Asks again what failed or was stopped.
  func retry() {
    guard !isAnswering, !isTesting, let last = turns.last, last.end == nil else { return }
    turns.removeLast()
    ask(last.prompt)
  }

  /// Ends the answer; what was said stays. No piece is shown after the call.
  func stop() async {
    answering?.cancel()
    if isAnswering { turns[turns.count - 1].isStopped = true }
    await answering?.value
  }

  func clear() async {
    await stop()
    turns = []
  }

  private func ask(_ prompt: String) {
    let messages = settings.system + turns.flatMap(\.messages)
    nextId += 1
    let turn = ChatTurn(id: nextId, prompt: prompt)
    turns.append(turn)
    let options = settings.options(seed: seed())
    answering = Task { await answer(turn.id, messages + [turn.question], options) }
  }

  private func answer(_ id: Int, _ messages: [ChatMessage], _ options: GenerateOptions) async {
    do {
      let model = try await holder.model(self.options)
      for try await chunk in model.generate(messages, options: options) {
        // Pieces that wait in the stream when the answer is stopped are not shown.
        try Task.checkCancellation()
        change(id) { $0.add(chunk) }
        if let end = chunk.end { note(id, end) }
      }
      // Unloaded under way, as after a memory warning: the stream ends without an end.
      change(id) { if $0.end == nil { $0.isStopped = true } }
      loadReport = services.loadReport(model)
    } catch is CancellationError {
      change(id) { $0.isStopped = true }
    } catch {
      change(id) { if !$0.isStopped { $0.failure = Failure(error) } }
    }
  }

  private func change(_ id: Int, _ change: (inout ChatTurn) -> Void) {
    if let at = turns.lastIndex(where: { $0.id == id }) { change(&turns[at]) }
  }

  private func note(_ id: Int, _ end: AnswerEnd) {
    runs.append(RunMetrics(id: id, end: end, conditions: services.conditions))
    if runs.count > Self.keptRuns { runs.removeFirst(runs.count - Self.keptRuns) }
  }

  func runSelfTest() {
    guard let test = services.selfTest, !isTesting, !isAnswering else { return }
    isTesting = true
    findings = nil
    testFailure = nil
    testing = Task {
      do {
        let model = try await holder.model(options)
        findings = try await test(model)
      } catch is CancellationError {
        findings = nil
      } catch {
        testFailure = Failure(error)
      }
      isTesting = false
    }
  }

  func cancelSelfTest() { testing?.cancel() }

  func collectLogs() async { logs = await services.logs() }

  /// The app leaves the screen: the GPU is not allowed then, so the answer ends.
  func enterBackground() async {
    await holder.setActive(false)
    testing?.cancel()
    await stop()
  }

  func enterForeground() async {
    await holder.setActive(true)
    await start()
  }

  /// A running answer is left to the model's own policy.
  private func giveMemoryBack() async {
    if !isAnswering && !isTesting { await holder.unload() }
  }

  private func save() {
    if let data = try? JSONEncoder().encode(settings) { defaults?.set(data, forKey: Self.settingsKey) }
  }
}
