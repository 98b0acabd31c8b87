import { describe, expect, test } from "vitest";
import { tokenizerFromGguf } from "../../src/gguf/gguf.ts";
import { createTokenizer } from "../../src/tokenizer.ts";
import { goldenCase, goldenCases } from "../golden.ts";

describe.each(goldenCases)("the GGUF form of $name answers as the reference does", ({ gguf, expected }) => {
  const tokenizer = createTokenizer(tokenizerFromGguf(gguf));

  test.each(expected.texts)("$text", ({ text, ids, idsSpecial, decoded }) => {
    expect(tokenizer.encode(text, { addSpecialTokens: false })).toEqual(ids);
    expect(tokenizer.encode(text)).toEqual(idsSpecial);
    expect(tokenizer.decode(ids)).toBe(decoded);
  });
});

const smollm = goldenCase("smollm").gguf;
const spm = goldenCase("sentencepiece").gguf;
const changed = (metadata: ReadonlyMap<string, unknown>, key: string, value: unknown): Map<string, unknown> =>
  new Map(metadata).set(key, value);

describe("tokenizerFromGguf", () => {
  test("special tokens and the template go to the config, ends to the generation config", () => {
    const files = tokenizerFromGguf(changed(smollm, "tokenizer.ggml.eot_token_id", 0n));
    expect(files.tokenizerConfig).toMatchObject({
      eos_token: "<|im_end|>",
      chat_template: expect.any(String),
    });
    expect(files.generationConfig).toEqual({ bos_token_id: 1, eos_token_id: [0, 2] });
  });

  test("add_bos_token and add_eos_token surround a text", () => {
    const both = changed(
      changed(smollm, "tokenizer.ggml.add_bos_token", true),
      "tokenizer.ggml.add_eos_token",
      true,
    );
    expect(createTokenizer(tokenizerFromGguf(both)).encode("")).toEqual([1, 2]);
  });

  test("without add_space_prefix no space is added or removed", () => {
    const files = tokenizerFromGguf(changed(spm, "tokenizer.ggml.add_space_prefix", false));
    const tokenizer = createTokenizer(files);
    expect(tokenizer.decode(tokenizer.encode("the", { addSpecialTokens: false }))).toBe("the");
    expect(tokenizer.encode("the")).not.toEqual(createTokenizer(tokenizerFromGguf(spm)).encode("the"));
  });

  test("typed arrays serve as number lists", () => {
    const types = Int32Array.from(spm.get("tokenizer.ggml.token_type") as number[]);
    const files = tokenizerFromGguf(changed(spm, "tokenizer.ggml.token_type", types));
    expect(files).toEqual(tokenizerFromGguf(spm));
  });

  test("Gemma's merges follow the order of its tokens, and runs of spaces are respelled", () => {
    const gemma = new Map<string, unknown>([
      ["general.architecture", "gemma2"],
      ["tokenizer.ggml.model", "llama"],
      ["tokenizer.ggml.tokens", ["a", "b", "▁", "c", "  ", "bc", "ab"]],
      ["tokenizer.ggml.token_type", [1, 1, 1, 1, 4, 1, 1]],
      ["tokenizer.ggml.add_space_prefix", false],
    ]);
    const tokenizer = createTokenizer(tokenizerFromGguf(gemma));
    expect(tokenizer.encode("abc  ")).toEqual([0, 5, 4]);
  });

  test("named chat templates become a list", () => {
    const named = changed(smollm, "tokenizer.chat_templates", ["rag"]).set(
      "tokenizer.chat_template.rag",
      "R",
    );
    expect(tokenizerFromGguf(named).tokenizerConfig).toMatchObject({
      chat_template: [{ name: "default" }, { name: "rag", template: "R" }],
    });
  });

  test.each([
    ["tokenizer.ggml.model", "bert"],
    ["tokenizer.ggml.pre", "falcon"],
    ["tokenizer.ggml.pre", "constructor"],
  ])("%s %s is named in the error", (key, value) => {
    expect(() => tokenizerFromGguf(changed(smollm, key, value))).toThrow(
      expect.objectContaining({
        code: "TOKENIZER_UNSUPPORTED_COMPONENT",
        message: expect.stringContaining(value),
      }),
    );
  });

  test.each([
    ["the model", smollm, "tokenizer.ggml.model", undefined],
    ["the tokens", smollm, "tokenizer.ggml.tokens", undefined],
    ["tokens that are no strings", smollm, "tokenizer.ggml.tokens", [1]],
    ["the merges", smollm, "tokenizer.ggml.merges", undefined],
    ["a merge of three", smollm, "tokenizer.ggml.merges", ["a b c"]],
    ["an id past the tokens", smollm, "tokenizer.ggml.eos_token_id", 400],
    ["too few token types", smollm, "tokenizer.ggml.token_type", [1]],
    ["the scores", spm, "tokenizer.ggml.scores", undefined],
    ["too few scores", spm, "tokenizer.ggml.scores", [1]],
  ])("a file with a fault in %s is refused", (_, metadata, key, value) => {
    expect(() => tokenizerFromGguf(changed(metadata, key, value))).toThrow(
      expect.objectContaining({ code: "TOKENIZER_GGUF_BROKEN" }),
    );
  });
});
