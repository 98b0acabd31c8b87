import { expect, test } from "vitest";
import { bindingsFile } from "../src/bindings.ts";
import { HARMLESS, manifestOf } from "./support/input.ts";
import { errorsIn, parseSwift } from "./support/swift-grammar.ts";

const FACTS = {
  name: "Pip",
  manifest: manifestOf(HARMLESS),
  minimumSystem: { iOS: 18, macOS: 15 },
  embedded: true,
  identity: "Pip-1",
};

/** Signatures of the public members and types, without what is between their braces. */
function signatures(text: string): string[] {
  return [...text.matchAll(/^ *(public [^{=]*?)(?: ?[{=]|$)/gm)].map(([, signature]) => signature!.trim());
}

test("a stateful model has the classes that Xcode makes, for each function", () => {
  const text = bindingsFile(FACTS)!;
  expect(errorsIn(parseSwift(text))).toEqual([]);
  expect(signatures(text)).toEqual(
    expect.arrayContaining([
      "public typealias PipState",
      "public final class PipInput: MLFeatureProvider",
      "public init(input_ids: MLMultiArray, position: MLMultiArray)",
      "public final class PipOutput: MLFeatureProvider",
      "public let logits: MLMultiArray",
      "public final class Pip: @unchecked Sendable",
      "public func makeState() -> PipState",
      "public final class PipPrefillInput: MLFeatureProvider",
      "public final class PipPrefill: @unchecked Sendable",
    ]),
  );
  expect(text).toContain('own.functionName = "prefill"');
  expect(text).toContain("@available(iOS 18, macOS 15, *)\n  public final class Pip:");
  expect(text).toContain("/// The next token id. `[1, 1]` Int32.");
});

test("a stateless model is asked without a state, and on older systems", () => {
  const functions = [{ ...FACTS.manifest.functions[0]!, name: "main", tokens: { min: 1, max: 512 } }];
  const manifest = { ...FACTS.manifest, states: [], functions, defaultFunction: "main" };
  const text = bindingsFile({ ...FACTS, manifest, minimumSystem: { iOS: 17, macOS: 14 } })!;
  expect(errorsIn(parseSwift(text))).toEqual([]);
  expect(text).not.toMatch(/State|functionName/);
  // MLShapedArray<Float16> is the one thing that macOS 14 lacks.
  expect(text.match(/@available.*\n.*/g)).toEqual([
    "@available(iOS 17, macOS 15, *)\n    extension PipOutput {",
  ]);
  expect(text).toContain("model.prediction(from: input, options: options)");
});

test("a model that is not in the bundle is opened by its place only", () => {
  const text = bindingsFile({ ...FACTS, embedded: false })!;
  expect(errorsIn(parseSwift(text))).toEqual([]);
  expect(text).not.toMatch(/Bundle|notCompiled|init\(configuration/);
  expect(text).toContain("public convenience init(contentsOf url: URL");
});

test("features that Swift or the class itself would misread get other names, and keep their own in the model", () => {
  const features: [string, string, string, string] = ["in", "using", "featureNames", "self"];
  const text = bindingsFile({ ...FACTS, manifest: manifestOf({ ...HARMLESS, features }) })!;
  expect(errorsIn(parseSwift(text))).toEqual([]);
  expect(text).toContain("public init(`in`: MLMultiArray, using: MLMultiArray)");
  expect(text).toContain('case "featureNames": MLFeatureValue(multiArray: featureNames_)');
  expect(text).toContain(
    "public func prediction(`in`: MLMultiArray, using_: MLMultiArray, using state: PipState)",
  );
});

test("functions that would be called as something else get other names", () => {
  const text = bindingsFile({
    ...FACTS,
    manifest: manifestOf({ ...HARMLESS, functions: ["main", "input"] }),
  })!;
  expect(errorsIn(parseSwift(text))).toEqual([]);
  expect(text).toContain("public final class PipInput_: @unchecked Sendable");
});
