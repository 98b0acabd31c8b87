import { brokenTemplate } from "./template/errors.ts";
import { type ChatTemplateProgram, compileChatTemplate, openChatTemplate } from "./template/template.ts";
import { parseShape, TokenizerConfig } from "./tokenizer-json.ts";

/** One message as chat templates know it; other keys reach the template untouched. */
export interface ChatMessage {
  readonly role: string;
  readonly content?: unknown;
  readonly [key: string]: unknown;
}

export interface RenderOptions {
  /** End with what opens the assistant's turn; default `false`. */
  readonly addGenerationPrompt?: boolean;
  /** JSON schemas of functions, as `transformers` takes them. */
  readonly tools?: readonly unknown[];
  readonly documents?: readonly unknown[];
  /** Further variables of the template: `enable_thinking`, `date_string` … */
  readonly extra?: Readonly<Record<string, unknown>>;
  /** The date that `strftime_now` prints, in local time; default: the current one. */
  readonly now?: Date;
}

/** A model's way to write a conversation as one text. Encode that text with `addSpecialTokens: false`. */
export interface ChatRenderer {
  /** @throws PippinError `TOKENIZER_TEMPLATE_REFUSED`, `TOKENIZER_TEMPLATE_BROKEN`. */
  render(messages: readonly ChatMessage[], options?: RenderOptions): string;
}

/** A renderer whose source is known. */
export interface ChatTemplate extends ChatRenderer {
  /** The Jinja source of the default template. */
  readonly source: string;
}

/** Jinja source, or several by name: `default`, `tool_use`, `rag`. */
export type TemplateSource = string | Readonly<Record<string, string>>;

export interface ChatTemplateOptions {
  readonly template: TemplateSource;
  readonly bosToken?: string | undefined;
  readonly eosToken?: string | undefined;
  /** All special tokens by their name in the template (`specialTokensOf`); the two above win. */
  readonly specialTokens?: Readonly<Record<string, string>>;
}

/**
 * Finds the template among a model's files.
 *
 * @param jinjaFile - text of chat_template.jinja, which wins over the config's `chat_template`.
 */
export function findChatTemplate(files: {
  readonly tokenizerConfig?: unknown;
  readonly jinjaFile?: string | undefined;
}): TemplateSource | undefined {
  if (files.jinjaFile !== undefined) return files.jinjaFile;
  const config = parseShape(TokenizerConfig, files.tokenizerConfig ?? {}, "tokenizer_config.json");
  const found = config.chat_template ?? undefined;
  if (found === undefined || typeof found === "string") return found;
  return Object.fromEntries(found.map(({ name, template }) => [name, template]));
}

/** Makes a chat template. It is compiled at its first use, so that a broken one does not bar the tokenizer. */
export function createChatTemplate(options: ChatTemplateOptions): ChatTemplate {
  const named = typeof options.template === "string" ? { default: options.template } : options.template;
  const ends = defined({ bos_token: options.bosToken, eos_token: options.eosToken });
  const compiled = new Map<string, ChatTemplateProgram>();
  const programOf = (source: string): ChatTemplateProgram => {
    const program = compiled.get(source) ?? openChatTemplate(compileChatTemplate(source));
    compiled.set(source, program);
    return program;
  };
  return {
    source: named.default ?? "",
    render: (messages, render = {}) =>
      renderChat(
        programOf(selectTemplate(named, render.tools !== undefined)),
        { ...options.specialTokens, ...ends },
        messages,
        render,
      ),
  };
}

/** Runs a template with the variables that `transformers` gives it. @param tokens - special tokens by their names. */
export function renderChat(
  program: ChatTemplateProgram,
  tokens: Readonly<Record<string, string>>,
  messages: readonly ChatMessage[],
  render: RenderOptions,
): string {
  const variables = {
    ...tokens,
    ...render.extra,
    messages: messages.map(withReasoning),
    tools: render.tools ?? null,
    documents: render.documents ?? null,
    add_generation_prompt: render.addGenerationPrompt ?? false,
  };
  return program.render(variables, render.now === undefined ? {} : { now: render.now });
}

/** Names that a message's reasoning comes under; templates read the first, gpt-oss's the second. */
const REASONING = ["reasoning_content", "thinking", "reasoning"] as const;

/** Gives a message's reasoning all names that templates know, as `transformers` does. */
function withReasoning(message: ChatMessage): ChatMessage {
  const reasoning = REASONING.map((name) => message[name]).find(
    (text) => text !== undefined && text !== null,
  );
  return reasoning === undefined
    ? message
    : { thinking: reasoning, ...message, reasoning_content: reasoning };
}

/** As `transformers` selects: `tool_use` when there are tools, else `default`. */
export function selectTemplate<T>(named: Readonly<Record<string, T>>, hasTools: boolean): T {
  const template = (hasTools ? named.tool_use : undefined) ?? named.default;
  if (template !== undefined) return template;
  throw brokenTemplate(`none of the templates ${Object.keys(named).join(", ")} is called default`);
}

/** A token that a model lacks is undefined in its template, not null: it prints nothing. */
function defined(variables: Readonly<Record<string, string | undefined>>): Record<string, string> {
  const entries = Object.entries(variables).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return Object.fromEntries(entries);
}
