import { swiftError } from "./errors.ts";
import { isIdentifier } from "./identifier.ts";
import type { SwiftInput } from "./input.ts";
import { header, onlyWith } from "./swift-text.ts";

/**
 * `NAMEModel.swift`: the model as the runtime's `LanguageModel`, made by the engine that the backend names.
 *
 * @throws PippinError `SWIFT_BINDINGS_INVALID`.
 */
export function engineFile(name: string, bindings: SwiftInput["bindings"], embedded: boolean): string {
  checkBindings(bindings);
  const { engine, options, requires, dependency } = bindings;
  const parameter = embedded ? `files: ModelFiles = ${name}Assets.files` : "files: ModelFiles";
  const where = embedded
    ? "where its files lie; they come with the app."
    : "where its files lie: `files(packages:)` after the download.";
  const body = `extension ${name}Assets {
  /// The model, ready to be loaded and asked.
  ///
  /// - Parameters:
  ///   - files: ${where}
  ///   - options: how it is run.
  public static func languageModel(${parameter}, options: ${options} = .init()) -> ${engine} {
    ${engine}(facts: facts, files: files, options: options)
  }
}`;
  const imports = ["PippinRuntime", ...(dependency ? [dependency.product] : [])].sort();
  return `${header("the model as the runtime drives it.")}\n${onlyWith(requires, imports, body)}`;
}

function checkBindings({ engine, options, requires, dependency }: SwiftInput["bindings"]): void {
  const words = [engine, options, requires, ...(dependency ? [dependency.product] : [])];
  const wrong = words.find((word) => !isIdentifier(word));
  const version = dependency?.from ?? "1.0.0";
  if (wrong === undefined && /^\d+\.\d+\.\d+$/.test(version)) return;
  throw swiftError("SWIFT_BINDINGS_INVALID", {
    message: `the backend's Swift bindings name ${JSON.stringify(wrong ?? version)}, which is no ${wrong === undefined ? "version" : "identifier"}`,
    hint: "Report it to the author of the backend.",
  });
}
