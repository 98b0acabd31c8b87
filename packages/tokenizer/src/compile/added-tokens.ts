import { PROGRAM, SECTION, TOKEN_FLAG } from "../image/layout.ts";
import { ADDED_FLAG } from "../run/added-tokens.ts";
import type { Rewrite } from "../run/rewriting.ts";
import type { TokenizerJson } from "../tokenizer-json.ts";
import { brokenFile } from "../tokenizer-json.ts";
import { wordCharacters } from "../unicode/expressions.ts";
import type { Builder } from "./builder.ts";
import { codePointTableSection, type TrieKey, trieSection } from "./tables.ts";
import type { Tokens } from "./tokens.ts";

/** Longer ones are nobody's; matching takes time in proportion to the longest. */
const MAX_BYTES = 4096;

const UTF8 = new TextEncoder();
const TEXT = new TextDecoder("utf-8", { ignoreBOM: true });

type Added = TokenizerJson["added_tokens"][number] & { readonly newId: number };

/**
 * Gives added tokens their ids: the model's own where it has the token, else those behind the vocabulary, in order. The ids in the
 * file say nothing. Source: `AddedVocabulary::add_tokens` of the crate tokenizers.
 *
 * @param modelSize - how many tokens the model has.
 */
export function addTokens(tokens: Tokens, added: TokenizerJson["added_tokens"], modelSize: number): Added[] {
  const byContent = new Map<string, Added>();
  let highest = -1;
  for (const token of added) {
    if (token.content === "") continue;
    if (UTF8.encode(token.content).length > MAX_BYTES) {
      throw brokenFile("tokenizer.json", `an added token is longer than ${MAX_BYTES} bytes`, undefined);
    }
    const known = tokens.idOf(token.content);
    const newId = known ?? (highest >= modelSize ? highest + 1 : modelSize);
    if (known === undefined) tokens.add(token.content, newId, 0);
    highest = Math.max(highest, newId);
    tokens.mark(newId, TOKEN_FLAG.added | (token.special ? TOKEN_FLAG.special : 0));
    byContent.set(token.content, { ...token, newId });
  }
  return [...byContent.values()];
}

/** @param normalize - tokens that are looked for in normalized text are normalized themselves. */
export function compileAddedTokens(
  builder: Builder,
  tokens: Tokens,
  added: readonly Added[],
  normalize: Rewrite | undefined,
): void {
  const isNormalized = (token: Added): boolean => token.normalized ?? !token.special;
  const raw = added.filter((token) => !isNormalized(token));
  const normalized = added.filter(isNormalized);
  builder.words[PROGRAM.rawTrie] = trie(builder, raw, undefined);
  builder.words[PROGRAM.normalizedTrie] = trie(builder, normalized, normalize);
  if (normalize !== undefined) addShown(builder, tokens, added, normalized, normalize);
  if (added.some((token) => token.single_word)) {
    builder.words[PROGRAM.wordCharacters] = builder.writer.add(
      SECTION.combining,
      codePointTableSection(new Map(wordCharacters().map((codePoint) => [codePoint, 1]))),
    );
  }
}

/**
 * Decoding shows an added token as the normalizer left it, and takes it for a special token when that text is one's. Source: what
 * the crate tokenizers 0.23 does.
 */
function addShown(
  builder: Builder,
  tokens: Tokens,
  added: readonly Added[],
  normalized: readonly Added[],
  normalize: Rewrite,
): void {
  const special = new Set(added.filter((token) => token.special).map((token) => token.content));
  const rows: number[] = [];
  for (const { content, newId } of normalized) {
    const text = TEXT.decode(normalize(UTF8.encode(content)));
    if (text === content) continue;
    rows.push(newId, builder.string(text));
    tokens.mark(newId, TOKEN_FLAG.shown);
    tokens.setSpecial(newId, special.has(text));
  }
  if (rows.length > 0) builder.writer.add(SECTION.shown, Uint32Array.from(rows));
}

function trie(builder: Builder, added: readonly Added[], normalize: Rewrite | undefined): number {
  const keys: TrieKey[] = added.map((token, value) => {
    const bytes = UTF8.encode(token.content);
    return { bytes: normalize?.(bytes) ?? bytes, value };
  });
  const patterns = new Uint32Array(3 * added.length);
  added.forEach((token, i) => {
    patterns[3 * i] = token.newId;
    patterns[3 * i + 1] =
      (token.single_word ? ADDED_FLAG.singleWord : 0) |
      (token.lstrip ? ADDED_FLAG.lstrip : 0) |
      (token.rstrip ? ADDED_FLAG.rstrip : 0);
  });
  return builder.writer.add(SECTION.trie, trieSection(keys, patterns));
}
