import Foundation
import PippinTokenizer
import Testing

@Suite struct TokenizerTests {
  @Test(arguments: Fixture.all)
  func answersAsExported(_ fixture: Fixture) throws {
    let tokenizer = try fixture.open()
    try tokenizer.verify()
    for question in try fixture.questions() {
      switch question["ask"]?.text {
      case "encode":
        let special = question["addSpecialTokens"]?.isTrue ?? false
        let text = question["text"]?.text ?? ""
        #expect(tokenizer.encode(text, addsSpecialTokens: special) == question["ids"]?.ids, "\(text)")
      case "decode":
        let skips = question["skipSpecialTokens"]?.isTrue ?? false
        let ids = question["ids"]?.ids ?? []
        #expect(tokenizer.decode(ids, skipsSpecialTokens: skips).utf8.elementsEqual(question["text"]!.text!.utf8))
        let stream = tokenizer.stream(skipsSpecialTokens: skips)
        let streamed = ids.map { stream.push($0) }.joined() + stream.finish()
        #expect(streamed.utf8.elementsEqual(question["text"]!.text!.utf8))
      case "render":
        let rendered = try? tokenizer.chatTemplate?.render(
          question["messages"]?.items ?? [], tools: question["tools"]?.items,
          addsGenerationPrompt: question["add_generation_prompt"]?.isTrue ?? false,
          now: localTime(question["now"]?.text ?? ""))
        #expect(rendered == question["text"]?.text)
      default: Issue.record("an unknown question")
      }
    }
  }

  @Test func aStreamHoldsBackHalfOfACharacter() throws {
    let tokenizer = try Fixture.all[0].open()
    let ids = tokenizer.encode("👩‍🚀", addsSpecialTokens: false)
    let stream = tokenizer.stream()
    let pieces = ids.map { stream.push($0) }
    #expect(pieces.joined() == "👩‍🚀")
    #expect(pieces.allSatisfy { !$0.contains("\u{fffd}") })
    _ = stream.push(ids[0])
    #expect(stream.finish() == "\u{fffd}")
    #expect(stream.finish() == "")
  }

  @Test func tokensAndIdsLeadToEachOther() throws {
    let tokenizer = try Fixture.all[1].open()
    #expect(tokenizer.id(of: "<|eot|>").flatMap { tokenizer.token($0) } == "<|eot|>")
    #expect(tokenizer.id(of: "no such token") == nil)
    #expect(tokenizer.token(tokenizer.vocabSize) == nil)
    #expect(tokenizer.token(-1) == nil)
    #expect(!tokenizer.stopIds.isEmpty)
  }

  @Test func idsOutsideOfTheVocabularyAreLeftOut() throws {
    let tokenizer = try Fixture.all[0].open()
    #expect(tokenizer.decode([-5, tokenizer.vocabSize, Int.max, Int.min]) == "")
  }

  @Test func manyTasksUseOneTokenizer() async throws {
    let tokenizer = try Fixture.all[2].open()
    let texts = (0..<200).map { "text \($0) über 中文 \($0 * $0)" }
    let expected = texts.map { tokenizer.encode($0) }
    let found = await withTaskGroup(of: (Int, [Int]).self) { group in
      for (place, text) in texts.enumerated() { group.addTask { (place, tokenizer.encode(text)) } }
      return await group.reduce(into: [Int: [Int]]()) { $0[$1.0] = $1.1 }
    }
    #expect(texts.indices.allSatisfy { found[$0] == expected[$0] })
  }

  /// A quadratic way takes minutes for these; the test would not end in time.
  @Test(.timeLimit(.minutes(1)), arguments: ["a", "中", " ", "\n", "ab", "<|im_start|>", "👩‍🚀"])
  func longTextsTakeTimeInProportion(_ piece: String) throws {
    let text = String(repeating: piece, count: 200_000)
    for fixture in Fixture.all {
      let tokenizer = try fixture.open()
      #expect(!tokenizer.encode(text).isEmpty)
    }
  }

  @Test func aMissingFileIsNamed() {
    let missing = URL(fileURLWithPath: "/nowhere/tokenizer.pippin")
    #expect(throws: TokenizerError.unreadable(path: missing.path, errno: 2)) { try Tokenizer(contentsOf: missing) }
  }
}
