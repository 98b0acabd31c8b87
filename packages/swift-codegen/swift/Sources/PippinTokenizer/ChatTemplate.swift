import Foundation

/// One message of a conversation.
public struct ChatMessage: Sendable, Equatable {
  public var role: String
  public var content: JsonValue
  /// Further fields, which the template sees: `tool_calls`, `name`, `reasoning_content` …
  public var more: [JsonValue.Member]

  public init(role: String, content: JsonValue, more: [JsonValue.Member] = []) {
    self.role = role
    self.content = content
    self.more = more
  }

  var json: JsonValue { .object([.init("role", .string(role)), .init("content", content)] + more) }
}

/// A model's way to write a conversation as one text.
public struct ChatTemplate: Sendable {
  private let programs: [String: TemplateProgram]
  private let tokens: [(name: String, value: String)]

  init?(_ program: Program) throws {
    func text(_ number: UInt32) throws -> String { String(decoding: try program.string(number), as: UTF8.self) }
    let rows = Table<UInt32>(program.file.only(.chatTemplates))
    guard rows.count >= 2 else { return nil }
    var programs: [String: TemplateProgram] = [:]
    for row in 0..<rows.count / 2 {
      programs[try text(rows[2 * row])] = try TemplateProgram(program.file.section(rows[2 * row + 1], .chatTemplate))
    }
    self.programs = programs
    let pairs = Table<UInt32>(program.file.only(.templateTokens))
    tokens = try (0..<pairs.count / 2).map { (try text(pairs[2 * $0]), try text(pairs[2 * $0 + 1])) }
  }

  /// The prompt's text. Encode it with `addsSpecialTokens: false`.
  ///
  /// - Parameters:
  ///   - messages: objects with a `role`, in any form that the template knows.
  ///   - tools: JSON schemas of functions.
  ///   - addsGenerationPrompt: end with what opens the assistant's turn.
  ///   - variables: further variables of the template: `enable_thinking`, `date_string` …
  ///   - now: what `strftime_now` prints, in local time.
  ///   - maxSteps: a template that takes more is stopped with an error.
  /// - Throws: `TokenizerError.templateRefused` when the template refuses the conversation, `.templateFailed` when it cannot be
  ///   executed.
  public func render(
    _ messages: [JsonValue], tools: [JsonValue]? = nil, documents: [JsonValue]? = nil, addsGenerationPrompt: Bool = true,
    variables: [JsonValue.Member] = [], now: Date = Date(), maxSteps: Int = 5_000_000, maxOutput: Int = 1 << 24
  ) throws -> String {
    guard let program = (tools == nil ? nil : programs["tool_use"]) ?? programs["default"] else {
      throw TokenizerError.templateFailed("none of the templates is called default")
    }
    var given = tokens.map { (name: $0.name, value: Value.string(Text($0.value))) }
    given += variables.map { (name: $0.key, value: $0.value.value) }
    given.append(("messages", JsonValue.array(messages.map(Self.withReasoning)).value))
    given.append(("tools", tools.map { JsonValue.array($0).value } ?? .none))
    given.append(("documents", documents.map { JsonValue.array($0).value } ?? .none))
    given.append(("add_generation_prompt", .bool(addsGenerationPrompt)))
    return try Interpreter(program, Budget(maxSteps: maxSteps, maxOutput: maxOutput)).run(given, now: now)
  }

  /// Gives a message's reasoning all names that templates know, as `transformers` does: most read the first, gpt-oss's the second.
  private static func withReasoning(_ message: JsonValue) -> JsonValue {
    let names = ["reasoning_content", "thinking", "reasoning"]
    guard case .object(var members) = message,
      let reasoning = names.lazy.compactMap({ message[$0] }).first(where: { $0 != .null })
    else { return message }
    if message["thinking"] == nil { members.insert(.init("thinking", reasoning), at: 0) }
    if let place = members.firstIndex(where: { $0.key == "reasoning_content" }) {
      members[place].value = reasoning
    } else {
      members.append(.init("reasoning_content", reasoning))
    }
    return .object(members)
  }

  /// As above, for messages that hold little more than text.
  public func render(
    _ messages: [ChatMessage], tools: [JsonValue]? = nil, addsGenerationPrompt: Bool = true,
    variables: [JsonValue.Member] = [], now: Date = Date()
  ) throws -> String {
    try render(
      messages.map(\.json), tools: tools, addsGenerationPrompt: addsGenerationPrompt, variables: variables, now: now)
  }
}

/// Runs a template's program by itself, for tests.
package func runTemplate(_ program: [UInt8], variables: [JsonValue.Member], now: Date) throws -> String {
  let file = MappedFile(copying: program)
  let template = try withExtendedLifetime(file) { try TemplateProgram(file.bytes) }
  let given = variables.map { (name: $0.key, value: $0.value.value) }
  return try Interpreter(template, Budget(maxSteps: 5_000_000, maxOutput: 1 << 24)).run(given, now: now)
}
