import { mergePair } from "./byte-level.ts";
import { flagAt, type GgufMetadata, ggufBroken, numbersAt, required, stringsAt } from "./metadata.ts";
import { type GgufVocabulary, isMerged, vocabOf } from "./vocabulary.ts";

/**
 * The stages of a tokenizer.json for a file whose `tokenizer.ggml.model` is `llama`: SentencePiece BPE as
 * Hugging Face writes it for Llama 2 and Mistral.
 */
export function sentencePieceStages(
  metadata: GgufMetadata,
  vocabulary: GgufVocabulary,
): { stages: object; addBos: boolean } {
  const addSpace = flagAt(metadata, "tokenizer.ggml.add_space_prefix") ?? true;
  const toMark = { type: "Replace", pattern: { String: " " }, content: "▁" };
  const fromMark = { type: "Replace", pattern: { String: "▁" }, content: " " };
  const strip = { type: "Strip", content: " ", start: 1, stop: 0 };
  const stages = {
    normalizer: addSpace
      ? { type: "Sequence", normalizers: [{ type: "Prepend", prepend: "▁" }, toMark] }
      : toMark,
    pre_tokenizer: null,
    decoder: {
      type: "Sequence",
      decoders: [fromMark, { type: "ByteFallback" }, { type: "Fuse" }, ...(addSpace ? [strip] : [])],
    },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: vocabulary.special.unk_token ?? null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: true,
      byte_fallback: true,
      ignore_merges: false,
      vocab: vocabOf(vocabulary.tokens),
      merges: mergesOf(metadata, vocabulary),
    },
  };
  return { stages, addBos: true };
}

/** The file's own merges, else those that its scores imply; Gemma's follow the order of its tokens. */
function mergesOf(metadata: GgufMetadata, vocabulary: GgufVocabulary): [string, string][] {
  const given = stringsAt(metadata, "tokenizer.ggml.merges");
  if (given !== undefined) return given.map(mergePair);
  if (vocabulary.isGemma) return rebuildMerges(vocabulary, (id) => -id);
  const scores = required(numbersAt(metadata, "tokenizer.ggml.scores"), "tokenizer.ggml.scores");
  if (scores.length !== vocabulary.tokens.length) {
    throw ggufBroken(`the GGUF file has ${vocabulary.tokens.length} tokens and ${scores.length} scores`);
  }
  return rebuildMerges(vocabulary, (id) => scores[id] ?? 0);
}

interface Merge {
  readonly left: string;
  readonly right: string;
  readonly score: number;
  /** Lengths of both halves, in code points. */
  readonly lengths: readonly [number, number];
}

/**
 * All pairs of tokens that make a third, best score first, then longest halves first.
 * Source: transformers `generate_merges`; only normal tokens take part here, as in SentencePiece.
 */
function rebuildMerges(vocabulary: GgufVocabulary, scoreOf: (id: number) => number): [string, string][] {
  const ids = new Map<string, number>();
  vocabulary.tokens.forEach((token, id) => {
    if (isMerged(vocabulary, id)) ids.set(token, id);
  });
  const merges: Merge[] = [];
  for (const [token, id] of ids) merges.push(...splitsOf(token, ids, scoreOf(id)));
  merges.sort((a, b) => b.score - a.score || b.lengths[0] - a.lengths[0] || b.lengths[1] - a.lengths[1]);
  return merges.map(({ left, right }) => [left, right]);
}

function splitsOf(token: string, ids: ReadonlyMap<string, number>, score: number): Merge[] {
  const characters = Array.from(token);
  const found: (Merge & { readonly order: readonly [number, number] })[] = [];
  for (let at = 1; at < characters.length; at++) {
    const left = characters.slice(0, at).join("");
    const right = characters.slice(at).join("");
    const order = [ids.get(left) ?? -1, ids.get(right) ?? -1] as const;
    if (order[0] < 0 || order[1] < 0) continue;
    found.push({ left, right, score, lengths: [at, characters.length - at], order });
  }
  return found.sort((a, b) => a.order[0] - b.order[0] || a.order[1] - b.order[1]);
}
