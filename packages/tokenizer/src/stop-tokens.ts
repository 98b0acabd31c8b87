import { isPippinError } from "@pippin/core";
import { z } from "zod";
import type { ChatRenderer } from "./chat-template.ts";
import { parseShape } from "./tokenizer-json.ts";

const Id = z.number().int().nonnegative();
const WithEos = z.looseObject({ eos_token_id: z.union([Id, z.array(Id)]).nullish() });

/** What of a tokenizer stop tokens follow from. */
export interface NamedTokens {
  readonly eosToken?: string | undefined;
  readonly addedTokens: readonly {
    readonly id: number;
    readonly content: string;
    readonly special: boolean;
  }[];
  idOf(token: string): number | undefined;
}

export interface StopTokenSources {
  /** Absent for weights without one: then the configs alone say. */
  readonly tokenizer?: NamedTokens | undefined;
  readonly chatTemplate?: ChatRenderer | undefined;
  /** The parsed config.json. */
  readonly config?: unknown;
  /** The parsed generation_config.json. */
  readonly generationConfig?: unknown;
}

/**
 * The ids that end an answer: all that the model's files call end of text, and the control token with which its
 * template ends the assistant's turn. The files disagree often, so it is their union, sorted.
 */
export function stopTokenIds(sources: StopTokenSources): number[] {
  const ids = new Set<number>();
  for (const id of eosIds(sources.config, "config.json")) ids.add(id);
  for (const id of eosIds(sources.generationConfig, "generation_config.json")) ids.add(id);
  const { tokenizer, chatTemplate } = sources;
  const eosId = tokenizer?.eosToken === undefined ? undefined : tokenizer.idOf(tokenizer.eosToken);
  if (eosId !== undefined) ids.add(eosId);
  const endOfTurn = tokenizer && chatTemplate && endOfTurnId(tokenizer, chatTemplate);
  if (endOfTurn !== undefined) ids.add(endOfTurn);
  return [...ids].sort((a, b) => a - b);
}

function eosIds(config: unknown, file: string): readonly number[] {
  const found = parseShape(WithEos, config ?? {}, file).eos_token_id ?? [];
  return typeof found === "number" ? [found] : found;
}

/** An answer that no template contains. */
const PROBE = "pippin-probe-answer";

/**
 * Which control token follows a last answer, found by rendering one. Only the last answer counts: what separates
 * earlier ones need not end generation (gpt-oss writes `<|end|>` there and `<|return|>` at the end).
 */
function endOfTurnId(tokenizer: NamedTokens, template: ChatRenderer): number | undefined {
  const text = renderProbe(template);
  const at = text.lastIndexOf(PROBE);
  if (at < 0) return undefined;
  const rest = text.slice(at + PROBE.length).trimStart();
  const following = tokenizer.addedTokens.filter((token) => token.special && rest.startsWith(token.content));
  return following.sort((a, b) => b.content.length - a.content.length)[0]?.id;
}

function renderProbe(template: ChatRenderer): string {
  try {
    return template.render([
      { role: "user", content: "Hello" },
      { role: "assistant", content: PROBE },
    ]);
  } catch (error) {
    // A template that cannot be rendered tells of itself when it is used; the files' own ids remain.
    if (isPippinError(error)) return "";
    throw error;
  }
}
