import PippinRuntime

/// The one model of the app, which the chat and the intents share: it is in memory once.
actor ModelHolder {
  let services: DemoServices
  private let gate = AnswerGate()
  private var held: (options: DemoServices.Options, model: any LanguageModel)?
  /// The app is on the screen. Where it is not, the system refuses work on the GPU.
  private(set) var isActive: Bool

  init(_ services: DemoServices, isActive: Bool = true) {
    self.services = services
    self.isActive = isActive
  }

  func setActive(_ isActive: Bool) { self.isActive = isActive }

  /// The model with these options; another one is unloaded first, which ends its answers.
  func model(_ options: DemoServices.Options) async throws -> any LanguageModel {
    try await gate.withTurn {
      if let held, held.options == options { return held.model }
      await held?.model.unload()
      held = nil
      let model = try await services.make(options)
      held = (options, model)
      return model
    }
  }

  /// The model for a question from outside of the app.
  ///
  /// - Throws: `RuntimeError.unsupported` where the app is not on the screen and the model has no compute unit but the GPU.
  func modelForIntent() async throws -> any LanguageModel {
    if isActive, let held { return held.model }
    if isActive { return try await model(DemoServices.Options()) }
    guard let units = [.cpuAndNeuralEngine, .cpuOnly].first(where: services.computeUnits.contains) else {
      throw RuntimeError.unsupported("this model computes on the GPU, which the system allows only while the app is open")
    }
    return try await model(DemoServices.Options(computeUnits: units))
  }

  /// Frees the model's memory; the next answer loads it again.
  func unload() async { await held?.model.unload() }
}
