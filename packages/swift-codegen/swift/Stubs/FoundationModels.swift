// A stand-in for the part of Apple's FoundationModels that the runtime calls, after Apple's documentation of LanguageModelSession,
// its Response and ResponseStream, Transcript and GenerationOptions (iOS 26). It shows that our calls have the documented names,
// labels and types. Its model repeats the prompt word by word, so that a test can drive our code; nothing else of Apple's behaves so.

import Foundation

public struct GenerationOptions: Sendable, Equatable {
  public struct SamplingMode: Sendable, Equatable {
    private let name: String
    public static var greedy: SamplingMode { SamplingMode(name: "greedy") }
    public static func random(top k: Int, seed: UInt64? = nil) -> SamplingMode {
      SamplingMode(name: "top \(k) \(seed.map(String.init) ?? "nil")")
    }
    public static func random(probabilityThreshold: Double, seed: UInt64? = nil) -> SamplingMode {
      SamplingMode(name: "threshold \(probabilityThreshold) \(seed.map(String.init) ?? "nil")")
    }
  }

  public var sampling: SamplingMode?
  public var temperature: Double?
  public var maximumResponseTokens: Int?

  public init(sampling: SamplingMode? = nil, temperature: Double? = nil, maximumResponseTokens: Int? = nil) {
    self.sampling = sampling
    self.temperature = temperature
    self.maximumResponseTokens = maximumResponseTokens
  }
}

public struct Prompt: Sendable {}

public struct GeneratedContent: Sendable, Equatable {}

public protocol Generable {
  associatedtype PartiallyGenerated = Self
}

extension String: Generable {}

public struct Transcript: Sendable, Equatable, RandomAccessCollection {
  public enum Entry: Sendable, Equatable {
    case instructions(Instructions)
    case prompt(Prompt)
    case toolCalls(ToolCalls)
    case toolOutput(ToolOutput)
    case response(Response)
  }

  public enum Segment: Sendable, Equatable {
    case text(TextSegment)
    case structure(StructuredSegment)
  }

  public struct TextSegment: Sendable, Equatable { public var content: String }
  public struct StructuredSegment: Sendable, Equatable {}
  public struct Instructions: Sendable, Equatable { public var segments: [Segment] }
  public struct Prompt: Sendable, Equatable { public var segments: [Segment] }
  public struct Response: Sendable, Equatable { public var segments: [Segment] }
  public struct ToolCalls: Sendable, Equatable {}
  public struct ToolOutput: Sendable, Equatable {}

  var entries: [Entry] = []
  public var startIndex: Int { entries.startIndex }
  public var endIndex: Int { entries.endIndex }
  public subscript(index: Int) -> Entry { entries[index] }
}

public final class LanguageModelSession: @unchecked Sendable {
  public struct Response<Content: Generable> {
    public let content: Content
  }

  public struct ResponseStream<Content: Generable>: AsyncSequence {
    public struct Snapshot {
      public var content: Content.PartiallyGenerated
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
      var rest: [Snapshot]
      public mutating func next() async throws -> Snapshot? { rest.isEmpty ? nil : rest.removeFirst() }
    }

    let all: [Snapshot]
    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(rest: all) }
  }

  private let lock = NSLock()
  private var entries: [Transcript.Entry] = []

  public convenience init(instructions: String? = nil) {
    self.init()
    if let instructions { entries = [.instructions(.init(segments: [.text(.init(content: instructions))]))] }
  }

  private init() {}

  public var isResponding: Bool { false }
  public var transcript: Transcript { lock.withLock { Transcript(entries: entries) } }
  public func prewarm(promptPrefix: Prompt? = nil) {}

  @discardableResult
  public func respond(to prompt: String, options: GenerationOptions = GenerationOptions()) async throws -> Response<String> {
    record(prompt)
    return Response(content: prompt)
  }

  public func streamResponse(
    to prompt: String, options: GenerationOptions = GenerationOptions()
  ) -> sending ResponseStream<String> {
    record(prompt)
    let words = prompt.split(separator: " ")
    return ResponseStream(all: words.indices.map { .init(content: words[...$0].joined(separator: " ")) })
  }

  private func record(_ text: String) {
    let segments = [Transcript.Segment.text(.init(content: text))]
    lock.withLock { entries += [.prompt(.init(segments: segments)), .response(.init(segments: segments))] }
  }
}
