import { type GgufMetadata, ggufBroken, idAt, numbersAt, required, stringAt, stringsAt } from "./metadata.ts";

/** `tokenizer.ggml.token_type`. Source: llama.cpp, `llama_token_type`. */
const TOKEN_TYPE = { normal: 1, unknown: 2, control: 3, userDefined: 4 } as const;

/** The token list of a GGUF file, read once. */
export interface GgufVocabulary {
  readonly tokens: readonly string[];
  /** Absent in files without `tokenizer.ggml.token_type`: all tokens are normal then. */
  readonly types: readonly number[] | undefined;
  /** Gemma's files differ from other SentencePiece files in the order of merges and the spelling of spaces. */
  readonly isGemma: boolean;
  /** By transformers' name: `bos_token`, `eos_token`, `unk_token`, `pad_token`. */
  readonly special: Readonly<Record<string, string>>;
}

/** @throws PippinError `TOKENIZER_GGUF_BROKEN`. */
export function readVocabulary(metadata: GgufMetadata): GgufVocabulary {
  const tokens = required(stringsAt(metadata, "tokenizer.ggml.tokens"), "tokenizer.ggml.tokens");
  const types = numbersAt(metadata, "tokenizer.ggml.token_type");
  if (types !== undefined && types.length !== tokens.length) {
    throw ggufBroken(`the GGUF file has ${tokens.length} tokens and ${types.length} token types`);
  }
  const isGemma = stringAt(metadata, "general.architecture")?.startsWith("gemma") ?? false;
  const spelled = isGemma ? tokens.map(respellSpaces) : tokens;
  return { tokens: spelled, types, isGemma, special: specialTokens(metadata, tokens) };
}

/** Gemma's GGUF files spell runs of spaces as spaces, its tokenizer.json as `▁`. */
function respellSpaces(token: string): string {
  return /^ {2,}$/.test(token) ? "▁".repeat(token.length) : token;
}

const SPECIAL_KEYS = [
  ["bos_token", "tokenizer.ggml.bos_token_id"],
  ["eos_token", "tokenizer.ggml.eos_token_id"],
  ["unk_token", "tokenizer.ggml.unknown_token_id"],
  ["pad_token", "tokenizer.ggml.padding_token_id"],
] as const;

function specialTokens(metadata: GgufMetadata, tokens: readonly string[]): Record<string, string> {
  const special: Record<string, string> = {};
  for (const [name, key] of SPECIAL_KEYS) {
    const id = idAt(metadata, key);
    if (id === undefined) continue;
    const token = tokens[id];
    if (token === undefined) throw ggufBroken(`${key} is ${id}, the GGUF file has ${tokens.length} tokens`);
    special[name] = token;
  }
  return special;
}

export function vocabOf(tokens: readonly string[]): Record<string, number> {
  return Object.fromEntries(tokens.map((token, id) => [token, id]));
}

/**
 * Whether a token takes part in merges, rather than being matched whole or standing for a byte. Gemma's runs of
 * spaces are user-defined tokens that merges build.
 */
export function isMerged(vocabulary: GgufVocabulary, id: number): boolean {
  const type = vocabulary.types?.[id] ?? TOKEN_TYPE.normal;
  return type === TOKEN_TYPE.normal || (vocabulary.isGemma && type === TOKEN_TYPE.userDefined);
}

/** Control tokens are special, user-defined ones are matched whole in the text and stay visible. */
export function addedTokensOf(vocabulary: GgufVocabulary): object[] {
  return vocabulary.tokens.flatMap((content, id) => {
    const type = vocabulary.types?.[id];
    const special = type === TOKEN_TYPE.control || type === TOKEN_TYPE.unknown;
    if (!special && type !== TOKEN_TYPE.userDefined) return [];
    return [{ id, content, single_word: false, lstrip: false, rstrip: false, normalized: false, special }];
  });
}
