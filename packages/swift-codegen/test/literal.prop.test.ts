import fc from "fast-check";
import { expect, test } from "vitest";
import { commentText, integerLiteral, stringLiteral } from "../src/literal.ts";
import { hostileText } from "./support/hostile.ts";
import { commentsIn, errorsIn, parseSwift, shapeOf, stringsIn } from "./support/swift-grammar.ts";

test("a string literal of any text is one literal of that text", () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      const root = parseSwift(`let a = ${stringLiteral(text)}\nlet b = 1\n`);
      expect(errorsIn(root)).toEqual([]);
      expect(stringsIn(root)).toEqual([text.toWellFormed()]);
      expect(shapeOf(root)).toEqual(shapeOf(parseSwift('let a = ""\nlet b = 1\n')));
    }),
    { numRuns: 1000 },
  );
});

test("a literal shows no character that hides or turns text around", () => {
  const hiding = "\u202e\u2066\u200b\u200f\ufeff\u0000\u0085\u2028\u{e0041}\u0301";
  expect(stringLiteral(hiding)).toBe(
    '"\\u{202E}\\u{2066}\\u{200B}\\u{200F}\\u{FEFF}\\u{0}\\u{85}\\u{2028}\\u{E0041}\\u{301}"',
  );
  expect(stringLiteral("Größe 中文 👍")).toBe('"Größe 中文 👍"');
  expect(stringLiteral('\\(a) "b" \n')).toBe('"\\\\(a) \\"b\\" \\n"');
});

test("half of a surrogate pair becomes the replacement character", () => {
  expect(stringLiteral("a\ud800b")).toBe('"a\ufffdb"');
});

test("any text in a comment stays in its line, and the next line is code", () => {
  fc.assert(
    fc.property(hostileText, (text) => {
      const root = parseSwift(`/// ${commentText(text)}.\nlet b = 1\n`);
      expect(errorsIn(root)).toEqual([]);
      expect(commentsIn(root)).toHaveLength(1);
      expect(shapeOf(root)).toEqual(shapeOf(parseSwift("let b = 1\n")));
    }),
    { numRuns: 1000 },
  );
});

test.each([
  [0, "0"],
  [2048, "2048"],
  [49_152, "49_152"],
  [1_543_714_304, "1_543_714_304"],
])("%i is written as %s", (value, literal) => {
  expect(integerLiteral(value)).toBe(literal);
});

test("what is no whole number is no literal", () => {
  expect(() => integerLiteral(Number.NaN)).toThrow(TypeError);
  expect(() => integerLiteral(2 ** 60)).toThrow(TypeError);
});
