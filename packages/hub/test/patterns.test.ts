import fc from "fast-check";
import { expect, test } from "vitest";
import { matchesAny, patternTest } from "../src/patterns.ts";

// Answers of Python's filter_repo_objects (huggingface_hub 2.4.0).
test.each([
  ["*.json", "config.json", true],
  ["*.json", "a/b.json", true],
  ["*.json", "config.JSON", false],
  ["original/", "original/a/b.pth", true],
  ["original/", "original", false],
  ["a\\*", "a/b", true],
  ["model-?????-of-*.safetensors", "model-00001-of-00002.safetensors", true],
  ["[ab]*", "b.txt", true],
  ["[!ab]*", "b.txt", false],
  ["[]]", "]", true],
  ["[!]]", "]", false],
  ["[", "[", true],
  ["[z-a]", "z", false],
  ["[a-]", "-", true],
  ["a.b", "axb", false],
  ["", "", true],
  ["*", "a\nb", true],
])("the pattern %j on %j: %s", (pattern, path, matches) => {
  expect(patternTest(pattern)(path)).toBe(matches);
});

test("any text is a pattern, and matches itself when it has no special character", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.string(), (pattern, path) => {
      patternTest(pattern)(path);
      const plain = pattern.replace(/[*?[\]\\/]/gu, "");
      expect(patternTest(plain)(plain)).toBe(true);
    }),
  );
});

test("no pattern matches nothing", () => {
  expect(matchesAny([], "a")).toBe(false);
  expect(matchesAny(["b", "a"], "a")).toBe(true);
});
