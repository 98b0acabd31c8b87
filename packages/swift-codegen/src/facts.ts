import type { MinimumSystem, RuntimeManifest } from "@pippin/core";
import { integerLiteral, optionalStringLiteral, stringLiteral } from "./literal.ts";
import { MODEL_FOLDER, SELF_TEST_FILE, TOKENIZER_SELF_TEST_FILE } from "./model-files.ts";
import { declarations, header, indented } from "./swift-text.ts";

/** What a generated package says of its model: the fields of the runtime's `ModelFacts`. */
export interface SwiftFacts {
  readonly name: string;
  readonly source: string;
  readonly revision?: string | undefined;
  readonly license?: string | undefined;
  readonly backend: string;
  readonly quantization: string;
  /** 0 where it is not known. */
  readonly parameters: number;
  readonly vocabSize: number;
  readonly contextLength: number;
  readonly packageBytes: number;
  readonly cacheBytes: number;
  readonly peakBytes: number;
  readonly minimumSystem: MinimumSystem;
}

/** The systems that the runtime itself needs. */
export const RUNTIME_SYSTEM: MinimumSystem = { iOS: 17, macOS: 14 };

export interface Sizes {
  readonly parameters: number;
  readonly packageBytes: number;
  readonly cacheBytes: number;
  readonly peakBytes: number;
}

export function swiftFacts(
  name: string,
  { manifest, minimumSystem }: { readonly manifest: RuntimeManifest; readonly minimumSystem: MinimumSystem },
  sizes: Sizes,
): SwiftFacts {
  const { source, revision, license, vocabSize } = manifest.model;
  return {
    name,
    source,
    revision,
    license,
    backend: manifest.backend,
    quantization: manifest.quantization,
    ...sizes,
    vocabSize,
    contextLength: manifest.contextLength,
    minimumSystem: {
      iOS: Math.max(minimumSystem.iOS, RUNTIME_SYSTEM.iOS),
      macOS: Math.max(minimumSystem.macOS, RUNTIME_SYSTEM.macOS),
    },
  };
}

/** `NAMEAssets.swift`: the facts as constants, and where the model's files lie. */
export function assetsFile(
  facts: SwiftFacts,
  { golden, url }: { readonly golden: boolean; readonly url?: string | undefined },
): string {
  const folder = `/// Holds the manifest, the tokenizer and the self-test${url === undefined ? ", and the model" : ""}.
public static let folder =
  Bundle.module.url(forResource: ${stringLiteral(MODEL_FOLDER)}, withExtension: nil)
  ?? Bundle.module.bundleURL.appendingPathComponent(${stringLiteral(MODEL_FOLDER)}, isDirectory: true)`;
  const files =
    url === undefined
      ? `/// All files of the model, as the runtime takes them.
public static var files: ModelFiles { ModelFiles(folder: folder) }`
      : `/// The folder on the server below which the manifest's \`files\` lie.
public static let address = URL(string: ${stringLiteral(url)})!

/// All files of the model, as the runtime takes them.
///
/// - Parameter packages: where they are, as a store says.
public static func files(packages: URL) -> ModelFiles { ModelFiles(folder: folder, packages: packages) }`;
  const body = declarations([
    constants(facts),
    folder,
    files,
    `/// What a \`ModelStore\` and a \`ModelDownloader\` know the files by.
///
/// - Throws: \`RuntimeError\`.
public static func version() throws -> ModelVersion { try ModelVersion(name: facts.name, folder: folder) }`,
    `/// How the model is driven.
///
/// - Throws: \`RuntimeError\`.
public static func manifest() throws -> RuntimeManifest {
  try RuntimeManifest(contentsOf: ModelFiles(folder: folder).manifest)
}`,
    `/// The model's tokenizer, with its chat template. Opening it reads a few pages of the file.
public static func tokenizer() throws -> Tokenizer { try Tokenizer(contentsOf: ModelFiles(folder: folder).tokenizer) }`,
    `/// Questions to the tokenizer and their answers, one JSON object a line.
public static var tokenizerSelfTest: URL { folder.appendingPathComponent(${stringLiteral(TOKENIZER_SELF_TEST_FILE)}) }`,
    golden
      ? `/// Prompts, and what the model answered on the desk: what this device must answer.
public static var selfTest: URL { folder.appendingPathComponent(${stringLiteral(SELF_TEST_FILE)}) }`
      : undefined,
  ]);
  return `${header("what this package knows of its model.")}
import Foundation
import PippinRuntime
import PippinTokenizer

public enum ${facts.name}Assets {
${indented(body)}
}
`;
}

function constants(facts: SwiftFacts): string {
  const { minimumSystem } = facts;
  const members: readonly (string | undefined)[] = [
    `name: ${stringLiteral(facts.name)}`,
    `source: ${stringLiteral(facts.source)}`,
    facts.revision === undefined ? undefined : `revision: ${optionalStringLiteral(facts.revision)}`,
    facts.license === undefined ? undefined : `license: ${optionalStringLiteral(facts.license)}`,
    `backend: ${stringLiteral(facts.backend)}`,
    `quantization: ${stringLiteral(facts.quantization)}`,
    `parameters: ${integerLiteral(facts.parameters)}`,
    `vocabSize: ${integerLiteral(facts.vocabSize)}`,
    `contextLength: ${integerLiteral(facts.contextLength)}`,
    `packageBytes: ${integerLiteral(facts.packageBytes)}`,
    `cacheBytes: ${integerLiteral(facts.cacheBytes)}`,
    `peakBytes: ${integerLiteral(facts.peakBytes)}`,
    `minimumSystem: MinimumSystem(iOS: ${integerLiteral(minimumSystem.iOS)}, macOS: ${integerLiteral(minimumSystem.macOS)})`,
  ];
  const lines = members.filter((member) => member !== undefined);
  return `/// The model, its sizes in bytes, and the oldest systems that run it. \`peakBytes\` is an estimate.
public static let facts = ModelFacts(
${indented(lines.join(",\n"))}
)`;
}
