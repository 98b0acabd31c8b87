import type { SwiftFacts } from "./facts.ts";
import { header } from "./swift-text.ts";

/** The generated package's own tests: what it says of the model and what lies in it agree. They run without Core ML. */
export function kitTestsFile({ name }: SwiftFacts, embedded: boolean): string {
  return `${header("does this package hold what it says?")}
import Foundation
import ${name}Kit
import PippinRuntime
import PippinTokenizer
import Testing

#if canImport(CryptoKit)
  import CryptoKit
#endif

@Suite struct ${name}KitTests {
  private let facts = ${name}Assets.facts

  @Test func theManifestSaysWhatTheFactsSay() throws {
    let manifest = try ${name}Assets.manifest()
    #expect(manifest.backend == facts.backend)
    #expect(manifest.quantization == facts.quantization)
    #expect(manifest.contextLength == facts.contextLength)
    #expect(manifest.model.source == facts.source)
    #expect(manifest.model.revision == facts.revision)
    #expect(manifest.model.license == facts.license)
    #expect(manifest.model.vocabSize == facts.vocabSize)
    #expect((manifest.files ?? []).reduce(0) { $0 + $1.size } == facts.packageBytes)
  }

${embedded ? embeddedTests(name) : downloadTests(name)}

  @Test func theTokenizerIsWholeAndStopsWhereTheModelStops() throws {
    let tokenizer = try ${name}Assets.tokenizer()
    try tokenizer.verify()
    #expect(tokenizer.vocabSize <= facts.vocabSize)
    #expect(tokenizer.stopIds.isSuperset(of: try ${name}Assets.manifest().stopTokens))
  }

  @Test func theTokenizerAnswersAsOnTheDesk() throws {
    let tokenizer = try ${name}Assets.tokenizer()
    let lines = try String(contentsOf: ${name}Assets.tokenizerSelfTest, encoding: .utf8).split(separator: "\\n")
    #expect(!lines.isEmpty)
    for question in try lines.map({ try JsonValue(parsing: String($0)) }) {
      let (text, ids) = (question["text"]?.text, question["ids"]?.ids ?? [])
      switch question["ask"]?.text {
      case "encode":
        #expect(tokenizer.encode(text ?? "", addsSpecialTokens: question["addSpecialTokens"] == true) == ids)
      case "decode":
        #expect(tokenizer.decode(ids, skipsSpecialTokens: question["skipSpecialTokens"] == true) == text)
      case "render":
        let rendered = try? tokenizer.chatTemplate?.render(
          question["messages"]?.items ?? [], tools: question["tools"]?.items,
          addsGenerationPrompt: question["add_generation_prompt"] == true, now: localTime(question["now"]?.text ?? ""))
        #expect(rendered == text)
      default: Issue.record("an unknown question")
      }
    }
  }

  /// "2025-02-03T04:05:06" in local time.
  private func localTime(_ text: String) throws -> Date {
    let numbers = text.split { "-T:".contains($0) }.compactMap { Int($0) }
    try #require(numbers.count == 6)
    let parts = DateComponents(
      year: numbers[0], month: numbers[1], day: numbers[2], hour: numbers[3], minute: numbers[4], second: numbers[5])
    return try #require(Calendar(identifier: .gregorian).date(from: parts))
  }
}

extension JsonValue {
  fileprivate var text: String? {
    if case .string(let text) = self { text } else { nil }
  }

  fileprivate var items: [JsonValue]? {
    if case .array(let items) = self { items } else { nil }
  }

  fileprivate var ids: [Int]? {
    items?.compactMap { if case .int(let id) = $0 { id } else { nil } }
  }
}
`;
}

/** Hashes of large files take long in a debug build; the runtime checks them on the device. */
const SMALL_BYTES = "4_000_000";

function embeddedTests(name: string): string {
  return `  @Test func everyFileOfTheModelIsWhole() throws {
    let files = try #require(try ${name}Assets.manifest().files)
    #expect(!files.isEmpty)
    for file in files {
      let url = ${name}Assets.files.packages.appendingPathComponent(file.path)
      let size = try FileManager.default.attributesOfItem(atPath: url.path)[.size] as? NSNumber
      #expect(size?.int64Value == file.size, "\\(file.path)")
      #if canImport(CryptoKit)
        if let expected = file.sha256, file.size <= ${SMALL_BYTES} {
          let found = SHA256.hash(data: try Data(contentsOf: url)).map { String(format: "%02x", $0) }.joined()
          #expect(found == expected, "\\(file.path)")
        }
      #endif
    }
  }`;
}

/** The package comes from elsewhere: only what a download needs to know can be looked at. */
function downloadTests(name: string): string {
  return `  @Test func everyFileOfTheModelCanBeCheckedAfterItsDownload() throws {
    let files = try #require(try ${name}Assets.manifest().files)
    #expect(!files.isEmpty)
    for file in files { #expect(file.sha256?.count == 64, "\\(file.path)") }
    let version = try ${name}Assets.version()
    #expect(version.byteCount == facts.packageBytes)
    #expect(["https", "http"].contains(${name}Assets.address.scheme))
  }`;
}
