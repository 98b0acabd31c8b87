/**
 * Writes the Swift package of a converted model whose manifest says hostile things in all places that hold text: what a Swift compiler
 * makes of it is judged by test_swift_package.py.
 *
 *     node tools/oracles/swift-package.ts CONVERTED OUT
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { RuntimeManifest } from "@pippin/core";
import { generateSwiftPackage, SwiftOptions } from "@pippin/swift-codegen";
import { exportTokenizer } from "@pippin/tokenizer";
import { loadTokenizer } from "@pippin/tokenizer/node";

/** Ends strings, comments, lines and blocks; turns the direction of writing; begins interpolations and escapes. */
const ATTACK =
  '"""\\(fatalError("no"))\\u{41}"#*/ }\n#endif\nimport NoSuchModule\r// \u2028\u202e\u2066\u0000\u0085`[x](y) <b> e\u0301 👩‍🚀';

const [converted, out] = process.argv.slice(2);
if (converted === undefined || out === undefined) throw new Error("usage: swift-package.ts CONVERTED OUT");

const honest = RuntimeManifest.parse(
  JSON.parse(readFileSync(join(converted, "pippin-manifest.json"), "utf8")),
);
let count = 0;
/** Another hostile text each time; some become the same identifier, and words of the language are among them. */
const hostile = (name: string): string => {
  count++;
  return count % 3 === 0 ? ["in", "self", "using", "init"][count % 4]! : `${name}${ATTACK}${count}`;
};
const features = new Map<string, string>();
const renamed = (name: string): string => {
  if (!features.has(name)) features.set(name, hostile(name));
  return features.get(name)!;
};

const functions = honest.functions.map((fn) => ({
  ...fn,
  name: renamed(fn.name),
  inputs: fn.inputs.map((feature) => ({ ...feature, name: renamed(feature.name) })),
  outputs: fn.outputs.map((feature) => ({ ...feature, name: renamed(feature.name) })),
}));
const manifest: RuntimeManifest = {
  ...honest,
  backend: ATTACK,
  quantization: ATTACK,
  model: { ...honest.model, source: ATTACK, revision: ATTACK, license: ATTACK, family: ATTACK },
  functions,
  defaultFunction: renamed(honest.defaultFunction),
  states: honest.states.map((state) => ({ ...state, name: renamed(state.name) })),
};

const { source } = await loadTokenizer(converted);
const input = {
  manifest,
  packageFolder: converted,
  tokenizer: exportTokenizer(source),
  bindings: {
    engine: "CoreMLModel",
    options: "CoreMLOptions",
    requires: "CoreML",
    bindings: "coreml" as const,
  },
  minimumSystem: { iOS: 18, macOS: 15 },
};
await generateSwiftPackage(input, { ...SwiftOptions.parse({ name: "Hostile" }), out, force: true });
