import { isPippinError } from "@pippin/core";
import fc from "fast-check";
import { expect, test } from "vitest";
import { checkFileNames } from "../src/file-names.ts";

test("the names of a model pass", () => {
  const names = [
    "config.json",
    "a/b/c.safetensors",
    "README.md",
    ".gitattributes",
    "model v2 (1).gguf",
    "日本語.txt",
  ];
  expect(() => checkFileNames("a/b", names)).not.toThrow();
});

test.each([
  "../x",
  "a/../../x",
  "/etc/passwd",
  "\\\\host\\share",
  "a\\..\\b",
  "C:\\x",
  "C:x",
  "a:stream",
  "a\0b",
  "a\nb",
  "",
  ".",
  "./a",
  "a//b",
  "a/",
  "con",
  "NUL.txt",
  "a/Com1.json",
  "lpt³",
  "a.",
  "a ",
  ".git/hooks/post-checkout",
  ".GIT/config",
  ".cache/huggingface/download/config.json.metadata",
  "x".repeat(256),
  "what?",
])("the name %j is refused", (name) => {
  expect(() => checkFileNames("a/b", ["config.json", name])).toThrow(
    expect.objectContaining({ code: "HUB_PATH_UNSAFE" }),
  );
});

test.each([
  [["README.md", "readme.md"]],
  [["a/x", "A/y"]],
  [["a", "a/b"]],
  [["A", "a/b"]],
  [["e\u0301.txt", "\u00e9.txt"]],
])("the names %j do not fit one folder on every system", (names) => {
  expect(() => checkFileNames("a/b", names)).toThrow(expect.objectContaining({ code: "HUB_PATH_UNSAFE" }));
});

test("any list of names passes or is refused", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: "binary" })), (names) => {
      try {
        checkFileNames("a/b", names);
      } catch (error) {
        expect(isPippinError(error)).toBe(true);
      }
    }),
  );
});
