// A stand-in for the part of Apple's AppIntents that the demo app uses, after Apple's documentation (iOS 17, macOS 14). It shows that
// the intent has the documented requirements, names and types. It does not show what Xcode's extraction of metadata makes of it, and
// the system never calls it. LocalizedStringResource is Foundation's on Apple's systems.

import Foundation

public struct LocalizedStringResource: Sendable, ExpressibleByStringInterpolation {
  public init(stringLiteral value: String) {}
}

public struct IntentDescription: Sendable {
  public init(_ descriptionText: LocalizedStringResource) {}
}

public struct IntentDialog: Sendable, ExpressibleByStringInterpolation {
  public init(stringLiteral value: String) {}
}

public protocol _IntentValue {}
extension String: _IntentValue {}

@propertyWrapper public final class IntentParameter<Value: _IntentValue & Sendable>: @unchecked Sendable {
  private let lock = NSLock()
  private var held: Value?

  public init(
    title: LocalizedStringResource, description: LocalizedStringResource? = nil, requestValueDialog: IntentDialog? = nil
  ) {}

  public var wrappedValue: Value {
    get { lock.withLock { held! } }
    set { lock.withLock { held = newValue } }
  }
  public var projectedValue: IntentParameter<Value> { self }
}

public protocol IntentResult: Sendable {}
public protocol ReturnsValue<Value>: IntentResult {
  associatedtype Value
  var value: Value? { get }
}
public protocol ProvidesDialog: IntentResult {}

public struct IntentResultContainer<Value: Sendable, OpensIntent, Snippet, Dialog>: IntentResult, ReturnsValue, ProvidesDialog {
  public let value: Value?
}

extension IntentResult {
  public static func result<Value: _IntentValue>(value: Value, dialog: IntentDialog) -> Self
  where Self == IntentResultContainer<Value, Never, Never, IntentDialog> { IntentResultContainer(value: value) }
}

public protocol ParameterSummary {}

public struct ParameterSummaryString<Intent>: ExpressibleByStringInterpolation {
  public struct StringInterpolation: StringInterpolationProtocol {
    public init(literalCapacity: Int, interpolationCount: Int) {}
    public mutating func appendLiteral(_ literal: String) {}
    public mutating func appendInterpolation<Value>(_ keyPath: KeyPath<Intent, IntentParameter<Value>>) {}
  }
  public init(stringLiteral value: String) {}
  public init(stringInterpolation: StringInterpolation) {}
}

public struct IntentParameterSummary<Intent: AppIntent>: ParameterSummary {
  public init(_ summaryString: ParameterSummaryString<Intent>) {}
}

public protocol AppIntent: Sendable {
  associatedtype PerformResult: IntentResult
  associatedtype SummaryContent: ParameterSummary
  typealias Parameter = IntentParameter
  typealias Summary = IntentParameterSummary<Self>
  static var title: LocalizedStringResource { get }
  static var description: IntentDescription? { get }
  static var openAppWhenRun: Bool { get }
  static var parameterSummary: SummaryContent { get }
  init()
  func perform() async throws -> PerformResult
}

public struct AppShortcutPhraseToken: Sendable {
  public static let applicationName = AppShortcutPhraseToken()
}

public struct AppShortcutPhrase<Intent: AppIntent>: Sendable, ExpressibleByStringInterpolation {
  public struct StringInterpolation: StringInterpolationProtocol {
    public init(literalCapacity: Int, interpolationCount: Int) {}
    public mutating func appendLiteral(_ literal: String) {}
    public mutating func appendInterpolation(_ token: AppShortcutPhraseToken) {}
  }
  public init(stringLiteral value: String) {}
  public init(stringInterpolation: StringInterpolation) {}
}

public struct AppShortcut: Sendable {
  public init<Intent: AppIntent>(
    intent: Intent, phrases: [AppShortcutPhrase<Intent>], shortTitle: LocalizedStringResource, systemImageName: String
  ) {}
}

@resultBuilder public enum AppShortcutsBuilder {
  public static func buildBlock(_ shortcuts: AppShortcut...) -> [AppShortcut] { shortcuts }
}

public protocol AppShortcutsProvider {
  @AppShortcutsBuilder static var appShortcuts: [AppShortcut] { get }
}
