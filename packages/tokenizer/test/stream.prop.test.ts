import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createTokenizer, type Tokenizer } from "../src/tokenizer.ts";
import { goldenCase, goldenCases } from "./golden.ts";

/** Any text but the two characters that mean something else here: SentencePiece's space and the mark of lost bytes. */
const anyText = fc.string({ unit: "grapheme" }).filter((text) => !/[▁\uFFFD]/.test(text));
const tokenizerOf = (name: string): Tokenizer => createTokenizer(goldenCase(name));
const ids = (tokenizer: Tokenizer) =>
  fc.array(fc.integer({ min: 0, max: tokenizer.vocabSize + 3 }), { maxLength: 40 });
const streamed = (tokenizer: Tokenizer, tokens: readonly number[], skipSpecialTokens: boolean): string[] => {
  const stream = tokenizer.stream({ skipSpecialTokens });
  return [...tokens.map((id) => stream.push(id)), stream.flush()];
};

describe.each(goldenCases)("$name", ({ name }) => {
  const tokenizer = tokenizerOf(name);

  test("any text comes back from its ids", () => {
    fc.assert(
      fc.property(anyText, (value) => {
        expect(tokenizer.decode(tokenizer.encode(value, { addSpecialTokens: false }))).toBe(value);
      }),
    );
  });

  test("the stream of a text's ids is the text, and no step is half a character", () => {
    fc.assert(
      fc.property(anyText, (value) => {
        const tokens = tokenizer.encode(value);
        const steps = streamed(tokenizer, tokens, true);
        expect(steps.join("")).toBe(tokenizer.decode(tokens, { skipSpecialTokens: true }));
        expect(steps.join("|")).not.toContain("\uFFFD");
      }),
    );
  });

  test("a stream is empty again after flush", () => {
    fc.assert(
      fc.property(ids(tokenizer), (tokens) => {
        const stream = tokenizer.stream();
        const run = () => tokens.map((id) => stream.push(id)).join("") + stream.flush();
        expect(run()).toBe(run());
      }),
    );
  });
});

describe.each(["smollm", "llama3"])("byte-level %s", (name) => {
  const tokenizer = tokenizerOf(name);

  test("the stream of any ids joins to their decoding", () => {
    fc.assert(
      fc.property(ids(tokenizer), fc.boolean(), (tokens, skipSpecialTokens) => {
        const text = tokenizer.decode(tokens, { skipSpecialTokens });
        expect(streamed(tokenizer, tokens, skipSpecialTokens).join("")).toBe(text);
      }),
    );
  });
});

describe("byte fallback", () => {
  const tokenizer = tokenizerOf("sentencepiece");
  const byte = (value: number): number => 3 + value;

  test("the stream of any ids joins to their decoding where that is valid text", () => {
    fc.assert(
      fc.property(ids(tokenizer), (tokens) => {
        const text = tokenizer.decode(tokens);
        fc.pre(!text.includes("\uFFFD"));
        expect(streamed(tokenizer, tokens, false).join("")).toBe(text);
      }),
    );
  });

  test("a character of three byte tokens appears with the third", () => {
    expect(streamed(tokenizer, [byte(0xe5), byte(0x86), byte(0x8d)], false)).toEqual(["", "", "再", ""]);
  });

  test("an unfinished run becomes one replacement character for each byte", () => {
    expect(streamed(tokenizer, [byte(0xe5), byte(0x86)], false)).toEqual(["", "", "\uFFFD\uFFFD"]);
  });
});
