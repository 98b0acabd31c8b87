import PippinRuntime
import SwiftUI

/// How answers are made. Changes count from the next answer on.
struct SettingsView: View {
  @Bindable var chat: ChatModel

  var body: some View {
    Form {
      Section("Instructions") {
        TextField("What the model is told first", text: $chat.settings.instructions, axis: .vertical).lineLimit(2...8)
      }
      Section("Sampling") {
        slider("Temperature", value: $chat.settings.temperature, in: 0...2)
        slider("Top-p", value: $chat.settings.topP, in: 0.05...1)
        Text("At temperature 0 the most likely token is taken.").font(.caption).foregroundStyle(.secondary)
      }
      Section("Length") {
        Picker("Longest answer", selection: $chat.settings.maxTokens) {
          ForEach([64, 128, 256, 512, 1024, 2048], id: \.self) { Text("\($0) tokens").tag($0) }
          Text("No limit").tag(0)
        }
        Picker("When the context is full", selection: $chat.settings.context) {
          Text("Say so").tag(ChatSettings.Context.error)
          Text("Leave out old turns").tag(ChatSettings.Context.dropOldestTurns)
          Text("Forget old tokens").tag(ChatSettings.Context.slide)
        }
      }
      if !chat.services.computeUnits.isEmpty {
        Section("Compute Units") {
          Picker("Compute units", selection: $chat.settings.computeUnits) {
            ForEach(chat.services.computeUnits, id: \.self) { Text(title($0)).tag($0) }
          }
          Text("The model is loaded again. The page Model says what was used.").font(.caption).foregroundStyle(.secondary)
        }
      }
    }
    .formStyle(.grouped)
    .onChange(of: chat.settings.computeUnits) { Task { await chat.reload() } }
  }

  private func slider(_ title: LocalizedStringKey, value: Binding<Float>, in range: ClosedRange<Float>) -> some View {
    LabeledContent {
      Slider(value: value, in: range, step: 0.05) { Text(title) }
      Text(verbatim: value.wrappedValue.formatted(.number.precision(.fractionLength(2)))).monospacedDigit()
    } label: {
      Text(title)
    }
  }

  private func title(_ units: ComputeUnits) -> LocalizedStringKey {
    switch units {
    case .all: "All"
    case .cpuAndGPU: "CPU and GPU"
    case .cpuAndNeuralEngine: "CPU and Neural Engine"
    case .cpuOnly: "CPU only"
    }
  }
}
