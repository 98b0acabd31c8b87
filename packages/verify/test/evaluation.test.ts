import { expect, test } from "vitest";
import { EVALUATION_PROMPTS } from "../src/evaluation-prompts.ts";
import { EVALUATION_TEXT } from "../src/evaluation-text.ts";

test("the text is long enough for 28 windows of 64 tokens, even where each word is one", () => {
  const words = EVALUATION_TEXT.split(/\s+/).length;
  expect(words).toBeGreaterThan(28 * 64);
});

test("no prompt is twice in the set, and none is part of the text", () => {
  expect(new Set(EVALUATION_PROMPTS).size).toBe(24);
  for (const prompt of EVALUATION_PROMPTS) expect(EVALUATION_TEXT).not.toContain(prompt);
});
