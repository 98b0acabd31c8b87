import { expect, test } from "vitest";
import { isRevision, parseModelId, parseRepoId } from "../src/model-id.ts";

test.each([
  ["Qwen/Qwen2.5-0.5B-Instruct", { repo: "Qwen/Qwen2.5-0.5B-Instruct" }],
  ["a/b@main", { repo: "a/b", revision: "main" }],
  ["a/b@refs/pr/1", { repo: "a/b", revision: "refs/pr/1" }],
  [
    "a/b@0123456789abcdef0123456789abcdef01234567",
    { repo: "a/b", revision: "0123456789abcdef0123456789abcdef01234567" },
  ],
  ["a/b@feature/x+1", { repo: "a/b", revision: "feature/x+1" }],
])("%s is a model id", (text, id) => {
  expect(parseModelId(text)).toEqual(id);
});

test.each([
  "",
  "gpt2",
  "a/b/c",
  "../x",
  "./x",
  "/a/b",
  "a/",
  "~/models",
  "a/..",
  "-a/b",
  "a/b.",
  "a--b/c",
  "a/b.git",
  "a/b c",
  "a/b@",
  "a/b@..",
  "a/b@../x",
  "a/b@x//y",
  "a/b@/x",
  "a/b@x.lock",
  "a/b@-x",
  "a/b@x@y",
  "a\\b",
  "C:/models",
  "https://huggingface.co/a/b",
  `a/${"b".repeat(97)}`,
  "ä/b",
])("%j is not a model id", (text) => {
  expect(parseModelId(text)).toBeUndefined();
});

test("a revision becomes a path below refs, so parts that hide or leave it are none", () => {
  expect(["main", "v1.0", "refs/pr/12", "a_b-c"].every(isRevision)).toBe(true);
  expect(["..", ".hidden", "a/.hidden", "a\\b", "a:b", "a\0b", "", "a/"].some(isRevision)).toBe(false);
});

test.each([
  ["gpt2", { repo: "gpt2" }],
  ["gpt2@main", { repo: "gpt2", revision: "main" }],
  ["a/b@v1", { repo: "a/b", revision: "v1" }],
  ["..", undefined],
  ["a/b/c", undefined],
])("%s, where no folder is meant, is %j", (text, id) => {
  expect(parseRepoId(text)).toEqual(id);
});
