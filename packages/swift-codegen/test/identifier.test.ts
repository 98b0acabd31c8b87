import { expect, test } from "vitest";
import { escaped, identifierOf, modelName, Names } from "../src/identifier.ts";

const RUNTIME = new Set(["CoreMLModel", "ModelFacts", "SamplerInput"]);

function derived(file: string): string {
  return modelName({ asked: undefined, file }, RUNTIME);
}

// The rule is Xcode's: what no identifier holds becomes an underscore.
test.each([
  ["Qwen2.5-1.5B.mlpackage", "Qwen2_5_1_5B"],
  ["pip-chat.mlpackage", "pip_chat"],
  ["7B chat.mlpackage", "_7B_chat"],
  ["Größe.mlpackage", "Gr__e"],
  ["…", "LanguageModelPackage"],
  ["", "LanguageModelPackage"],
])("a model called %j is the class %s", (file, name) => {
  expect(derived(file)).toBe(name);
});

test("a derived name that exists already gets an ending", () => {
  expect(derived("String.mlpackage")).toBe("String_Model");
  expect(derived("CoreMLModel.mlpackage")).toBe("CoreMLModel_Model");
  expect(derived("Sampler.mlpackage")).toBe("Sampler_Model");
  expect(derived("class.mlpackage")).toBe("class_Model");
});

test.each([
  ["1B", "is not a Swift identifier"],
  ["Qwen 2", "is not a Swift identifier"],
  ["", "is not a Swift identifier"],
  ["__", "is not a Swift identifier"],
  ["A".repeat(65), "is longer than 64 letters"],
  ["UI", "would declare UIKit, which exists already"],
  ["Map", "would declare MapKit, which exists already"],
  ["Date", "would declare Date, which exists already"],
  ["UUID", "would declare UUID, which exists already"],
  ["Button", "would declare Button, which exists already"],
  ["class", "is a word of the Swift language"],
  ["ModelFacts", "would declare ModelFacts, which exists already"],
  ["Sampler", "would declare SamplerInput, which exists already"],
])("the name %j is refused: it %s", (asked, reason) => {
  expect(() => modelName({ asked, file: "x.mlpackage" }, RUNTIME)).toThrowError(
    expect.objectContaining({ code: "SWIFT_NAME_INVALID", message: expect.stringContaining(reason) }),
  );
});

test("a name that was asked for stays as it is", () => {
  expect(modelName({ asked: "Qwen15B", file: "x" }, RUNTIME)).toBe("Qwen15B");
});

test("words of the language are written between backticks", () => {
  expect(["in", "self", "input_ids", "Type"].map(escaped)).toEqual(["`in`", "`self`", "input_ids", "`Type`"]);
});

test("names are given out once each, whatever they come from", () => {
  const names = new Names(["featureNames"]);
  const taken = ["a b", "a-b", "a_b", "", "💥", "featureNames"].map((text) => names.take(text));
  expect(taken).toEqual(["a_b", "a_b_", "a_b__", "value", "value_", "featureNames_"]);
});

test("an identifier is never longer than a file name may be", () => {
  expect(identifierOf("é".repeat(500))).toHaveLength(64);
});
