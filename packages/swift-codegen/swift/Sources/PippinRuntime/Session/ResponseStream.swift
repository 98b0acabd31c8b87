import PippinTokenizer

extension ChatSession {
  /// An answer while it is made: each element is all of it so far.
  public struct ResponseStream: AsyncSequence, Sendable {
    public struct Snapshot: Sendable, Equatable {
      public var content = ""
      /// What the model thought before it answered.
      public var thoughts = ""
      /// Set in the last snapshot.
      public var end: AnswerEnd?

      mutating func add(_ chunk: Chunk) {
        switch chunk.kind {
        case .text: content += chunk.text
        case .thinking: thoughts += chunk.text
        // A session gives no tools, so this is what a model made up.
        case .toolCall: break
        }
        end = chunk.end
      }

      /// As templates take it; they leave out old thoughts themselves.
      var message: ChatMessage {
        let more = thoughts.isEmpty ? [] : [JsonValue.Member("reasoning_content", .string(thoughts))]
        return ChatMessage(role: "assistant", content: .string(content), more: more)
      }
    }

    public struct AsyncIterator: AsyncIteratorProtocol {
      fileprivate var chunks: AsyncThrowingStream<Chunk, any Error>.Iterator
      private var snapshot = Snapshot()

      fileprivate init(_ chunks: AsyncThrowingStream<Chunk, any Error>) { self.chunks = chunks.makeAsyncIterator() }

      public mutating func next() async throws -> Snapshot? {
        guard let chunk = try await chunks.next() else { return nil }
        snapshot.add(chunk)
        return snapshot
      }
    }

    let chunks: AsyncThrowingStream<Chunk, any Error>

    public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(chunks) }

    /// The whole answer.
    ///
    /// - Throws: what the model throws; `CancellationError`.
    public func collect() async throws -> Response {
      var last = Snapshot()
      for try await snapshot in self { last = snapshot }
      guard let end = last.end else { throw CancellationError() }
      return Response(content: last.content, thoughts: last.thoughts, end: end)
    }

    /// The texts alone.
    var texts: AsyncThrowingStream<String, any Error> {
      taskStream { out in for try await snapshot in self { out.yield(snapshot.content) } }.stream
    }
  }
}
