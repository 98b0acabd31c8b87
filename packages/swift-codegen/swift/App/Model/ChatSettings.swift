import Foundation
import PippinRuntime
import PippinTokenizer

/// What the user chose.
struct ChatSettings: Codable, Equatable, Sendable {
  enum Context: String, Codable, CaseIterable, Sendable {
    case error, dropOldestTurns, slide
  }

  var instructions = ""
  var temperature: Float = 0.7
  var topP: Float = 0.9
  /// 0: until the model stops.
  var maxTokens = 512
  var context = Context.dropOldestTurns
  var computeUnits = ComputeUnits.all

  /// - Parameter seed: of this answer.
  func options(seed: UInt32) -> GenerateOptions {
    let policy: ContextPolicy =
      switch context {
      case .error: .error
      case .dropOldestTurns: .dropOldestTurns
      // The first tokens hold the attention of most models, and the beginning of the instructions.
      case .slide: .slide(keeping: 4)
      }
    return GenerateOptions(
      maxTokens: maxTokens > 0 ? maxTokens : nil, contextPolicy: policy,
      sampling: Sampling(temperature: temperature, topP: topP, seed: seed))
  }

  /// As a message of the role `system`, where there are instructions.
  var system: [ChatMessage] {
    let text = instructions.trimmingCharacters(in: .whitespacesAndNewlines)
    return text.isEmpty ? [] : [ChatMessage(role: "system", content: .string(text))]
  }
}
