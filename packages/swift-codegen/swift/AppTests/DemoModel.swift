import PippinRuntime

/// What the generated file gives, for a check without a model.
enum DemoModel {
  static let services = DemoServices(
    facts: ModelFacts(name: "None", source: "example/none", vocabSize: 0, contextLength: 0),
    conditions: SystemConditions.shared,
    make: { _ in throw RuntimeError.unsupported("this is a check of the app without a model") })
}
