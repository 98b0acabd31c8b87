import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { createTokenizer } from "../src/tokenizer.ts";
import { goldenCase, goldenCases } from "./golden.ts";

describe("encodeWithOffsets", () => {
  test("says what part of the text each id stands for", () => {
    const tokenizer = createTokenizer(goldenCase("sentencepiece"));
    const text = "The model, größer";
    const parts = tokenizer.encodeWithOffsets(text).map(({ start, end }) => text.slice(start, end));
    expect(parts[0]).toBe("");
    expect(parts.join("")).toBe(text);
  });

  test("tokens of parts of a character have it whole, surrogates too", () => {
    const tokenizer = createTokenizer(goldenCase("llama3"));
    const tokens = tokenizer.encodeWithOffsets("a👩b", { addSpecialTokens: false });
    expect(tokens.map(({ start, end }) => [start, end])).toEqual([[0, 1], ...Array(4).fill([1, 3]), [3, 4]]);
  });

  test("what a normalizer puts together comes from the first of its parts, as in the reference", () => {
    const model = { type: "BPE", vocab: { é: 0, a: 1, f: 2, i: 3 }, merges: [] };
    const tokenizerJson = { model, normalizer: { type: "NFKC" } };
    const tokens = createTokenizer({ tokenizerJson }).encodeWithOffsets("ae\u0301ﬁ");
    expect(tokens).toEqual([
      { id: 1, start: 0, end: 1 },
      { id: 0, start: 1, end: 2 },
      { id: 2, start: 3, end: 4 },
      { id: 3, start: 3, end: 4 },
    ]);
  });

  test("white space is taken off where the file says so, but for the space that was put there", () => {
    const model = { type: "BPE", vocab: { Ġ: 0, a: 1 }, merges: [] };
    const part = { type: "ByteLevel", add_prefix_space: true, trim_offsets: true, use_regex: false };
    const tokenizer = createTokenizer({
      tokenizerJson: { model, pre_tokenizer: part, post_processor: part },
    });
    const places = tokenizer.encodeWithOffsets("a a").map(({ id, start, end }) => [id, start, end]);
    expect(places).toEqual([
      [0, 0, 0],
      [1, 0, 1],
      [0, 2, 2],
      [1, 2, 3],
    ]);
  });

  test.each(goldenCases)("$name: the ids are those of encode, before and after", (golden) => {
    const tokenizer = createTokenizer(golden);
    fc.assert(
      fc.property(fc.string({ unit: "binary", maxLength: 40 }), (text) => {
        const ids = tokenizer.encode(text);
        const tokens = tokenizer.encodeWithOffsets(text);
        expect(tokens.map(({ id }) => id)).toEqual(ids);
        expect(tokenizer.encode(text)).toEqual(ids);
        for (const { start, end } of tokens)
          expect(0 <= start && start <= end && end <= text.length).toBe(true);
      }),
      { numRuns: 200 },
    );
  });
});

test("encodeBatch gives the ids of all texts in one array", () => {
  const tokenizer = createTokenizer(goldenCase("smollm"));
  const texts = ["Hello", "", "the model answers"];
  const { ids, starts } = tokenizer.encodeBatch(texts);
  expect(texts.map((_, i) => Array.from(ids.subarray(starts[i], starts[i + 1])))).toEqual(
    texts.map((text) => tokenizer.encode(text)),
  );
});
