import { Environment, Interpreter, parse, tokenize } from "@huggingface/jinja";
import { PippinError } from "@pippin/core";
import type { TokenizerErrorCode } from "./errors.ts";
import { strftime } from "./strftime.ts";
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
export interface ChatTemplate {
  /** The Jinja source of the default template. */
  readonly source: string;
  /** @throws PippinError `TOKENIZER_TEMPLATE_REFUSED`, `TOKENIZER_TEMPLATE_BROKEN`. */
  render(messages: readonly ChatMessage[], options?: RenderOptions): string;
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
  const compiled = new Map<string, ReturnType<typeof parse>>();
  const programOf = (source: string): ReturnType<typeof parse> => {
    const program = compiled.get(source) ?? compile(source);
    compiled.set(source, program);
    return program;
  };
  return {
    source: named.default ?? "",
    render(messages, render = {}) {
      const program = programOf(select(named, render.tools !== undefined));
      return run(program, {
        ...options.specialTokens,
        ...ends,
        ...render.extra,
        messages,
        tools: render.tools ?? null,
        documents: render.documents ?? null,
        add_generation_prompt: render.addGenerationPrompt ?? false,
        ...globals(render.now),
      });
    },
  };
}

/** As `transformers` selects: `tool_use` when there are tools, else `default`. */
function select(named: Readonly<Record<string, string>>, hasTools: boolean): string {
  const source = (hasTools ? named.tool_use : undefined) ?? named.default;
  if (source !== undefined) return source;
  throw broken(`none of the templates ${Object.keys(named).join(", ")} is called default`);
}

function compile(source: string): ReturnType<typeof parse> {
  try {
    return parse(tokenize(source, { lstrip_blocks: true, trim_blocks: true }));
  } catch (cause) {
    throw broken(reasonOf(cause), cause);
  }
}

class Refusal extends Error {}

function run(program: ReturnType<typeof parse>, variables: Readonly<Record<string, unknown>>): string {
  try {
    const environment = new Environment();
    for (const [name, value] of Object.entries(variables)) environment.set(name, value);
    return String(new Interpreter(environment).run(program).value);
  } catch (cause) {
    if (cause instanceof Refusal) throw refused(cause.message);
    throw broken(reasonOf(cause), cause);
  }
}

/** What every template may call. `none`, `True` … are variables in the engine. */
function globals(now: Date | undefined): Record<string, unknown> {
  return {
    true: true,
    false: false,
    none: null,
    True: true,
    False: false,
    None: null,
    range,
    raise_exception: (message: unknown) => {
      throw new Refusal(String(message));
    },
    strftime_now: (format: unknown) => strftime(now ?? new Date(), String(format)),
  };
}

/** Python's `range`. */
function range(startOrStop: number, stop?: number, step = 1): number[] {
  const [from, to] = stop === undefined ? [0, startOrStop] : [startOrStop, stop];
  const length = Math.max(0, Math.ceil((to - from) / step));
  return Array.from({ length }, (_, index) => from + index * step);
}

/** A token that a model lacks is undefined in its template, not null: it prints nothing. */
function defined(variables: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(variables).filter(([, value]) => value !== undefined));
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}

function refused(message: string): PippinError<TokenizerErrorCode> {
  return new PippinError("TOKENIZER_TEMPLATE_REFUSED", {
    message: `the model's chat template refuses this conversation: ${message}`,
    hint: "Change the messages as it asks; many templates want user and assistant to alternate.",
    details: { reason: message },
  });
}

function broken(reason: string, cause?: unknown): PippinError<TokenizerErrorCode> {
  return new PippinError("TOKENIZER_TEMPLATE_BROKEN", {
    message: `the chat template cannot be executed: ${reason}`,
    hint: "Report the model's name, or put a template of your own beside it as chat_template.jinja.",
    details: { reason },
    cause,
  });
}
