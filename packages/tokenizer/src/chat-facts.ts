import { z } from "zod";
import { type ChatTemplate, createChatTemplate, findChatTemplate } from "./chat-template.ts";
import { stopTokenIds } from "./stop-tokens.ts";
import { specialTokensOf } from "./tokenizer-json.ts";

/** What is asked for chats of a model before its tokenizer.json, which has megabytes, is there. */
export interface ChatFactsSource {
  /** The parsed tokenizer_config.json. */
  readonly tokenizerConfig?: unknown;
  /** The parsed special_tokens_map.json. */
  readonly specialTokensMap?: unknown;
  /** Text of chat_template.jinja. */
  readonly jinjaFile?: string | undefined;
  /** The parsed config.json. */
  readonly config?: unknown;
  /** The parsed generation_config.json. */
  readonly generationConfig?: unknown;
}

export interface ChatFacts {
  readonly chatTemplate?: ChatTemplate;
  /** Ids that end an answer. */
  readonly stopTokens: readonly number[];
}

const WithAddedTokens = z.looseObject({
  added_tokens_decoder: z.record(
    z.string().regex(/^\d+$/),
    z.looseObject({ content: z.string(), special: z.boolean().default(false) }),
  ),
});

/**
 * Chat template and stop tokens from a model's small files, the same as with its tokenizer where tokenizer_config.json lists the
 * added tokens (`added_tokens_decoder`); else only the configs' own ids are known.
 *
 * @throws PippinError `TOKENIZER_BROKEN_FILE`.
 */
export function chatFacts(source: ChatFactsSource): ChatFacts {
  const { tokenizerConfig, specialTokensMap, config, generationConfig } = source;
  const specialTokens = specialTokensOf(specialTokensMap, tokenizerConfig);
  const { bos_token: bosToken, eos_token: eosToken } = specialTokens;
  const template = findChatTemplate(source);
  const chatTemplate =
    template === undefined ? undefined : createChatTemplate({ template, bosToken, eosToken, specialTokens });
  const listed = WithAddedTokens.safeParse(tokenizerConfig);
  const tokenizer = listed.success ? { eosToken, ...namedTokens(listed.data) } : undefined;
  return {
    ...(chatTemplate && { chatTemplate }),
    stopTokens: stopTokenIds({ tokenizer, chatTemplate, config, generationConfig }),
  };
}

function namedTokens({ added_tokens_decoder: listed }: z.infer<typeof WithAddedTokens>) {
  const addedTokens = Object.entries(listed).map(([id, token]) => ({ ...token, id: Number(id) }));
  const ids = new Map(addedTokens.map(({ content, id }) => [content, id]));
  return { addedTokens, idOf: (token: string) => ids.get(token) };
}
