import fc from "fast-check";
import { expect, test } from "vitest";
import { cleanText, MAX_SHOWN, tellingLine } from "../src/tool-text.ts";

test("escape sequences, control characters and turned directions do not pass", () => {
  expect(cleanText("\u001b[31mred\u001b[0m \u001b]0;title\u0007a\r\nb\u0000c\u202ed\u200b")).toBe(
    "red a b c d",
  );
});

test("whatever comes in, what goes out is one short plain line", () => {
  fc.assert(
    fc.property(fc.string({ unit: "binary", maxLength: 6000 }), (text) => {
      const clean = cleanText(text);
      expect(clean.length).toBeLessThanOrEqual(MAX_SHOWN);
      expect(clean).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}]/u);
    }),
  );
});

test.each([
  [
    "a traceback by its last line",
    "Traceback (most recent call last):\n  File x\nOSError: gone\n",
    "OSError: gone",
  ],
  ["a page by the line with the error", "note: hello\nxcrun: error: no SDK\nmore", "xcrun: error: no SDK"],
  ["anything else by its first line", "\n\nusage: tool\nmore", "usage: tool"],
  ["nothing by nothing", " \n", ""],
])("what went wrong is told, %s", (_, text, line) => {
  expect(tellingLine(text)).toBe(line);
});
