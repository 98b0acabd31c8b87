import { expect, test } from "vitest";
import { chatFacts } from "../src/chat-facts.ts";
import { createChatTemplate } from "../src/chat-template.ts";
import { stopTokenIds } from "../src/stop-tokens.ts";
import { createTokenizer } from "../src/tokenizer.ts";
import { specialTokensOf } from "../src/tokenizer-json.ts";
import { goldenCases } from "./golden.ts";

/** The tokens that tokenizer.json lists, as tokenizer_config.json lists them too. */
function listed(golden: (typeof goldenCases)[number]): object {
  const { addedTokens } = createTokenizer(golden);
  const entries = addedTokens.map(({ id, content, special }) => [String(id), { content, special }]);
  return { ...golden.tokenizerConfig, added_tokens_decoder: Object.fromEntries(entries) };
}

test.each(goldenCases)("$name has the same template and stop tokens without its tokenizer.json", (golden) => {
  const tokenizer = createTokenizer(golden);
  const template = golden.tokenizerConfig.chat_template;
  const specialTokens = specialTokensOf(golden.tokenizerConfig);
  const chatTemplate = createChatTemplate({ template, specialTokens });
  const generationConfig = { eos_token_id: [1] };

  const facts = chatFacts({ tokenizerConfig: listed(golden), generationConfig });

  expect(facts.stopTokens).toEqual(stopTokenIds({ tokenizer, chatTemplate, generationConfig }));
  expect(facts.chatTemplate?.source).toBe(chatTemplate.source);
});

test("without a list of added tokens the configs' ids are known", () => {
  const facts = chatFacts({ tokenizerConfig: { eos_token: "</s>" }, config: { eos_token_id: 2 } });

  expect(facts).toEqual({ stopTokens: [2] });
});

test.each([
  ["null", null],
  ["a list that is none", { added_tokens_decoder: { one: 1 } }],
])("a tokenizer_config.json with %s tells nothing", (_, tokenizerConfig) => {
  expect(chatFacts({ tokenizerConfig })).toEqual({ stopTokens: [] });
});
