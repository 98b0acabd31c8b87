import { describe, expect, test } from "vitest";
import { createTokenizer, type Tokenizer } from "../src/tokenizer.ts";

/** A tokenizer of whole words with this decoder; expected texts in this file are those of the `tokenizers` library. */
function withDecoder(tokens: readonly string[], decoder: unknown): Tokenizer {
  const vocab = Object.fromEntries(tokens.map((token, id) => [token, id]));
  const model = { type: "WordLevel", vocab, unk_token: tokens[0] };
  return createTokenizer({ tokenizerJson: { model, decoder } });
}

const replace = { type: "Replace", pattern: { String: "▁" }, content: " " };
const strip = { type: "Strip", content: " ", start: 1, stop: 0 };
const sequence = (...decoders: object[]): object => ({ type: "Sequence", decoders });

describe("decoders", () => {
  const tokens = ["▁a", "▁b", "<0xE2>", "<0x82>", "<0xAC>", "c</w>", "##d", "<pad>", "|", "."];

  test.each([
    ["none: spaces between tokens", null, [0, 1], "▁a ▁b"],
    ["Gemma's", sequence(replace, { type: "ByteFallback" }, { type: "Fuse" }), [0, 2, 3, 4, 1], " a€ b"],
    [
      "Llama 2's",
      sequence(replace, { type: "ByteFallback" }, { type: "Fuse" }, strip),
      [0, 2, 3, 4, 1],
      "a€ b",
    ],
    ["Strip of each token", sequence(replace, strip), [0, 1], "ab"],
    ["bytes that are no character", sequence({ type: "ByteFallback" }, { type: "Fuse" }), [2, 3, 0], "��▁a"],
    ["Metaspace", { type: "Metaspace", replacement: "▁", prepend_scheme: "always" }, [0, 1], "a b"],
    ["Metaspace, never", { type: "Metaspace", replacement: "▁", prepend_scheme: "never" }, [0, 1], " a b"],
    ["BPEDecoder", { type: "BPEDecoder", suffix: "</w>" }, [5, 5], "c c"],
    ["WordPiece", { type: "WordPiece", prefix: "##", cleanup: true }, [5, 6, 9], "c</w>d."],
    [
      "CTC",
      { type: "CTC", pad_token: "<pad>", word_delimiter_token: "|", cleanup: true },
      [0, 0, 7, 0, 8, 1],
      "▁a▁a ▁b",
    ],
    ["Replace by a regex", { type: "Replace", pattern: { Regex: "[▁#]" }, content: "-" }, [0, 6], "-a--d"],
  ])("%s", (_, decoder, ids, text) => {
    const tokenizer = withDecoder(tokens, decoder);
    expect(tokenizer.decode(ids)).toBe(text);
    const stream = tokenizer.stream();
    expect(ids.map((id) => stream.push(id)).join("") + stream.flush()).toBe(text);
  });

  test("a decoder that nobody knows is named", () => {
    expect(() => withDecoder(tokens, sequence(replace, { type: "Stranger" }))).toThrow(
      expect.objectContaining({
        code: "TOKENIZER_UNSUPPORTED_COMPONENT",
        message: expect.stringContaining("Stranger"),
      }),
    );
  });
});
