import { describe, expect, test } from "vitest";
import { createChatTemplate, findChatTemplate } from "../src/chat-template.ts";
import { specialTokensOf } from "../src/tokenizer-json.ts";
import { goldenCases } from "./golden.ts";

const USER = [{ role: "user", content: "Hi" }];

describe.each(goldenCases)("$name renders as transformers does", ({ tokenizerConfig, expected }) => {
  const specialTokens = specialTokensOf(tokenizerConfig);
  const template = createChatTemplate({ template: tokenizerConfig.chat_template, specialTokens });

  test.each(expected.chats)("$text", ({ messages, tools, extra, add_generation_prompt, text }) => {
    const options = {
      addGenerationPrompt: add_generation_prompt,
      now: new Date("2025-02-03T04:05:06"),
      ...(tools && { tools }),
      ...(extra && { extra }),
    };
    if (text === null) {
      expect(() => template.render(messages, options)).toThrow(
        expect.objectContaining({ code: "TOKENIZER_TEMPLATE_REFUSED" }),
      );
    } else {
      expect(template.render(messages, options)).toBe(text);
    }
  });
});

describe("findChatTemplate", () => {
  test("chat_template.jinja wins over the config", () => {
    expect(findChatTemplate({ jinjaFile: "a", tokenizerConfig: { chat_template: "b" } })).toBe("a");
  });

  test("a list of named templates becomes a table", () => {
    const chat_template = [
      { name: "default", template: "d" },
      { name: "tool_use", template: "t" },
    ];
    expect(findChatTemplate({ tokenizerConfig: { chat_template } })).toEqual({ default: "d", tool_use: "t" });
  });

  test.each([[undefined], [{}], [{ chat_template: null }]])("a config of %j has none", (tokenizerConfig) => {
    expect(findChatTemplate({ tokenizerConfig })).toBeUndefined();
  });
});

describe("createChatTemplate", () => {
  test("tools select the template tool_use", () => {
    const chat = createChatTemplate({ template: { default: "plain", tool_use: "tools" } });
    expect(chat.render(USER)).toBe("plain");
    expect(chat.render(USER, { tools: [] })).toBe("tools");
    expect(chat.source).toBe("plain");
  });

  test("a missing token prints nothing and is not defined", () => {
    const chat = createChatTemplate({
      template: "[{{ bos_token }}{{ bos_token is defined }}{{ eos_token }}]",
      eosToken: "E",
    });
    expect(chat.render(USER)).toBe("[FalseE]");
  });

  test("range counts as Python does", () => {
    const template =
      "{% for i in range(3) %}{{ i }}{% endfor %}|{% for i in range(5, 0, -2) %}{{ i }}{% endfor %}";
    expect(createChatTemplate({ template }).render([])).toBe("012|531");
  });

  test("the template's reason reaches the user", () => {
    const chat = createChatTemplate({ template: "{{ raise_exception('no system role') }}" });
    expect(() => chat.render(USER)).toThrow(
      "the model's chat template refuses this conversation: no system role",
    );
  });

  test.each([
    ["a syntax error", "{% if %}"],
    ["an unknown filter", "{{ messages | shuffle }}"],
    ["an unknown function", "{{ cycler(1) }}"],
  ])("%s is reported when the template is used", (_, template) => {
    const chat = createChatTemplate({ template });
    expect(() => chat.render(USER)).toThrow(expect.objectContaining({ code: "TOKENIZER_TEMPLATE_BROKEN" }));
  });

  test("templates without a default are reported by name", () => {
    const chat = createChatTemplate({ template: { rag: "r" } });
    expect(() => chat.render(USER)).toThrow("none of the templates rag is called default");
  });

  test.each([
    [{ reasoning: "r" }, "r r"],
    [{ thinking: "t", reasoning_content: null }, "t t"],
    [{ thinking: "t", reasoning_content: "c" }, "c t"],
    [{}, " "],
  ])("reasoning has all its names: %j", (fields, text) => {
    const template = "{% for m in messages %}{{ m.reasoning_content }} {{ m.thinking }}{% endfor %}";
    expect(createChatTemplate({ template }).render([{ role: "assistant", content: "x", ...fields }])).toBe(
      text,
    );
  });
});
