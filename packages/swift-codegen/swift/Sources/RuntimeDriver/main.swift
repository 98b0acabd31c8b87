// Drives a package as an app does, for tests and for a Mac's terminal: JSON Lines in, JSON Lines out.
//
//     RuntimeDriver
//       {"open": "folder with pippin-manifest.json and tokenizer.pippin", "packages": "folder", "cache": "folder", "log": "folder"}
//       {"messages": [{"role": "user", "content": "Hi"}], "maxTokens": 20, "sampling": {…}, "policy": "error", "leaveAfter": 3}
//       {"logitsAfter": [1, 2, 3]}      {"unload": true}      {"flush": true}, which gives the files of the log
import Foundation
import PippinRuntime
import PippinTokenizer

struct Question: Decodable {
  struct Message: Decodable {
    var role: String
    var content: String
  }

  var open: String?
  var packages: String?
  var cache: String?
  var log: String?
  var prefixTokens: Int?
  var messages: [Message]?
  var maxTokens: Int?
  var maxContext: Int?
  var sampling: Sampling?
  var policy: String?
  /// Leave the loop after so many tokens.
  var leaveAfter: Int?
  var logitsAfter: [Int]?
  var unload: Bool?
  var flush: Bool?
}

struct Answer: Encodable {
  var error: String?
  var ids: [Int]?
  var text: String?
  var reason: String?
  var usage: Usage?
  var units: String?
  var refused: [String]?
  var logits: [Float]?
  var files: [String]?
}

#if canImport(CoreML)
  final class Driver {
    private var model: CoreMLModel?
    private var telemetry: Telemetry?

    func answer(_ question: Question) async -> Answer {
      do { return try await answerOrFail(question) } catch { return Answer(error: "\(error)") }
    }

    private func answerOrFail(_ question: Question) async throws -> Answer {
      if let folder = question.open { return try await open(folder, question) }
      guard let model else { return Answer(error: "no model is open") }
      if let messages = question.messages { return try await say(model, messages, question) }
      if let ids = question.logitsAfter { return Answer(logits: try await model.logits(after: ids)) }
      if question.unload == true { await model.unload() }
      if question.flush == true {
        await telemetry?.flush()
        return Answer(files: telemetry?.files.map(\.path))
      }
      return Answer()
    }

    private func open(_ folder: String, _ question: Question) async throws -> Answer {
      let packages = question.packages.map { URL(fileURLWithPath: $0) }
      let files = ModelFiles(folder: URL(fileURLWithPath: folder), packages: packages)
      let manifest = try RuntimeManifest(contentsOf: files.manifest)
      let facts = ModelFacts(
        name: "Model", source: manifest.model.source, vocabSize: manifest.model.vocabSize, contextLength: manifest.contextLength)
      var options = CoreMLOptions()
      if let cache = question.cache { options.cacheFolder = URL(fileURLWithPath: cache) }
      options.prefixCache = question.prefixTokens.map { PrefixCacheOptions(minimumTokens: $0) }
      telemetry = question.log.map { Telemetry(folder: URL(fileURLWithPath: $0)) }
      options.telemetry = telemetry
      let model = CoreMLModel(facts: facts, files: files, options: options)
      try await model.load()
      self.model = model
      let report = model.loadReport
      return Answer(units: report?.computeUnits.rawValue, refused: report?.refused.map(\.reason))
    }

    private func say(_ model: CoreMLModel, _ messages: [Question.Message], _ question: Question) async throws -> Answer {
      let options = GenerateOptions(
        maxTokens: question.maxTokens, maxContext: question.maxContext, contextPolicy: policy(question.policy),
        sampling: question.sampling ?? .greedy)
      let conversation = messages.map { ChatMessage(role: $0.role, content: .string($0.content)) }
      var answer = Answer(ids: [], text: "")
      for try await chunk in model.generate(conversation, options: options) {
        answer.ids! += chunk.ids
        answer.text! += chunk.text
        answer.reason = chunk.end?.reason.rawValue
        answer.usage = chunk.end?.usage
        if let limit = question.leaveAfter, answer.ids!.count >= limit { break }
      }
      return answer
    }

    private func policy(_ name: String?) -> ContextPolicy {
      switch name {
      case "dropOldestTurns": .dropOldestTurns
      case "slide": .slide(keeping: 4)
      default: .error
      }
    }
  }

  let driver = Driver()
  while let line = readLine() {
    let answer: Answer
    do {
      answer = await driver.answer(try JSONDecoder().decode(Question.self, from: Data(line.utf8)))
    } catch {
      answer = Answer(error: "\(error)")
    }
    FileHandle.standardOutput.write(try JSONEncoder().encode(answer) + Data("\n".utf8))
  }
#else
  print("RuntimeDriver needs Core ML")
  exit(3)
#endif
