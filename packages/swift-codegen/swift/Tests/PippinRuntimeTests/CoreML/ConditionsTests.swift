#if canImport(CoreML) && os(Linux)
  import CoreML
  import Foundation
  import PippinTokenizer
  import Testing

  @testable import PippinRuntime

  extension CoreMLModelTests {
    @Suite struct ConditionsTests {
      @Test func aHotDeviceIsGivenRest() async throws {
        let toy = try Toy(.states)
        defer { toy.remove() }
        let conditions = FakeConditions()
        let model = toy.model {
          $0.conditions = conditions
          $0.adaptation = AdaptationPolicy(rest: [.serious: 4], maxTokens: [:])
        }
        try await model.load()
        toy.script.before { _ in usleep(3_000) }
        let clock = ContinuousClock()
        let options = GenerateOptions(maxTokens: 12)
        let cool = try await clock.measure { _ = try await Collected(model.generate(hello, options: options)) }
        conditions.set(thermal: .serious)
        let hot = try await clock.measure { _ = try await Collected(model.generate(hello, options: options)) }
        // Eleven tokens of three milliseconds and four times as long a rest after each; the first run also reads the prompt.
        #expect(hot > .milliseconds(11 * 3 * 5))
        #expect(hot > cool)
      }

      @Test func answersAreShortWhereItIsCritical() async throws {
        let toy = try Toy(.states)
        defer { toy.remove() }
        let conditions = FakeConditions()
        conditions.set(thermal: .critical)
        var adaptation = AdaptationPolicy(rest: [:], maxTokens: [.critical: 3])
        let model = toy.model { ($0.conditions, $0.adaptation) = (conditions, adaptation) }
        let answer = try await Collected(model.generate(hello, options: GenerateOptions(maxTokens: 10)))
        #expect(answer.ids.count == 3)
        #expect(answer.end?.reason == .maxTokens)
        adaptation.refusesWhenCritical = true
        let careful = toy.model { ($0.conditions, $0.adaptation) = (conditions, adaptation) }
        await #expect(throws: RuntimeError.conditionsTooBad("it is too hot")) {
          try await Collected(careful.generate(hello, options: GenerateOptions()))
        }
      }

      @Test func anAnswerUnderWayEndsEarlyWhenItGetsHot() async throws {
        let toy = try Toy(.states)
        defer { toy.remove() }
        let conditions = FakeConditions()
        let model = toy.model {
          ($0.conditions, $0.adaptation) = (conditions, AdaptationPolicy(rest: [:], maxTokens: [.critical: 6]))
        }
        try await model.load()
        toy.script.reset()
        toy.script.before { number in
          if number == 12 { conditions.set(thermal: .critical) }
        }
        let answer = try await Collected(model.generate(hello, options: GenerateOptions(maxTokens: 40)))
        #expect(answer.ids.count < 12)
        #expect(answer.end?.reason == .maxTokens)
      }

      @Test func aMemoryWarningFreesAnIdleModelAndTheNextAnswerLoadsIt() async throws {
        let toy = try Toy(.states)
        defer { toy.remove() }
        let conditions = FakeConditions()
        let model = toy.model { $0.conditions = conditions }
        try await model.load()
        conditions.warnOfMemory()
        for _ in 0..<200 where model.loadReport != nil { try await Task.sleep(for: .milliseconds(5)) }
        #expect(model.loadReport == nil)
        #expect(FakeCoreML.live.now == FakeCoreML.Live())
        let answer = try await Collected(model.generate(hello, options: GenerateOptions(maxTokens: 4)))
        #expect(answer.ids == Toy.answer(ids(hello), 4))
      }

      @Test func aMemoryWarningWaitsForTheRunningAnswer() async throws {
        let toy = try Toy(.states)
        defer { toy.remove() }
        let conditions = FakeConditions()
        let model = toy.model { $0.conditions = conditions }
        try await model.load()
        toy.script.reset()
        toy.script.before { number in
          if number == 8 { conditions.warnOfMemory() }
        }
        let answer = try await Collected(model.generate(hello, options: GenerateOptions(maxTokens: 10)))
        #expect(answer.ids == Toy.answer(ids(hello), 10))
        for _ in 0..<200 where model.loadReport != nil { try await Task.sleep(for: .milliseconds(5)) }
        #expect(model.loadReport == nil)
      }

      @Test func anAnswerEndsBeforeTheSystemEndsTheApp() async throws {
        let toy = try Toy(.states)
        defer { toy.remove() }
        let conditions = FakeConditions()
        conditions.set(free: 1 << 30)
        let model = toy.model { $0.conditions = conditions }
        try await model.load()
        toy.script.reset()
        toy.script.before { number in
          if number == 10 { conditions.set(free: 9_000_000) }
        }
        await #expect(throws: RuntimeError.conditionsTooBad("9 MB of memory are left")) {
          try await Collected(model.generate(hello, options: GenerateOptions()))
        }
      }
    }

    @Suite struct ContextTests {
      private func long(_ words: Int) -> String { (0..<words).map { "word \($0)" }.joined(separator: " ") }

      @Test func aPromptThatIsTooLongIsAnError() async throws {
        let toy = try Toy(.states)
        defer { toy.remove() }
        let messages = [ChatMessage(role: "user", content: .string(long(60)))]
        let count = ids(messages).count
        await #expect(throws: RuntimeError.promptTooLong(tokens: count, limit: Toy.context)) {
          try await Collected(toy.model().generate(messages, options: GenerateOptions()))
        }
        await #expect(throws: RuntimeError.promptTooLong(tokens: ids(hello).count, limit: 5)) {
          try await Collected(toy.model().generate(hello, options: GenerateOptions(maxContext: 5)))
        }
      }

      @Test(arguments: Toy.Form.allCases)
      func anAnswerEndsWhereTheContextDoes(_ form: Toy.Form) async throws {
        let toy = try Toy(form)
        defer { toy.remove() }
        let prompt = ids(hello)
        let whole = try await Collected(toy.model().generate(hello, options: GenerateOptions()))
        // The last token is chosen when the context is full, and not read.
        #expect(whole.ids == Toy.answer(prompt, Toy.context - prompt.count + 1))
        #expect(whole.end?.reason == .context)
        let short = try await Collected(toy.model().generate(hello, options: GenerateOptions(maxContext: prompt.count + 4)))
        #expect(short.ids == Toy.answer(prompt, 5))
      }

      @Test func theOldestTurnsAreDroppedAndTheSystemStays() async throws {
        let toy = try Toy(.states)
        defer { toy.remove() }
        let system = ChatMessage(role: "system", content: "Be brief.")
        var messages = [system]
        for turn in 0..<6 {
          messages.append(ChatMessage(role: "user", content: .string("Question \(turn) of a long talk")))
          messages.append(ChatMessage(role: "assistant", content: .string("Answer \(turn)")))
        }
        messages.append(ChatMessage(role: "user", content: "The last one"))
        #expect(ids(messages).count > Toy.context)
        let options = GenerateOptions(maxTokens: 10, contextPolicy: .dropOldestTurns)
        let answer = try await Collected(toy.model().generate(messages, options: options))
        let dropped = answer.end!.usage.droppedMessages
        #expect(dropped > 0 && dropped % 2 == 0)
        let kept = [system] + messages.dropFirst(1 + dropped)
        #expect(answer.ids == Toy.answer(ids(kept), 10))
        // One turn more would not have fitted.
        #expect(ids([system] + messages.dropFirst(dropped - 1)).count + 10 > Toy.context)
      }

      @Test func theLastMessageAloneMayStillBeTooLong() async throws {
        let toy = try Toy(.states)
        defer { toy.remove() }
        let messages =
          hello + [ChatMessage(role: "assistant", content: "Hi"), ChatMessage(role: "user", content: .string(long(60)))]
        let alone = ids([messages[2]]).count
        await #expect(throws: RuntimeError.promptTooLong(tokens: alone, limit: Toy.context)) {
          try await Collected(toy.model().generate(messages, options: GenerateOptions(contextPolicy: .dropOldestTurns)))
        }
      }

      @Test(arguments: [Toy.Form.states, .features, .ranged])
      func aSlidingContextGoesOnPastItsEnd(_ form: Toy.Form) async throws {
        let toy = try Toy(form)
        defer { toy.remove() }
        let options = GenerateOptions(maxTokens: 200, contextPolicy: .slide(keeping: 4))
        let answer = try await Collected(toy.model().generate(hello, options: options))
        #expect(answer.ids.count == 200)
        // By hand: the context is full, half of what is not kept goes, the rest moves up.
        var held = ids(hello)
        var expected: [Int] = []
        while expected.count < 200 {
          expected.append(Toy.next(held))
          if held.count >= Toy.context { held.removeSubrange(4..<4 + (held.count - 4) / 2) }
          held.append(expected.last!)
        }
        #expect(answer.ids == expected)
      }
    }

    @Suite struct PrefixCacheTests {
      private let talk = [
        ChatMessage(role: "system", content: "You are a helpful and very careful assistant of few words."),
        ChatMessage(role: "user", content: "Hello"),
      ]

      private func model(_ toy: Toy) -> CoreMLModel {
        toy.model { $0.prefixCache = PrefixCacheOptions(minimumTokens: 8) }
      }

      private func files(_ toy: Toy) throws -> [URL] {
        let folder = toy.folder.appendingPathComponent("caches/prefixes")
        return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      }

      @Test(arguments: [Toy.Form.states, .chain])
      func aSystemPromptIsReadFromDiskAfterAStart(_ form: Toy.Form) async throws {
        let toy = try Toy(form)
        defer { toy.remove() }
        let options = GenerateOptions(maxTokens: 8)
        let first = try await Collected(model(toy).generate(talk, options: options))
        #expect(first.end?.usage.cachedTokens == 0)
        #expect(try files(toy).count == 1)
        // Another start of the app, another question.
        var other = talk
        other[1].content = "Good morning"
        let second = try await Collected(model(toy).generate(other, options: options))
        #expect(second.end!.usage.cachedTokens >= 8)
        #expect(second.ids == Toy.answer(ids(other), 8))
      }

      @Test func aDamagedFileIsDeletedAndComputedAgain() async throws {
        let toy = try Toy(.states)
        defer { toy.remove() }
        let options = GenerateOptions(maxTokens: 8)
        _ = try await Collected(model(toy).generate(talk, options: options))
        let file = try #require(try files(toy).first)
        let whole = try Data(contentsOf: file)
        for damage in [whole.prefix(whole.count / 2), whole.prefix(5), Data(), whole.dropLast() + [whole.last! ^ 1]] {
          try Data(damage).write(to: file)
          let answer = try await Collected(model(toy).generate(talk, options: options))
          #expect(answer.end?.usage.cachedTokens == 0)
          #expect(answer.ids == Toy.answer(ids(talk), 8))
        }
        #expect(try Data(contentsOf: file) == whole)
      }

      @Test func theOldestFilesGoWhenThereAreTooMany() async throws {
        let toy = try Toy(.states)
        defer { toy.remove() }
        let model = toy.model { $0.prefixCache = PrefixCacheOptions(minimumTokens: 8, maximumBytes: 400) }
        for name in ["one", "two", "three"] {
          var talk = talk
          talk[0].content = .string("You are assistant number \(name), helpful and careful.")
          _ = try await Collected(model.generate(talk, options: GenerateOptions(maxTokens: 2)))
        }
        #expect(try files(toy).count == 1)
      }
    }
  }
#endif
