import type { SwiftFacts } from "./facts.ts";
import type { SwiftInput } from "./input.ts";
import { commentText } from "./literal.ts";
import { header, indented } from "./swift-text.ts";

/** What the seam depends on beside the facts. */
export interface SeamFacts {
  readonly facts: SwiftFacts;
  readonly bindings: SwiftInput["bindings"];
  readonly embedded: boolean;
  readonly golden: boolean;
}

/**
 * `Model.swift` of the demo: the one file by which its hand-written sources know the model. It fills their `DemoServices`.
 */
export function seamFile(seam: SeamFacts): string {
  const { facts, bindings, embedded, golden } = seam;
  const { name } = facts;
  const isCoreml = bindings.engine === "CoreMLModel";
  const given = [
    `facts: ${name}Assets.facts`,
    ...(isCoreml ? ["computeUnits: ComputeUnits.allCases"] : []),
    "conditions: SystemConditions.shared",
    `make: ${making(seam)}`,
    ...(embedded ? [] : [INSTALLED]),
    ...(isCoreml ? [forgiving(name)] : []),
    ...(embedded ? [] : [downloading(name)]),
    LOGS,
    ...(golden ? [selfTest(name)] : []),
    ...(isCoreml ? [LOAD_REPORT] : []),
  ];
  const own = bindings.dependency ? [bindings.dependency.product] : [];
  const imports = ["Foundation", `${name}Kit`, "PippinRuntime", ...own].sort();
  return `${header(`what ties the demo to ${commentText(facts.source)}.`)}
${imports.map((module) => `import ${module}`).join("\n")}

/// The model of this app.
enum DemoModel {
  static let services = DemoServices(
${indented(given.join(",\n"), 2)})

  /// What the models do is written down here, for \`pippin bench\`.
  private static let telemetry = {
    let telemetry = Telemetry(folder: folder("Logs"))
    telemetry.storeSystemReports(in: reports)
    return telemetry
  }()

  /// What MetricKit reports about the app, about once a day.
  private static let reports = ReportFolder(folder("Reports"))
${isCoreml ? RUNTIME_OPTIONS : ""}${embedded ? "" : STORE(name)}
  private static func folder(_ name: String) -> URL {
    let support = FileManager.default.urls(for: .applicationSupportDirectory, in: .userDomainMask)[0]
    return support.appendingPathComponent(name, isDirectory: true)
  }
}
`;
}

function making({ facts, bindings, embedded }: SeamFacts): string {
  const { name } = facts;
  const isCoreml = bindings.engine === "CoreMLModel";
  const options = isCoreml ? "options: runtimeOptions(options)" : "";
  const [parameter, files] = [
    isCoreml ? "options" : "_",
    embedded ? "" : `files: files${isCoreml ? ", " : ""}`,
  ];
  const made = `${name}Assets.languageModel(${files}${options})`;
  if (embedded) return `{ ${parameter} in\n  ${made}\n}`;
  return `{ ${parameter} in
  guard let files = try installed() else { throw RuntimeError.fileMissing("the model") }
  return ${made}
}`;
}

/** A store also sets a model aside whose first load ended the app. */
const RUNTIME_OPTIONS = `
  private static func runtimeOptions(_ options: DemoServices.Options) -> CoreMLOptions {
    CoreMLOptions(computeUnits: options.computeUnits, telemetry: telemetry, store: try? ModelStore())
  }
`;

const INSTALLED = "isInstalled: { (try? installed()) != nil }";

function forgiving(name: string): string {
  return `forgive: {
  guard let version = try? ${name}Assets.version() else { return }
  try? ModelStore().clearQuarantine(of: version)
}`;
}

function downloading(name: string): string {
  return `download: { progress in
  let downloader = ModelDownloader(store: try ModelStore(), options: downloadOptions)
  _ = try await downloader.download(${name}Assets.version(), from: ${name}Assets.address) { progress($0.doneBytes, $0.totalBytes) }
}`;
}

const LOGS = `logs: {
  await telemetry.flush()
  return telemetry.files + reports.files
}`;

function selfTest(name: string): string {
  return `selfTest: { model in
  guard let model = model as? any InspectableModel else { return [] }
  return try await SelfTest(contentsOf: ${name}Assets.selfTest).run(model, tokenizer: ${name}Assets.tokenizer())
}`;
}

const LOAD_REPORT = `loadReport: { model in
  guard let report = (model as? CoreMLModel)?.loadReport else { return [] }
  let refused = report.refused.map { "\\($0.computeUnits.rawValue) refused: \\($0.reason)" }
  return ["\\(report.computeUnits.rawValue)\\(report.compiled ? ", compiled" : ""), \\(Int(report.seconds * 1000)) ms"] + refused
}`;

const STORE = (name: string): string => `
  /// The model's files, where all of them are on this device.
  private static func installed() throws -> ModelFiles? { try ModelStore().files(for: ${name}Assets.version()) }

  /// Plain http is for a server on this machine.
  private static var downloadOptions: DownloadOptions {
    var options = DownloadOptions()
    options.allowsInsecureHTTP = ${name}Assets.address.scheme == "http"
    options.onNetworkBytes = { telemetry.network(down: $0) }
    return options
  }
`;
