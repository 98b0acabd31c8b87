import PippinRuntime
import SwiftUI

/// How fast the last answers were, and what the device was like.
struct MetricsView: View {
  let runs: [RunMetrics]

  var body: some View {
    Form {
      if let last = runs.last {
        Section("Last Answer") { figures(last) }
        Section("Tokens per Second") { RateChart(rates: runs.suffix(20).map(\.usage.tokensPerSecond)) }
        Section("All Answers") {
          ForEach(runs.reversed()) { run in
            LabeledContent("\(run.usage.outputTokens) tokens") { Text(verbatim: rate(run.usage.tokensPerSecond)).monospacedDigit() }
          }
        }
      }
    }
    .formStyle(.grouped)
    .overlay {
      if runs.isEmpty {
        ContentUnavailableView("No Answers Yet", systemImage: "gauge.with.needle", description: Text("Ask something first."))
      }
    }
  }

  @ViewBuilder private func figures(_ run: RunMetrics) -> some View {
    LabeledContent("Time to first token", value: seconds(run.usage.timeToFirstToken))
    LabeledContent("Generation", value: rate(run.usage.tokensPerSecond))
    if let prefill = run.prefillTokensPerSecond { LabeledContent("Prompt", value: rate(prefill)) }
    LabeledContent("Tokens in", value: run.usage.promptTokens.formatted())
    LabeledContent("Of them cached", value: run.usage.cachedTokens.formatted())
    LabeledContent("Tokens out", value: run.usage.outputTokens.formatted())
    if let footprint = run.footprintBytes { LabeledContent("Memory of the app", value: bytes(footprint)) }
    LabeledContent("Thermal state", value: run.thermalState.rawValue)
  }

  private func seconds(_ value: Double) -> String { "\(value.formatted(.number.precision(.fractionLength(2)))) s" }
  private func rate(_ value: Double) -> String { "\(value.formatted(.number.precision(.fractionLength(1)))) tokens/s" }
}

/// A bar for each answer, the oldest first.
struct RateChart: View {
  let rates: [Double]
  @ScaledMetric private var height: CGFloat = 80

  var body: some View {
    HStack(alignment: .bottom, spacing: 3) {
      ForEach(rates.indices, id: \.self) { index in
        RoundedRectangle(cornerRadius: 2).fill(.tint).frame(height: max(2, height * CGFloat(rates[index] / highest)))
      }
    }
    .frame(maxWidth: .infinity, minHeight: height, alignment: .bottomLeading)
    .accessibilityElement(children: .ignore)
    .accessibilityLabel("Tokens per second of the last answers")
    .accessibilityValue(Text(verbatim: rates.map { $0.formatted(.number.precision(.fractionLength(1))) }.joined(separator: ", ")))
  }

  private var highest: Double { max(rates.max() ?? 0, 0.001) }
}
