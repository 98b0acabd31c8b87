// The records of the log but for runs and tokens, as docs/app-log.md has them.

func sessionLine(_ id: String, anchor: ClockAnchor, part: Int) -> JsonLine {
  var line = JsonLine(kind: "session")
  line.add("version", 1)
  line.add("id", id)
  line.add("started_at", anchor.iso)
  line.add("clock") {
    $0.add("wall_anchor", anchor.iso)
    $0.add("monotonic_anchor_ns", anchor.monotonicNanoseconds)
    $0.add("uncertainty_ms", anchor.uncertaintyMs)
  }
  line.add("tool", "pippin")
  line.add("part", part)
  return line
}

func deviceLine(_ device: DeviceInfo, id: String, isLowPowerMode: Bool) -> JsonLine {
  var line = JsonLine(kind: "device")
  line.add("id", id)
  line.add("device.model.identifier", device.identifier)
  line.add("device.model.name", device.name)
  line.add("ram_bytes", device.ramBytes)
  line.add("os.name", device.systemName)
  line.add("os.version", device.systemVersion)
  line.add("os.build_id", device.systemBuild)
  line.add("is_simulator", device.isSimulator)
  line.add("low_power_mode", isLowPowerMode)
  return line
}

func modelLine(_ key: Telemetry.ModelKey, id: String) -> JsonLine {
  let facts = key.facts
  var line = JsonLine(kind: "model")
  line.add("id", id)
  line.add("gen_ai.request.model", LoggedText.clean(facts.source))
  line.add("revision", facts.revision)
  line.add("params", known(facts.parameters))
  line.add("quant") { $0.add("scheme", facts.quantization) }
  line.add("weights_bytes", known(facts.packageBytes))
  if let bytes = known(facts.cacheBytes), facts.contextLength > 0 {
    line.add("kv_bytes_per_token", Double(bytes) / Double(facts.contextLength))
  }
  line.add("context_length", facts.contextLength)
  line.add("engine") { $0.add("name", LoggedText.clean(key.engine)) }
  line.add("compute_unit", LoggedText.clean(key.computeUnit))
  return line
}

/// A size of 0 is one that nobody filled in.
private func known(_ size: Int64) -> Int64? { size > 0 ? size : nil }

/// - Parameter value: nil: there is nothing to write.
func sampleLine(_ metric: String, _ value: Double?, unit: String, run: String?, at time: Int64, raw: String? = nil) -> JsonLine? {
  guard let value, value.isFinite else { return nil }
  var line = JsonLine(kind: "sample")
  line.add("run", run)
  line.add("t_ns", time)
  line.add("metric", metric)
  line.add("value", value)
  line.add("unit", unit)
  line.add("scope", metric.hasPrefix("process.") ? "process" : "device")
  line.add("how", "gauge")
  line.add("raw", raw)
  return line
}

func networkLine(_ bytes: Int64, direction: String, at time: Int64) -> JsonLine {
  var line = JsonLine(kind: "sample")
  line.add("t_ns", time)
  line.add("metric", "process.network.io")
  line.add("network.io.direction", direction)
  line.add("value", bytes)
  line.add("unit", "By")
  line.add("scope", "process")
  line.add("how", "counter")
  return line
}

func intervalLine(
  _ name: String, run: String? = nil, from start: Int64, to end: Int64, isCompleted: Bool, attributes: (inout JsonLine) -> Void
) -> JsonLine {
  var line = JsonLine(kind: "interval")
  line.add("run", run)
  line.add("name", name)
  line.add("start_ns", start)
  line.add("duration_ns", max(0, end - start))
  line.add("completed", isCompleted)
  line.add("attrs", attributes)
  return line
}
