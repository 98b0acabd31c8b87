import { describe, expect, test } from "vitest";
import { createTokenizer } from "../src/tokenizer.ts";
import { goldenCase, goldenCases } from "./golden.ts";

describe.each(goldenCases)(
  "$name answers as the reference does",
  ({ tokenizerJson, tokenizerConfig, expected }) => {
    const tokenizer = createTokenizer({ tokenizerJson, tokenizerConfig });

    test.each(expected.texts)("encode $text", ({ text, ids, idsSpecial }) => {
      expect(tokenizer.encode(text, { addSpecialTokens: false })).toEqual(ids);
      expect(tokenizer.encode(text)).toEqual(idsSpecial);
    });

    test.each(expected.texts)("decode $ids", ({ ids, idsSpecial, decoded, decodedSkip }) => {
      expect(tokenizer.decode(ids)).toBe(decoded);
      expect(tokenizer.decode(idsSpecial, { skipSpecialTokens: true })).toBe(decodedSkip);
    });

    test.each(expected.brokenIds)("decode $ids, which spell no text", ({ ids, decoded }) => {
      expect(tokenizer.decode(ids)).toBe(decoded);
    });
  },
);

describe("createTokenizer", () => {
  const { tokenizerJson, tokenizerConfig } = goldenCase("llama3");

  test("the special tokens come from the config, as text or as objects", () => {
    const tokenizer = createTokenizer({ tokenizerJson, tokenizerConfig });
    expect(tokenizer).toMatchObject({ bosToken: "<|begin|>", eosToken: "<|end|>", vocabSize: 400 });
    expect(tokenizer.idOf("<|eot|>")).toBe(2);
    expect(tokenizer.idOf("no such token")).toBeUndefined();
  });

  test("special_tokens_map.json serves when the config names none", () => {
    const tokenizer = createTokenizer({ tokenizerJson, specialTokensMap: { eos_token: "<|eot|>" } });
    expect(tokenizer.eosToken).toBe("<|eot|>");
    expect(tokenizer.bosToken).toBeUndefined();
  });

  test.each([
    ["normalizer", "Stranger", "normalizer"],
    ["pre_tokenizer", "Stranger", "pre-tokenizer"],
    ["post_processor", "Stranger", "post-processor"],
    ["decoder", "Stranger", "decoder"],
  ])("an unsupported %s is named", (key, type, stage) => {
    const broken = { ...tokenizerJson, [key]: { type } };
    expect(() => createTokenizer({ tokenizerJson: broken })).toThrow(
      expect.objectContaining({ code: "TOKENIZER_UNSUPPORTED_COMPONENT", details: { stage, type } }),
    );
  });

  test("a file without a vocabulary is reported with the key", () => {
    expect(() => createTokenizer({ tokenizerJson: { model: {} } })).toThrow(
      expect.objectContaining({
        code: "TOKENIZER_BROKEN_FILE",
        message: "tokenizer.json cannot be used: model.vocab: no vocabulary",
      }),
    );
  });
});
