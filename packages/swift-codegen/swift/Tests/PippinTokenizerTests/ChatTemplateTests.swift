import Foundation
import PippinTokenizer
import Testing

@Suite struct ChatTemplateTests {
  private func template() throws -> ChatTemplate { try #require(try Fixture.all[0].open().chatTemplate) }

  @Test func messagesBecomeThePrompt() throws {
    let text = try template().render([ChatMessage(role: "user", content: "Hi")])
    #expect(text == "<|im_start|>user\nHi<|im_end|>\n<|im_start|>assistant\n")
  }

  @Test func aLimitOfStepsStopsATemplate() throws {
    let many = (0..<1000).map { _ in JsonValue.object([.init("role", "user"), .init("content", "Hi")]) }
    #expect(throws: TokenizerError.templateFailed("it takes more than 100 steps")) {
      try template().render(many, maxSteps: 100)
    }
  }

  @Test func aLimitOfCharactersStopsATemplate() throws {
    let long = JsonValue.string(String(repeating: "x", count: 2000))
    #expect(throws: TokenizerError.templateFailed("it makes more than 1000 characters")) {
      try template().render([.object([.init("role", "user"), .init("content", long)])], maxOutput: 1000)
    }
  }

  @Test(arguments: ["calls", "lists", "namespaces", "texts", "loops"])
  func aTemplateWithoutEndIsStopped(_ name: String) throws {
    let url = try #require(
      Bundle.module.url(forResource: "hostile-\(name)", withExtension: "program", subdirectory: "Fixtures"))
    let program = [UInt8](try Data(contentsOf: url))
    #expect(throws: TokenizerError.self) { try runTemplate(program, variables: [], now: Date()) }
  }

  /// Cut off and changed programs: an error or some text, but no crash.
  @Test func aChangedProgramIsHarmless() throws {
    let program = try section(ofKind: 18, in: Fixture.all[1].bytes())
    let variables: [JsonValue.Member] = [.init("messages", [["role": "user", "content": "Hi"]])]
    for length in 0..<program.count {
      #expect(throws: TokenizerError.self) {
        try runTemplate(Array(program[..<length]), variables: variables, now: Date())
      }
    }
    for place in program.indices {
      for bit in 0..<8 {
        var changed = program
        changed[place] ^= 1 << bit
        do { _ = try runTemplate(changed, variables: variables, now: Date()) } catch is TokenizerError {}
      }
    }
  }

  private func section(ofKind kind: UInt8, in bytes: [UInt8]) throws -> [UInt8] {
    func long(_ at: Int) -> Int { (0..<8).reduce(0) { $0 | Int(bytes[at + $1]) << (8 * $1) } }
    let entry = try #require((0..<Int(bytes[12])).map { 64 + 32 * $0 }.first { bytes[$0] == kind })
    return Array(bytes[long(entry + 8)..<long(entry + 8) + long(entry + 16)])
  }
}
