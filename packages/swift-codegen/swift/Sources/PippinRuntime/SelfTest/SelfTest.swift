import Foundation
import PippinTokenizer

/// A model that shows what it computes, so that it can be compared with the desk that converted it.
public protocol InspectableModel: LanguageModel {
  /// Logits of the token that follows `ids`, one for each token of the vocabulary.
  func logits(after ids: [Int]) async throws -> [Float]
  /// The most likely tokens that follow `ids`, one after the other, up to a stop token.
  func greedy(after ids: [Int], count: Int) async throws -> [Int]
}

/// Questions with the answers that the desk computed: whether *this phone* computes what was converted.
///
///     let findings = try await SelfTest(contentsOf: url).run(model, tokenizer: tokenizer)
public struct SelfTest: Sendable {
  /// One check, for people.
  public struct Finding: Sendable, Equatable, Codable {
    public var name: String
    public var isPassed: Bool
    public var detail: String
  }

  struct Case: Decodable, Sendable {
    struct Message: Decodable, Sendable {
      var role: String
      var content: String
    }

    struct Logits: Decodable, Sendable {
      /// Pairs of id and value, highest first.
      var top: [[Double]]
      /// What a device may round otherwise.
      var tolerance: Double
    }

    var messages: [Message]
    /// Local time that the template was given: `2025-02-03T04:05:06`.
    var now: String?
    var prompt: String
    var ids: [Int]
    var logits: Logits
    var greedy: [Int]
    /// How far ahead each of the greedy tokens was.
    var margins: [Double]
  }

  private struct File: Decodable {
    var version: Int
    var cases: [Case]
  }

  let cases: [Case]

  /// - Throws: `RuntimeError.fileMissing`, `.fileDamaged`.
  public init(contentsOf url: URL) throws {
    guard let data = try? Data(contentsOf: url) else { throw RuntimeError.fileMissing(url.lastPathComponent) }
    do {
      let file = try JSONDecoder().decode(File.self, from: data)
      guard file.version == 1 else { throw RuntimeError.unsupported("a self-test of version \(file.version)") }
      cases = file.cases
    } catch let error as RuntimeError {
      throw error
    } catch {
      throw RuntimeError.fileDamaged(url.lastPathComponent, reason: reason(error))
    }
  }

  /// Prompts and ids alone: needs no model.
  public func checkWords(_ tokenizer: Tokenizer) -> [Finding] {
    cases.enumerated().flatMap { number, one in
      let name = "prompt \(number + 1)"
      let text = render(one, tokenizer)
      let ids = tokenizer.encode(one.prompt, addsSpecialTokens: tokenizer.chatTemplate == nil)
      return [
        Finding(
          name: "\(name): text", isPassed: text == one.prompt, detail: text == one.prompt ? "" : difference(text, one.prompt)),
        Finding(
          name: "\(name): token ids", isPassed: ids == one.ids,
          detail: ids == one.ids ? "\(ids.count) tokens" : "\(ids.count) tokens, \(one.ids.count) were expected"),
      ]
    }
  }

  /// All checks. An error of the model is a failed check, not an exception.
  ///
  /// - Throws: `CancellationError`.
  public func run(_ model: any InspectableModel, tokenizer: Tokenizer) async throws -> [Finding] {
    var findings = checkWords(tokenizer)
    for (number, one) in cases.enumerated() {
      let name = "prompt \(number + 1)"
      do {
        findings.append(compare(try await model.logits(after: one.ids), one, "\(name): logits"))
        findings.append(compare(try await model.greedy(after: one.ids, count: one.greedy.count), one, "\(name): answer"))
      } catch is CancellationError {
        throw CancellationError()
      } catch {
        findings.append(Finding(name: name, isPassed: false, detail: reason(error)))
      }
    }
    return findings
  }

  private func render(_ one: Case, _ tokenizer: Tokenizer) -> String {
    let messages = one.messages.map { ChatMessage(role: $0.role, content: .string($0.content)) }
    guard let template = tokenizer.chatTemplate else { return one.messages.last?.content ?? "" }
    let now = one.now.flatMap(localTime) ?? Date()
    return (try? template.render(messages, now: now)) ?? ""
  }

  private func compare(_ logits: [Float], _ one: Case, _ name: String) -> Finding {
    var worst = 0.0
    for pair in one.logits.top where pair.count == 2 {
      let id = Int(pair[0])
      guard logits.indices.contains(id) else {
        return Finding(name: name, isPassed: false, detail: "there are \(logits.count) logits, none for token \(id)")
      }
      let difference = abs(Double(logits[id]) - pair[1])
      // NaN is larger than every bound.
      worst = difference.isNaN ? .infinity : max(worst, difference)
    }
    return Finding(
      name: name, isPassed: worst <= one.logits.tolerance && !one.logits.top.isEmpty,
      detail: "largest difference \(rounded(worst)), allowed \(rounded(one.logits.tolerance))")
  }

  /// A token may differ where the desk itself was nearly undecided; what follows it then says nothing.
  private func compare(_ answer: [Int], _ one: Case, _ name: String) -> Finding {
    let length = max(answer.count, one.greedy.count)
    let place = (0..<length).first { at in
      at >= answer.count || at >= one.greedy.count || answer[at] != one.greedy[at]
    }
    guard let place else { return Finding(name: name, isPassed: true, detail: "\(answer.count) tokens are equal") }
    let margin = place < one.margins.count ? one.margins[place] : .infinity
    let isClose = margin <= 2 * one.logits.tolerance
    return Finding(
      name: name, isPassed: isClose,
      detail: "token \(place + 1) differs, it was \(margin.isFinite ? rounded(margin) : "far") ahead")
  }

  private func difference(_ found: String, _ wanted: String) -> String {
    let common = zip(found, wanted).prefix { $0 == $1 }.count
    return "differs from character \(common + 1) on"
  }

  private func rounded(_ value: Double) -> String { value.isFinite ? String(format: "%.3f", value) : "infinite" }

  private func localTime(_ text: String) -> Date? {
    let numbers = text.split { "-T:".contains($0) }.compactMap { Int($0) }
    guard numbers.count == 6 else { return nil }
    let parts = DateComponents(
      year: numbers[0], month: numbers[1], day: numbers[2], hour: numbers[3], minute: numbers[4], second: numbers[5])
    return Calendar(identifier: .gregorian).date(from: parts)
  }
}
