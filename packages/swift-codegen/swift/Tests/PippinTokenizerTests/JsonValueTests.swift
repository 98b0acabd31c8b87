import PippinTokenizer
import Testing

@Suite struct JsonValueTests {
  @Test func keysKeepTheirOrderAndFloatsTheirPoint() throws {
    let value = try JsonValue(parsing: #" {"b": 1, "a": [1.0, -2e3, true, null, "é\n\ud83d\ude80\"/"], "c": {}} "#)
    #expect(
      value == [
        "b": 1, "a": .array([.double(1), .double(-2000), true, .null, "é\n🚀\"/"]), "c": .object([]),
      ])
    #expect(value["b"] == 1)
    #expect(value["missing"] == nil)
  }

  @Test(arguments: [
    "", "{", "[1,", "[1 2]", "{\"a\" 1}", "nul", "\"abc", "\"\\x\"", "\"\\u12\"", "01x", "+1", "1 2", "[1]]", "\"\n\"",
    String(repeating: "[", count: 100_000),
  ])
  func whatIsNoJsonIsRefused(_ text: String) {
    #expect(throws: TokenizerError.self) { try JsonValue(parsing: text) }
  }
}
