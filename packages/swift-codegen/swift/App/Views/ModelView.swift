import PippinRuntime
import SwiftUI

/// Where the model comes from, what it takes, and how it was loaded.
struct ModelView: View {
  let chat: ChatModel

  var body: some View {
    Form {
      Section("Origin") {
        LabeledContent("Source", value: facts.source)
        if let revision = facts.revision { LabeledContent("Revision", value: revision) }
        LabeledContent("License", value: facts.license ?? "not named")
      }
      Section("Package") {
        LabeledContent("Backend", value: facts.backend)
        LabeledContent("Quantization", value: facts.quantization)
        LabeledContent("Parameters", value: facts.parameters.formatted(.number.notation(.compactName)))
        LabeledContent("Context", value: "\(facts.contextLength.formatted()) tokens")
        LabeledContent("Vocabulary", value: "\(facts.vocabSize.formatted()) tokens")
        LabeledContent("Files", value: bytes(facts.packageBytes))
        LabeledContent("Cache for the whole context", value: bytes(facts.cacheBytes))
        LabeledContent("Memory while it answers", value: bytes(facts.peakBytes))
      }
      if !chat.loadReport.isEmpty {
        Section("Loaded") { ForEach(chat.loadReport, id: \.self) { Text(verbatim: $0) } }
      }
      if let note = Simulator.note { Section("Simulator") { Text(note) } }
    }
    .formStyle(.grouped)
    .textSelection(.enabled)
  }

  private var facts: ModelFacts { chat.services.facts }
}

/// What a simulator cannot show.
enum Simulator {
  static var note: LocalizedStringKey? {
    #if targetEnvironment(simulator) && arch(x86_64)
      return
        "Core ML computes on this Mac's CPU, which has no half-precision arithmetic: answers may differ from a device's. \(rest)"
    #elseif targetEnvironment(simulator)
      return "Core ML computes on this Mac's CPU. \(rest)"
    #else
      return nil
    #endif
  }

  private static let rest = "Speed, memory and heat say nothing of a device. MLC-LLM does not run here."
}
