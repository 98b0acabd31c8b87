import { z } from "zod";
import { BYTE_ALPHABET } from "../byte-alphabet.ts";
import { hashPair } from "../image/hash.ts";
import { MODEL, MODEL_FLAG, NONE, PROGRAM, SECTION, TOKEN_FLAG } from "../image/layout.ts";
import { packMerge } from "../image/merge-table.ts";
import { bitsFor, buildSlots } from "../image/slots.ts";
import { brokenFile, type Component, parseShape, unsupported } from "../tokenizer-json.ts";
import type { Builder } from "./builder.ts";
import { flatStages } from "./pre-tokenizer.ts";
import { type TrieKey, trieSection } from "./tables.ts";
import { Tokens } from "./tokens.ts";

// Vocabularies and merges have up to 600,000 entries, which are checked where they are used.
const Vocab = z.custom<Readonly<Record<string, unknown>>>(
  (value) => typeof value === "object" && value !== null && !Array.isArray(value),
  "no vocabulary",
);
const Bpe = z.looseObject({
  vocab: Vocab,
  merges: z.array(z.unknown()),
  unk_token: z.string().nullish(),
  continuing_subword_prefix: z.string().nullish(),
  end_of_word_suffix: z.string().nullish(),
  fuse_unk: z.boolean().nullish(),
  byte_fallback: z.boolean().nullish(),
  ignore_merges: z.boolean().nullish(),
});
const Unigram = z.looseObject({
  vocab: z.array(z.tuple([z.string(), z.number()])),
  unk_id: z.number().int().nonnegative().nullish(),
  byte_fallback: z.boolean().nullish(),
});
const WordPiece = z.looseObject({
  vocab: Vocab,
  unk_token: z.string().default("[UNK]"),
  continuing_subword_prefix: z.string().default("##"),
  max_input_chars_per_word: z.number().int().nonnegative().default(100),
});
const WordLevel = z.looseObject({ vocab: Vocab, unk_token: z.string().default("<unk>") });

export interface CompiledModel {
  readonly tokens: Tokens;
  /** How many tokens the model itself has. */
  readonly size: number;
  /** Pieces are bytes: the last `ByteLevel` of the pre-tokenizer has nothing to do. */
  readonly byteLevel: boolean;
}

/** SentencePiece's mark of a space, before which many models never merge. */
const WORD_MARK = "▁";

/**
 * Reads the model and adds its sections, but for the vocabulary's.
 *
 * @throws PippinError `TOKENIZER_UNSUPPORTED_COMPONENT`, `TOKENIZER_BROKEN_FILE`.
 */
export function compileModel(
  builder: Builder,
  model: Component,
  preTokenizer: Component | null,
): CompiledModel {
  const { words } = builder;
  words[PROGRAM.modelFlags] = 0;
  words[PROGRAM.rankBits] = 1;
  words[PROGRAM.maxWordCharacters] = 0;
  for (const at of [PROGRAM.prefix, PROGRAM.suffix, PROGRAM.mark]) words[at] = builder.string("");
  const file = `tokenizer.json, model ${model.type}`;
  switch (model.type) {
    case "BPE":
      return compileBpe(builder, parseShape(Bpe, model, file), preTokenizer);
    case "Unigram":
      return compileUnigram(builder, parseShape(Unigram, model, file));
    case "WordPiece": {
      const { vocab, unk_token, ...rest } = parseShape(WordPiece, model, file);
      words[PROGRAM.model] = MODEL.wordPiece;
      words[PROGRAM.maxWordCharacters] = rest.max_input_chars_per_word;
      words[PROGRAM.prefix] = builder.string(rest.continuing_subword_prefix);
      return withVocabulary(builder, tokensOf(vocab, false), unk_token, false);
    }
    case "WordLevel": {
      const { vocab, unk_token } = parseShape(WordLevel, model, file);
      words[PROGRAM.model] = MODEL.wordLevel;
      return withVocabulary(builder, tokensOf(vocab, false), unk_token, false);
    }
    default:
      throw unsupported("model", model.type);
  }
}

function tokensOf(vocab: Readonly<Record<string, unknown>>, byteLevel: boolean): Tokens {
  const tokens = new Tokens(byteLevel);
  for (const [token, id] of Object.entries(vocab)) {
    if (typeof id !== "number")
      throw brokenFile("tokenizer.json", `token ${JSON.stringify(token)} has no id`, undefined);
    tokens.add(token, id, TOKEN_FLAG.model);
  }
  return tokens;
}

function withVocabulary(
  builder: Builder,
  tokens: Tokens,
  unkToken: string | null | undefined,
  byteLevel: boolean,
): CompiledModel {
  const unkId = unkToken == null ? undefined : tokens.idOf(unkToken);
  builder.words[PROGRAM.unkId] = unkId ?? NONE;
  const size = tokens.flags.reduce((count, flags) => count + (flags ? 1 : 0), 0);
  return { tokens, size, byteLevel };
}

function compileBpe(
  builder: Builder,
  model: z.infer<typeof Bpe>,
  preTokenizer: Component | null,
): CompiledModel {
  const { words } = builder;
  const prefix = model.continuing_subword_prefix ?? "";
  const suffix = model.end_of_word_suffix ?? "";
  const spelled = BYTE_ALPHABET.every((character) => Object.hasOwn(model.vocab, character));
  const bytesLast = flatStages(preTokenizer).at(-1)?.type === "ByteLevel";
  const byteLevel = bytesLast && prefix === "" && suffix === "" && (spelled || !model.byte_fallback);
  const tokens = tokensOf(model.vocab, byteLevel);
  const merges = readMerges(model.merges, tokens, prefix);
  words[PROGRAM.model] = MODEL.bpe;
  words[PROGRAM.prefix] = builder.string(prefix);
  words[PROGRAM.suffix] = builder.string(suffix);
  // Where the mark itself is unknown, what lies before and behind it can come together.
  const cutAtMark =
    !byteLevel &&
    !model.ignore_merges &&
    prefix === "" &&
    suffix === "" &&
    merges.glued.size <= MAX_GLUED &&
    tokens.idOf(WORD_MARK) !== undefined;
  if (cutAtMark) {
    words[PROGRAM.mark] = builder.string(WORD_MARK);
    words[PROGRAM.glued] = builder.string([...merges.glued].join(""));
  }
  words[PROGRAM.modelFlags] =
    (byteLevel ? MODEL_FLAG.byteLevel : 0) |
    (model.byte_fallback ? MODEL_FLAG.byteFallback : 0) |
    (model.ignore_merges ? MODEL_FLAG.ignoreMerges : 0) |
    (model.fuse_unk ? MODEL_FLAG.fuseUnk : 0) |
    (cutAtMark ? MODEL_FLAG.cutAtMark : 0);
  addMerges(builder, merges.pairs);
  const byteTokens = byteLevel ? BYTE_ALPHABET : model.byte_fallback ? FALLBACK_BYTES : [];
  builder.writer.add(
    SECTION.byteIds,
    Uint32Array.from(byteTokens, (token) => tokens.idOf(token) ?? NONE),
  );
  if (model.unk_token != null && tokens.idOf(model.unk_token) === undefined) {
    throw brokenFile(
      "tokenizer.json",
      `the unknown token ${JSON.stringify(model.unk_token)} is no token`,
      undefined,
    );
  }
  return withVocabulary(builder, tokens, model.unk_token, byteLevel);
}

/**
 * A score as the reference reads it: its digits as one whole number, rounded, and then divided. That is not always the nearest number, and
 * decides between tokens whose scores sum up to the same.
 */
function readAsReference(score: number): number {
  const [, sign = "", whole = "", part = ""] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(String(score)) ?? [];
  if (whole === "") return score;
  const value = Number(BigInt(whole + part)) / 10 ** part.length;
  return sign === "" ? value : -value;
}

const FALLBACK_BYTES: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`,
);

/** With more of them, looking them up would cost what cutting saves. Gemma 3 has one. */
const MAX_GLUED = 16;

interface Merges {
  /** Left, right and result, by rank. Of equal pairs the last counts. */
  readonly pairs: readonly (readonly [number, number, number])[];
  /** Last characters, but the word mark, of what is joined with something that begins with the word mark. */
  readonly glued: ReadonlySet<string>;
}

function readMerges(list: readonly unknown[], tokens: Tokens, prefix: string): Merges {
  const pairs = new Map<number, readonly [number, number, number]>();
  const glued = new Set<string>();
  for (const merge of list) {
    const [left, right] = halvesOf(merge);
    const ids = [left, right, left + right.slice(prefix.length)].map((token) => tokens.idOf(token));
    const [a, b, result] = ids;
    if (a === undefined || b === undefined || result === undefined) {
      throw brokenFile("tokenizer.json", `the merge ${JSON.stringify(merge)} is of no tokens`, undefined);
    }
    if (right.startsWith(WORD_MARK) && !left.endsWith(WORD_MARK)) glued.add([...left].at(-1) ?? "");
    const key = a * 2 ** 21 + b;
    pairs.delete(key);
    pairs.set(key, [a, b, result]);
  }
  return { pairs: [...pairs.values()], glued };
}

/** `"a b"`, or `["a", "b"]` as tokenizers writes since 0.20. */
function halvesOf(merge: unknown): [string, string] {
  const halves: unknown = typeof merge === "string" ? merge.split(" ") : merge;
  if (Array.isArray(halves) && halves.length === 2) {
    const [left, right] = halves as unknown[];
    if (typeof left === "string" && typeof right === "string") return [left, right];
  }
  throw brokenFile(
    "tokenizer.json",
    `a merge is not two tokens: ${JSON.stringify(merge)?.slice(0, 100)}`,
    undefined,
  );
}

function addMerges(builder: Builder, pairs: Merges["pairs"]): void {
  const packed = new Uint32Array(2 * pairs.length);
  const hashes = new Uint32Array(pairs.length);
  pairs.forEach(([left, right, result], rank) => {
    packed.set(packMerge(left, right, result), 2 * rank);
    hashes[rank] = hashPair(left, right);
  });
  const bits = bitsFor(pairs.length);
  builder.words[PROGRAM.rankBits] = bits;
  builder.writer.add(SECTION.mergeIndex, buildSlots(hashes, Uint32Array.from(pairs.keys()), bits));
  builder.writer.add(SECTION.merges, packed);
}

function compileUnigram(builder: Builder, model: z.infer<typeof Unigram>): CompiledModel {
  const { words } = builder;
  const tokens = new Tokens(false);
  const keys: TrieKey[] = [];
  const utf8 = new TextEncoder();
  model.vocab.forEach(([piece], id) => {
    tokens.add(piece, id, TOKEN_FLAG.model);
  });
  // Of equal pieces the last one has the id.
  model.vocab.forEach(([piece], id) => {
    if (tokens.idOf(piece) === id) keys.push({ bytes: utf8.encode(piece), value: id });
  });
  const scores = Float64Array.from(model.vocab, ([, score]) => readAsReference(score));
  const least = scores.reduce((minimum, score) => Math.min(minimum, score), Number.POSITIVE_INFINITY);
  words[PROGRAM.model] = MODEL.unigram;
  words[PROGRAM.modelFlags] = model.byte_fallback ? MODEL_FLAG.byteFallback : 0;
  words[PROGRAM.unkId] = model.unk_id ?? NONE;
  words[PROGRAM.vocabTrie] = builder.writer.add(SECTION.trie, trieSection(keys, new Uint32Array()));
  builder.writer.add(SECTION.scores, Float64Array.of(least, ...scores));
  builder.writer.add(
    SECTION.byteIds,
    Uint32Array.from(FALLBACK_BYTES, (token) => tokens.idOf(token) ?? NONE),
  );
  return { tokens, size: model.vocab.length, byteLevel: false };
}
