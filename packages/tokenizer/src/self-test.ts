import { isPippinError } from "@pippin/core";
import type { ChatMessage, RenderOptions } from "./chat-template.ts";
import type { OpenedTokenizer } from "./run/open.ts";

/** One question to a tokenizer and its answer. */
export type SelfTestRow =
  | {
      readonly ask: "encode";
      readonly text: string;
      readonly addSpecialTokens: boolean;
      readonly ids: readonly number[];
    }
  | {
      readonly ask: "decode";
      readonly ids: readonly number[];
      readonly skipSpecialTokens: boolean;
      readonly text: string;
    }
  | {
      readonly ask: "render";
      readonly messages: readonly ChatMessage[];
      readonly tools?: readonly unknown[];
      readonly add_generation_prompt: boolean;
      /** Local time. */
      readonly now: string;
      /** Absent where the template refuses the conversation. */
      readonly text?: string;
    };

const TEXTS: readonly string[] = [
  "",
  "Hello, world! It's 12:34, isn't it?",
  "  two spaces\tand a tab\r\n\r\n",
  "Straße, déjà vu, naïve, Ångström, ﬁ, e\u0301",
  "你好，世界。 日本語もカタカナも。 한국어 문장",
  "Привет, мир! Ελληνικά. שלום عالم नमस्ते ไทย",
  "👩‍🚀🏳️‍🌈👍🏽 1️⃣ ☺️",
  "def f(x):\n    return x ** 2  # 3.14159\n",
  "1234567890 ½ ² Ⅳ",
  "\u0000\u0007\u200b\ufeff\u00a0\u3000",
  "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
];

const TOOL = {
  type: "function",
  function: {
    name: "weather",
    description: "Looks up the weather.",
    parameters: { type: "object", properties: { city: { type: "string" } }, required: ["city"] },
  },
};

const NOW = "2025-02-03T04:05:06";

const CHATS: readonly { messages: readonly ChatMessage[]; tools?: readonly unknown[] }[] = [
  { messages: [{ role: "user", content: "Hello" }] },
  {
    messages: [
      { role: "system", content: "Be kind." },
      { role: "user", content: " Bonjour " },
      { role: "assistant", content: "Salut !" },
      { role: "user", content: "你好" },
    ],
  },
  { messages: [{ role: "user", content: "Weather in Oslo?" }], tools: [TOOL] },
];

/** Questions that show most mistakes of a runtime, with this tokenizer's answers. */
export function selfTestRows(tokenizer: OpenedTokenizer): SelfTestRow[] {
  const special = tokenizer.addedTokens.slice(0, 8).map(({ content }) => `a${content}b ${content}`);
  const texts = [...TEXTS, ...special];
  const rows: SelfTestRow[] = [];
  for (const text of texts) {
    for (const addSpecialTokens of [false, true]) {
      rows.push({ ask: "encode", text, addSpecialTokens, ids: tokenizer.encode(text, { addSpecialTokens }) });
    }
  }
  for (const text of texts) {
    const ids = tokenizer.encode(text);
    for (const skipSpecialTokens of [false, true]) {
      rows.push({
        ask: "decode",
        ids,
        skipSpecialTokens,
        text: tokenizer.decode(ids, { skipSpecialTokens }),
      });
    }
  }
  if (tokenizer.chatTemplate === undefined) return rows;
  for (const chat of CHATS) {
    for (const add of [false, true]) rows.push(renderRow(tokenizer, chat, add));
  }
  return rows;
}

function renderRow(
  tokenizer: OpenedTokenizer,
  chat: (typeof CHATS)[number],
  addGenerationPrompt: boolean,
): SelfTestRow {
  const row = { ask: "render" as const, ...chat, add_generation_prompt: addGenerationPrompt, now: NOW };
  const options: RenderOptions = {
    ...(chat.tools && { tools: chat.tools }),
    addGenerationPrompt,
    now: new Date(NOW),
  };
  try {
    return { ...row, text: tokenizer.chatTemplate!.render(chat.messages, options) };
  } catch (error) {
    // That a template refuses a conversation is an answer too.
    if (isPippinError(error)) return row;
    throw error;
  }
}
