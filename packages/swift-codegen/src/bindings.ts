import type { MinimumSystem, RuntimeManifest } from "@pippin/core";
import { type SwiftFeature, statesText, swiftFeatures } from "./features.ts";
import { Names } from "./identifier.ts";
import { commentText, stringLiteral } from "./literal.ts";
import { call, declarations, header, indented, onlyWith } from "./swift-text.ts";

type ManifestFunction = RuntimeManifest["functions"][number];

/** What the classes of a Core ML model depend on. */
export interface BindingFacts {
  readonly name: string;
  readonly manifest: RuntimeManifest;
  readonly minimumSystem: MinimumSystem;
  /** Whether the package lies in the app's bundle. */
  readonly embedded: boolean;
  /** Of the compiled model among an app's caches: another package has another one. */
  readonly identity: string;
}

/** One function of a model: the classes of its input and output, and the one that runs it. */
interface FunctionNames {
  readonly fn: ManifestFunction;
  readonly isDefault: boolean;
  readonly model: string;
  readonly input: string;
  readonly output: string;
}

/** Core ML's states and functions came with these systems. */
const STATES_SINCE = { iOS: 18, macOS: 15 };
/** `MLShapedArray<Float16>` came to macOS later than to iOS (source: the interface of CoreML in Apple's SDK). */
const HALF_ARRAYS_SINCE = { iOS: 16, macOS: 15 };
/** The package's own minimum: what needs no more is not marked. */
const EVERYWHERE = { iOS: 17, macOS: 14 };

/**
 * `NAME.swift`: classes as Xcode makes them for a model (NAME, NAMEInput, NAMEOutput), one set for each function. A model of several
 * packages has none: its features are spread over them.
 */
export function bindingsFile(facts: BindingFacts): string | undefined {
  const { name, manifest } = facts;
  const [only, ...more] = manifest.packages;
  if (only === undefined || more.length > 0) return undefined;
  const functions = functionNames(name, manifest);
  const available = availability(facts);
  const types = functions.flatMap((each) => [
    inputClass(each),
    outputClass(each, facts),
    modelClass(each, facts),
  ]);
  const state =
    manifest.states.length === 0
      ? undefined
      : `/// What the model remembers of one conversation, in Float16:
${statesText(manifest.states)}
public typealias ${name}State = MLState`;
  const body = declarations([
    ...[state, ...types].filter((type) => type !== undefined).map(marked),
    ...functions.flatMap((each) => shapedOutputs(each, available)),
    errorType(facts),
  ]);
  const first = header(
    `the classes of ${commentText(only)}, as Xcode makes them, for code that drives the model by itself.`,
  );
  return `${first}\n${onlyWith("CoreML", ["CoreML", "Foundation"], body)}`;

  /** The attribute goes between the doc comment and the declaration. */
  function marked(declaration: string): string {
    return declaration.replace(/^(?=public )/m, attribute(available));
  }
}

function availability({ manifest, minimumSystem }: BindingFacts): MinimumSystem {
  const needsStates = manifest.states.length > 0 || manifest.functions.length > 1;
  return needsStates ? later(minimumSystem, STATES_SINCE) : minimumSystem;
}

function later(a: MinimumSystem, b: MinimumSystem): MinimumSystem {
  return { iOS: Math.max(a.iOS, b.iOS), macOS: Math.max(a.macOS, b.macOS) };
}

/** The attribute and a line break; nothing where the whole package needs as much. */
function attribute(system: MinimumSystem): string {
  const { iOS, macOS } = later(system, EVERYWHERE);
  const isEverywhere = iOS === EVERYWHERE.iOS && macOS === EVERYWHERE.macOS;
  return isEverywhere ? "" : `@available(iOS ${iOS}, macOS ${macOS}, *)\n`;
}

/** What each class of features has besides them. */
const PROVIDER_MEMBERS = ["featureNames", "featureValue", "featureName", "init", "self"];

/** The default function has the model's own name, `prefill` becomes NAMEPrefill. */
function functionNames(name: string, { functions, defaultFunction }: RuntimeManifest): FunctionNames[] {
  const reserved = ["", "Input", "Output", "State", "Error", "Assets", "Kit"];
  const names = new Names(reserved.map((suffix) => name + suffix));
  const first = functions.find((fn) => fn.name === defaultFunction) ?? functions[0]!;
  return functions.map((fn) => {
    const isDefault = fn === first;
    const model = isDefault
      ? name
      : names.take(`${name}${fn.name.slice(0, 1).toUpperCase()}${fn.name.slice(1, 32)}`);
    const [input, output] = isDefault
      ? [`${name}Input`, `${name}Output`]
      : [names.take(`${model}Input`), names.take(`${model}Output`)];
    return { fn, isDefault, model, input, output };
  });
}

function inputClass({ fn, model, input }: FunctionNames): string {
  const features = swiftFeatures(fn.inputs, fn, [
    "featureNames",
    "featureValue",
    "featureName",
    "init",
    "self",
  ]);
  const names = features.map(({ name }) => stringLiteral(name)).join(", ");
  const members = declarations([
    ...features.map(({ identifier, text }) => `/// ${text}\npublic var ${identifier}: MLMultiArray`),
    initializer(features),
    shapedInitializer(features),
    `public var featureNames: Set<String> { [${names}] }`,
    `public func featureValue(for featureName: String) -> MLFeatureValue? {
  switch featureName {
${features.map(({ name, identifier }) => `  case ${stringLiteral(name)}: MLFeatureValue(multiArray: ${identifier})`).join("\n")}
  default: nil
  }
}`,
  ]);
  return `/// What \`${model}\` takes in one call.\npublic final class ${input}: MLFeatureProvider {\n${indented(members)}\n}`;
}

function initializer(features: readonly SwiftFeature[]): string {
  const head = call("public init", parameters(features, "MLMultiArray"), " {", 2);
  return `${head}\n${features.map(({ identifier }) => `  self.${identifier} = ${identifier}`).join("\n")}\n}`;
}

/** Float16 is left out: it does not exist on Macs with Intel processors. */
function shapedInitializer(features: readonly SwiftFeature[]): string | undefined {
  if (features.length === 0 || features.some(({ scalar }) => scalar === "Float16")) return undefined;
  const head = call("public convenience init", parameters(features), " {", 2);
  const given = features.map(({ identifier }) => `${identifier}: MLMultiArray(${identifier})`);
  return `${head}\n${indented(call("self.init", given, "", 3))}\n}`;
}

/** `input_ids: MLShapedArray<Int32>, …`, or all of one type. */
function parameters(features: readonly SwiftFeature[], type?: string): string[] {
  return features.map(({ identifier, scalar }) => `${identifier}: ${type ?? `MLShapedArray<${scalar}>`}`);
}

function outputClass({ fn, model, output }: FunctionNames, { name }: BindingFacts): string {
  const features = outputFeatures(fn);
  const members = declarations([
    "private let features: any MLFeatureProvider",
    ...features.map(({ identifier, text }) => `/// ${text}\npublic let ${identifier}: MLMultiArray`),
    `/// - Throws: \`${name}Error.featureMissing\` when these are features of something else.
public init(features: any MLFeatureProvider) throws {
${features.map((feature) => indented(unwrapped(feature, `${name}Error`))).join("\n")}
  self.features = features
}`,
    "public var featureNames: Set<String> { features.featureNames }",
    `public func featureValue(for featureName: String) -> MLFeatureValue? {
  features.featureValue(for: featureName)
}`,
  ]);
  return `/// What \`${model}\` gives back.\npublic final class ${output}: MLFeatureProvider {\n${indented(members)}\n}`;
}

function outputFeatures(fn: ManifestFunction): SwiftFeature[] {
  return swiftFeatures(fn.outputs, fn, [...PROVIDER_MEMBERS, "features"]);
}

/** Outputs as arrays of Swift's own types. Float16 does not exist on Macs with Intel processors. */
function shapedOutputs({ fn, output }: FunctionNames, available: MinimumSystem): string[] {
  const features = outputFeatures(fn);
  const names = new Names([
    ...PROVIDER_MEMBERS,
    "features",
    ...features.map(({ identifier }) => plain(identifier)),
  ]);
  return features.map(({ identifier, scalar }) => {
    const property = `/// \`${plain(identifier)}\`, copied.
  public var ${names.take(`${plain(identifier)}ShapedArray`)}: MLShapedArray<${scalar}> { MLShapedArray(${identifier}) }`;
    const isHalf = scalar === "Float16";
    const marked = attribute(isHalf ? later(available, HALF_ARRAYS_SINCE) : available);
    const extension = `${marked}extension ${output} {\n  ${property}\n}`;
    return isHalf ? `#if arch(arm64)\n${indented(extension)}\n#endif` : extension;
  });
}

function plain(identifier: string): string {
  return identifier.replaceAll("`", "");
}

function unwrapped({ name, identifier }: SwiftFeature, error: string): string {
  return `guard let ${identifier} = features.featureValue(for: ${stringLiteral(name)})?.multiArrayValue else {
  throw ${error}.featureMissing(${stringLiteral(name)})
}
self.${identifier} = ${identifier}`;
}

function modelClass(names: FunctionNames, facts: BindingFacts): string {
  const { fn, isDefault, model } = names;
  const { embedded, manifest } = facts;
  const what = isDefault
    ? `/// The model as a class, as Xcode makes it.`
    : `/// The model's function \`${commentText(fn.name)}\` as a class. It shares the state with \`${facts.name}\`.`;
  const members = declarations([
    `/// What Core ML made of the package. It may be asked by many tasks.\npublic let model: MLModel`,
    "public init(model: MLModel) { self.model = model }",
    embedded ? bundled(facts.name) : undefined,
    opening(isDefault),
    embedded ? loading(facts.name, model) : undefined,
    openingLater(model, isDefault),
    isDefault && embedded ? compiling(facts) : undefined,
    isDefault ? undefined : configuring(fn),
    manifest.states.length > 0
      ? `/// An empty state: one for each conversation.\npublic func makeState() -> ${facts.name}State { model.makeState() }`
      : undefined,
    ...predictions(names, facts),
  ]);
  return `${what}\npublic final class ${model}: @unchecked Sendable {\n${indented(members)}\n}`;
}

const CONFIGURATION = "configuration: MLModelConfiguration = MLModelConfiguration()";

function given(isDefault: boolean): string {
  return isDefault ? "configuration" : "Self.configured(configuration)";
}

function bundled(name: string): string {
  return `/// Opens the model of this package.
///
/// - Throws: \`${name}Error.notCompiled\` where neither Xcode nor \`load\` has compiled it; what Core ML throws.
public convenience init(${CONFIGURATION}) throws {
  guard let url = ${name}.compiledModelIfAny else { throw ${name}Error.notCompiled }
  try self.init(contentsOf: url, configuration: configuration)
}`;
}

function opening(isDefault: boolean): string {
  return `/// Opens a compiled model, \`.mlmodelc\`.
public convenience init(contentsOf url: URL, ${CONFIGURATION}) throws {
  self.init(model: try MLModel(contentsOf: url, configuration: ${given(isDefault)}))
}`;
}

function loading(name: string, model: string): string {
  return `/// Loads the model of this package, which is compiled first where that has not been done.
public static func load(${CONFIGURATION}) async throws -> ${model} {
  try await load(contentsOf: ${name}.compiledModel(), configuration: configuration)
}`;
}

function openingLater(model: string, isDefault: boolean): string {
  const head = call(
    "public static func load",
    ["contentsOf url: URL", CONFIGURATION],
    ` async throws -> ${model} {`,
    2,
  );
  return `/// Loads a compiled model, \`.mlmodelc\`.
${head}
  ${model}(model: try await MLModel.load(contentsOf: url, configuration: ${given(isDefault).replace("Self.", "")}))
}`;
}

function compiling({ name, manifest, identity }: BindingFacts): string {
  const file = manifest.packages[0]!;
  const compiled = file.replace(/\.mlpackage$/, "");
  return `/// The compiled model: the one that Xcode put into the bundle, or else compiled once on this device and kept in its caches.
public static func compiledModel() async throws -> URL {
  if let url = compiledModelIfAny { return url }
  let package = ${name}Assets.folder.appendingPathComponent(${stringLiteral(file)})
  let fresh = try await MLModel.compileModel(at: package)
  // Another task may have been quicker: then its model stays.
  try? FileManager.default.moveItem(at: fresh, to: cachedModel)
  return compiledModelIfAny ?? fresh
}

static var compiledModelIfAny: URL? {
  if let url = Bundle.module.url(forResource: ${stringLiteral(compiled)}, withExtension: "mlmodelc") { return url }
  return FileManager.default.fileExists(atPath: cachedModel.path) ? cachedModel : nil
}

private static var cachedModel: URL {
  let caches = FileManager.default.urls(for: .cachesDirectory, in: .userDomainMask)[0]
  return caches.appendingPathComponent(${stringLiteral(`${identity}.mlmodelc`)})
}`;
}

function configuring(fn: ManifestFunction): string {
  return `/// The same configuration, for this function.
private static func configured(_ configuration: MLModelConfiguration) -> MLModelConfiguration {
  let own = configuration.copy() as? MLModelConfiguration ?? MLModelConfiguration()
  own.functionName = ${stringLiteral(fn.name)}
  return own
}`;
}

/** With an input object, at once and as a task; with the features themselves. */
function predictions({ fn, input, output }: FunctionNames, { name, manifest }: BindingFacts): string[] {
  const stateful = manifest.states.length > 0;
  const state = stateful ? [`using state: ${name}State`] : [];
  const options = "options: MLPredictionOptions = MLPredictionOptions()";
  const from = ["from: input", ...(stateful ? ["using: state"] : []), "options: options"].join(", ");
  const whole = (effects: string) =>
    call("public func prediction", [`input: ${input}`, ...state, options], `${effects} -> ${output} {`, 2);
  const features = swiftFeatures(fn.inputs, fn, ["input", "using", "state", "options", "self"]);
  const inputs = swiftFeatures(fn.inputs, fn, [
    "featureNames",
    "featureValue",
    "featureName",
    "init",
    "self",
  ]);
  const made = features.map(({ identifier }, index) => `${inputs[index]!.identifier}: ${identifier}`);
  const single = (type: string | undefined) => {
    const head = call(
      "public func prediction",
      [...parameters(features, type), ...state],
      ` throws -> ${output} {`,
      2,
    );
    const body = call(
      "try prediction",
      [`input: ${input}(${made.join(", ")})`, ...(stateful ? ["using: state"] : [])],
      "",
      3,
    );
    return `${head}\n${indented(body)}\n}`;
  };
  const shaped = features.length > 0 && features.every(({ scalar }) => scalar !== "Float16");
  return [
    `${whole(" throws")}\n  try ${output}(features: model.prediction(${from}))\n}`,
    `${whole(" async throws")}\n  try ${output}(features: await model.prediction(${from}))\n}`,
    single("MLMultiArray"),
    ...(shaped ? [single(undefined)] : []),
  ];
}

function errorType({ name, embedded }: BindingFacts): string {
  return `/// Why a class of this file cannot work.
public enum ${name}Error: Error, Equatable {
${embedded ? "  /// The model has not been compiled yet: `load` does it.\n  case notCompiled\n" : ""}  /// The model's output lacks a feature.
  case featureMissing(String)
}`;
}
