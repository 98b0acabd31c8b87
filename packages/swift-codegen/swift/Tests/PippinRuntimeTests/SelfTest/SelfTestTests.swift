#if canImport(CoreML) && os(Linux)
  import Foundation
  import PippinRuntime
  import PippinTokenizer
  import Testing

  extension CoreMLModelTests {
    @Suite struct SelfTestTests {
      /// What the toy would have said on the desk. The logits that it does not choose are all below 8.
      private func write(_ toy: Toy, _ change: (inout [String: Any]) -> Void = { _ in }) throws -> URL {
        let tokenizer = try Toy.tokenizer()
        let prompt = ids(hello)
        let answer = Toy.answer(prompt, 5)
        var one: [String: Any] = [
          "messages": [["role": "user", "content": "Hello there"]], "prompt": try tokenizer.chatTemplate!.render(hello),
          "ids": prompt, "logits": ["top": [[answer[0], 20]], "tolerance": 0.1], "greedy": answer,
          "margins": answer.map { _ in 12.5 },
        ]
        change(&one)
        let url = toy.folder.appendingPathComponent("selftest.json")
        try JSONSerialization.data(withJSONObject: ["version": 1, "cases": [one]]).write(to: url)
        return url
      }

      private func findings(_ toy: Toy, _ url: URL) async throws -> [SelfTest.Finding] {
        try await SelfTest(contentsOf: url).run(toy.model(), tokenizer: Toy.tokenizer())
      }

      @Test func aDeviceThatComputesAsTheDeskPasses() async throws {
        let toy = try Toy(.states)
        defer { toy.remove() }
        let found = try await findings(toy, write(toy))
        #expect(found.count == 4)
        #expect(!found.contains { !$0.isPassed })
      }

      @Test func eachDifferenceIsFound() async throws {
        let toy = try Toy(.states)
        defer { toy.remove() }
        let changes: [(String, (inout [String: Any]) -> Void)] = [
          ("prompt 1: text", { $0["messages"] = [["role": "user", "content": "Hello here"]] }),
          ("prompt 1: token ids", { $0["ids"] = ($0["ids"] as! [Int]) + [5] }),
          ("prompt 1: logits", { $0["logits"] = ["top": [[3, 20]], "tolerance": 0.1] }),
          ("prompt 1: logits", { $0["logits"] = ["top": [[5000, 20]], "tolerance": 0.1] }),
          ("prompt 1: logits", { $0["logits"] = ["top": [[Int]](), "tolerance": 0.1] }),
          ("prompt 1: answer", { $0["greedy"] = [7, 7, 7] }),
        ]
        for (name, change) in changes {
          let found = try await findings(toy, write(toy, change))
          #expect(found.contains { $0.name == name && !$0.isPassed }, "\(name)")
        }
      }

      @Test func aTokenThatTheDeskWasNotSureOfMayDiffer() async throws {
        let toy = try Toy(.states)
        defer { toy.remove() }
        let url = try write(toy) { one in
          var greedy = one["greedy"] as! [Int]
          greedy[2] += 1
          one["greedy"] = greedy
          one["margins"] = [12.5, 12.5, 0.05, 12.5, 12.5]
        }
        let found = try await findings(toy, url)
        #expect(!found.contains { !$0.isPassed })
      }

      @Test func aModelThatFailsIsAFinding() async throws {
        let toy = try Toy(.states)
        defer { toy.remove() }
        toy.script.refuse(.all, .cpuAndGPU, .cpuOnly)
        let found = try await findings(toy, write(toy))
        #expect(found.last?.isPassed == false)
        #expect(found.last?.detail.contains("computeUnitsRefused") == true)
      }

      @Test func aDamagedFileIsNamed() throws {
        let toy = try Toy(.states)
        defer { toy.remove() }
        let url = toy.folder.appendingPathComponent("selftest.json")
        #expect(throws: RuntimeError.fileMissing("selftest.json")) { try SelfTest(contentsOf: url) }
        try Data(#"{"version": 2, "cases": []}"#.utf8).write(to: url)
        #expect(throws: RuntimeError.unsupported("a self-test of version 2")) { try SelfTest(contentsOf: url) }
        try Data("{".utf8).write(to: url)
        #expect(throws: RuntimeError.self) { try SelfTest(contentsOf: url) }
      }
    }
  }
#endif
