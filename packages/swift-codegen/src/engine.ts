import { swiftError } from "./errors.ts";
import { escaped, isIdentifier } from "./identifier.ts";
import type { SwiftInput } from "./input.ts";
import { stringLiteral } from "./literal.ts";
import { call, header, indented, onlyWith } from "./swift-text.ts";

/**
 * `NAMEModel.swift`: the model as the runtime's `LanguageModel`, made by the engine that the backend names.
 *
 * @throws PippinError `SWIFT_BINDINGS_INVALID`.
 */
export function engineFile(name: string, bindings: SwiftInput["bindings"], embedded: boolean): string {
  checkBindings(bindings);
  const { engine, options, requires, dependency, arguments: texts = {} } = bindings;
  const parameters = [
    embedded ? `files: ModelFiles = ${name}Assets.files` : "files: ModelFiles",
    ...(options === undefined ? [] : [`options: ${options} = .init()`]),
  ];
  const given = [
    "facts: facts",
    "files: files",
    ...Object.entries(texts).map(([label, text]) => `${escaped(label)}: ${stringLiteral(text)}`),
    ...(options === undefined ? [] : ["options: options"]),
  ];
  const where = embedded
    ? "where its files lie; they come with the app."
    : "where its files lie: what a `ModelStore` or a `ModelDownloader` gives.";
  const how = options === undefined ? "" : "\n///   - options: how it is run.";
  const declaration = `/// The model, ready to be loaded and asked.
///
/// - Parameters:
///   - files: ${where}${how}
${call("public static func languageModel", parameters, ` -> ${engine} {`, 2)}
${indented(call(engine, given, "", 3))}
}`;
  const body = `extension ${name}Assets {\n${indented(declaration)}\n}`;
  const imports = ["PippinRuntime", ...(dependency ? [dependency.product] : [])].sort();
  return `${header("the model as the runtime drives it.")}\n${onlyWith(requires, imports, body)}`;
}

function checkBindings({
  engine,
  options,
  requires,
  dependency,
  arguments: texts,
}: SwiftInput["bindings"]): void {
  const words = [engine, options, requires, dependency?.product, ...Object.keys(texts ?? {})];
  const wrong = words.find((word) => word !== undefined && !isIdentifier(word));
  const version = dependency?.from ?? "1.0.0";
  if (wrong === undefined && /^\d+\.\d+\.\d+$/.test(version)) return;
  throw swiftError("SWIFT_BINDINGS_INVALID", {
    message: `the backend's Swift bindings name ${JSON.stringify(wrong ?? version)}, which is no ${wrong === undefined ? "version" : "identifier"}`,
    hint: "Report it to the author of the backend.",
  });
}
