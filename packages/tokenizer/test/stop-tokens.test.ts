import { describe, expect, test } from "vitest";
import { createChatTemplate } from "../src/chat-template.ts";
import { stopTokenIds } from "../src/stop-tokens.ts";
import { createTokenizer } from "../src/tokenizer.ts";
import { specialTokensOf } from "../src/tokenizer-json.ts";
import { goldenCase, goldenCases } from "./golden.ts";

test.each(goldenCases)("$name stops at its eos and at its template's end of turn", (golden) => {
  const template = golden.tokenizerConfig.chat_template;
  const chatTemplate = createChatTemplate({
    template,
    specialTokens: specialTokensOf(golden.tokenizerConfig),
  });
  const stops = stopTokenIds({ tokenizer: createTokenizer(golden), chatTemplate });
  expect(stops).toEqual(golden.expected.stopTokens);
});

describe("stopTokenIds", () => {
  const tokenizer = createTokenizer({ tokenizerJson: goldenCase("llama3").tokenizerJson });

  test("ids of both configs are joined, sorted and unique", () => {
    const stops = stopTokenIds({
      tokenizer,
      config: { eos_token_id: 9 },
      generationConfig: { eos_token_id: [9, 4] },
    });
    expect(stops).toEqual([4, 9]);
  });

  test.each([
    ["refuses every conversation", "{{ raise_exception('no') }}"],
    ["does not print answers", "{{ messages | length }}<|eot|>"],
    ["ends answers without a control token", "{% for m in messages %}{{ m.content }} END{% endfor %}<|eot|>"],
  ])("a template that %s adds none", (_, template) => {
    expect(stopTokenIds({ tokenizer, chatTemplate: createChatTemplate({ template }) })).toEqual([]);
  });

  test("an eos_token_id that is no id is reported with its file", () => {
    expect(() => stopTokenIds({ tokenizer, config: { eos_token_id: "two" } })).toThrow(
      expect.objectContaining({
        code: "TOKENIZER_BROKEN_FILE",
        message: expect.stringContaining("config.json cannot be used: eos_token_id"),
      }),
    );
  });
});
