import Foundation
import PippinTokenizer
import Testing

@testable import PippinRuntime

@Suite struct AnswerTextTests {
  /// What is left of a text, found by looking at each of its beginnings.
  private func expected(_ text: String, stops: [String]) -> (text: String, hasStopped: Bool) {
    let letters = Array(text.unicodeScalars)
    for end in 0...letters.count {
      let read = letters[..<end].map(String.init).joined()
      let found = stops.filter { stop in
        read.utf8.reversed().starts(with: stop.utf8.reversed())
      }
      if let longest = found.max(by: { $0.unicodeScalars.count < $1.unicodeScalars.count }) {
        return (letters[..<(end - longest.unicodeScalars.count)].map(String.init).joined(), true)
      }
    }
    return (text, false)
  }

  private func read(_ pieces: [String], _ answer: AnswerText) -> (chunks: [Chunk], hasStopped: Bool) {
    var answer = answer
    let chunks = pieces.flatMap { answer.push($0) } + answer.finish()
    return (chunks, answer.hasStopped)
  }

  @Test(arguments: [
    (["###"], "answer ## and ###\nUser:", "answer ## and "),
    (["\nUser:", "\n\n"], "one\nUs\nUser: two", "one\nUs"),
    (["abc", "b"], "abc", "a"),
    (["b", "ab"], "xab", "x"),
    (["aab"], "aaab", "a"),
    (["e"], "cafe\u{301}", "caf"),
    (["🇩🇪"], "flags 🇫🇷🇩🇪", "flags 🇫🇷"),
    ([], "all", "all"),
    ([""], "all", "all"),
  ])
  func anAnswerEndsBeforeItsStopText(stops: [String], text: String, shown: String) {
    for pieces in [[text], text.unicodeScalars.map(String.init)] {
      let result = read(pieces, AnswerText(nil, stopTexts: stops))
      #expect(Array(result.chunks.map(\.text).joined().utf8) == Array(shown.utf8))
      #expect(result.hasStopped == (shown != text))
    }
  }

  @Test(arguments: 0..<300 as Range<UInt64>)
  func stopTextsAreFoundInAnyPieces(seed: UInt64) {
    var random = SplitMix(state: seed)
    func letters(_ count: ClosedRange<Int>) -> String {
      (0..<Int.random(in: count, using: &random)).map { _ in ["a", "b", "ä", "🙂", "\u{301}"].randomElement(using: &random)! }
        .joined()
    }
    let stops = (0..<Int.random(in: 0...3, using: &random)).map { _ in letters(1...4) }
    let text = letters(0...40)
    var pieces = [""]
    for letter in text.unicodeScalars {
      if Bool.random(using: &random) { pieces.append("") }
      pieces[pieces.count - 1].unicodeScalars.append(letter)
    }

    let result = read(pieces, AnswerText(nil, stopTexts: stops))

    let wanted = expected(text, stops: stops)
    #expect(Array(result.chunks.map(\.text).joined().utf8) == Array(wanted.text.utf8))
    #expect(result.hasStopped == wanted.hasStopped)
  }

  @Test func aBeginningOfAStopTextIsGivenOutAsSoonAsItIsNone() {
    var answer = AnswerText(nil, stopTexts: ["###"])
    #expect(answer.push("a##").map(\.text) == ["a"])
    #expect(answer.push(" b").map(\.text) == ["## b"])
    #expect(answer.push("#").isEmpty)
    #expect(answer.finish().map(\.text) == ["#"])
  }

  @Test func nothingComesAfterAStopText() {
    var answer = AnswerText(nil, stopTexts: ["."])
    #expect(answer.push("Yes. No").map(\.text) == ["Yes"])
    #expect(answer.push("Maybe").isEmpty)
    #expect(answer.finish().isEmpty)
  }

  @Test func thoughtsAreToldApartAndAStopTextInOneCounts() {
    let whole = read(["<thi", "nk>hm", "</think>", "yes"], AnswerText(nil))
    #expect(whole.chunks == [Chunk(text: "hm", kind: .thinking), Chunk(text: "yes")])
    let stopped = read(["<think>hm STOP", "</think>yes"], AnswerText(nil, stopTexts: ["STOP"]))
    #expect(stopped.chunks == [Chunk(text: "hm ", kind: .thinking)])
  }

  @Test(arguments: [
    ("<|im_start|>assistant\n<think>\n", AnswerPart.Kind.thinking), ("<think>\n\n</think>\n\n", .text), ("", .text),
  ])
  func aThoughtMayBeOpenedByThePrompt(prompt: String, kind: AnswerPart.Kind) {
    #expect(AnswerText.kind(after: prompt) == kind)
  }

  @Test func tokensGoWithTheTextTheyComplete() throws {
    let tokenizer = try Tokenizer(contentsOf: TokenizerFixture.byteLevel)
    let ids = tokenizer.encode("Hi 🦜 there<stop>", addsSpecialTokens: false)
    var answer = AnswerText(tokenizer.stream(skipsSpecialTokens: true), stopTexts: ["<stop>"])

    let chunks = ids.flatMap { answer.push($0) } + answer.finish()

    #expect(chunks.map(\.text).joined() == "Hi 🦜 there")
    #expect(ids.starts(with: chunks.flatMap(\.ids)))
    #expect(chunks.allSatisfy { !$0.text.contains("\u{fffd}") && !$0.ids.isEmpty })
    #expect(answer.hasStopped)
  }
}
