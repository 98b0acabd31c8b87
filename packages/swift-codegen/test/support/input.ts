import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import type { RuntimeManifest } from "@pippin/core";
import type { SelfTestRow } from "@pippin/tokenizer";
import { onTestFinished } from "vitest";
import type { SwiftInput } from "../../src/input.ts";
import { SwiftOptions } from "../../src/options.ts";

export const OPTIONS = SwiftOptions.parse({});

/** An empty folder that goes when the test has ended. */
export function tempFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "pippin-swift-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

type Feature = RuntimeManifest["functions"][number]["inputs"][number];

/** Text that comes from a model and may be anything. */
export interface ModelTexts {
  readonly source: string;
  readonly revision: string;
  readonly license: string;
  readonly quantization: string;
  readonly backend: string;
  readonly features: readonly [string, string, string, string];
  readonly states: readonly [string, string];
  readonly functions: readonly [string, string];
  /** Of the package, without `.mlpackage`. */
  readonly file: string;
}

export const HARMLESS: ModelTexts = {
  source: "Qwen/Qwen2.5-1.5B-Instruct",
  revision: "main",
  license: "apache-2.0",
  quantization: "int4",
  backend: "coreml",
  features: ["input_ids", "position", "last_token", "logits"],
  states: ["keyCache", "valueCache"],
  functions: ["decode", "prefill"],
  file: "Qwen2.5-1.5B",
};

/** A stateful manifest of two functions with these texts in all places that hold some. */
export function manifestOf(texts: ModelTexts): RuntimeManifest {
  const { source, revision, license, quantization, backend, functions, file } = texts;
  const [tokens, position, lastToken, logits] = texts.features;
  const feature = (
    name: string,
    role: Feature["role"],
    dtype: Feature["dtype"],
    shape: number[],
  ): Feature => ({
    ...{ name, role, dtype, shape },
  });
  const outputs = [feature(logits, "logits", "F16", [1, 1, 1024])];
  return {
    version: 1,
    backend,
    program: "stateful",
    model: { source, revision, license, family: "qwen2", vocabSize: 1024 },
    contextLength: 512,
    packages: [`${file}.mlpackage`],
    functions: [
      {
        name: functions[0],
        ...{ tokens: 1, padding: "none", logitsRows: "last", outputs },
        inputs: [feature(tokens, "tokens", "I32", [1, 1]), feature(position, "position", "I32", [1])],
      },
      {
        name: functions[1],
        ...{ tokens: 64, padding: "right", logitsRows: "last", outputs },
        inputs: [
          feature(tokens, "tokens", "I32", [1, 64]),
          feature(position, "position", "I32", [1]),
          feature(lastToken, "lastToken", "I32", [1]),
        ],
      },
    ],
    defaultFunction: functions[0],
    states: texts.states.map((name, index) => ({
      name,
      role: index === 0 ? "keyCache" : "valueCache",
      dtype: "F16",
      shape: [4, 2, 512, 32],
      layout: ["layer", "kvHead", "position", "headDim"],
    })),
    mask: "internal",
    stopTokens: [2],
    normForm: "max",
    quantization,
  };
}

/** An input that lists no files, so that none is looked at. */
export function listlessInput(texts: ModelTexts = HARMLESS): SwiftInput {
  return {
    manifest: { ...manifestOf(texts), files: [] },
    packageFolder: "nowhere",
    tokenizer: { bytes: new TextEncoder().encode("PPNT"), selfTest: [] },
    bindings: { engine: "CoreMLModel", options: "CoreMLOptions", requires: "CoreML", bindings: "coreml" },
    minimumSystem: { iOS: 18, macOS: 15 },
  };
}

/** An input of a package whose files are made here. */
export function inputOf(texts: ModelTexts = HARMLESS, selfTest: readonly SelfTestRow[] = []): SwiftInput {
  const manifest = manifestOf(texts);
  const packageFolder = tempFolder();
  for (const [path, text] of Object.entries(PACKAGE_FILES)) {
    const full = join(packageFolder, manifest.packages[0]!, path);
    mkdirSync(dirname(full), { recursive: true });
    writeFileSync(full, text);
  }
  const input = listlessInput(texts);
  return { ...input, manifest, packageFolder, tokenizer: { ...input.tokenizer, selfTest } };
}

/** What is in the package, in place of a model. */
export const PACKAGE_FILES = {
  "Manifest.json": "{}\n",
  "Data/com.apple.CoreML/model.mlmodel": "model",
  "Data/com.apple.CoreML/weights/weight.bin": "weights",
};
