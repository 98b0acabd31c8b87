import { PippinError } from "@pippin/core";
import { GPT2_SPLIT } from "../compile/pre-tokenizer.ts";
import type { TokenizerErrorCode } from "../errors.ts";
import { type GgufMetadata, ggufBroken, required, stringAt, stringsAt } from "./metadata.ts";
import { type GgufVocabulary, vocabOf } from "./vocabulary.ts";

/** What `tokenizer.ggml.pre` stands for: the rest of the original tokenizer.json, which GGUF does not hold. */
interface PreTokenizer {
  /** How text is cut before merging, one pass after another. */
  readonly splits: readonly string[];
  readonly nfc?: boolean;
  /** A piece that is a token is taken as it is. */
  readonly ignoreMerges?: boolean;
  /** Whether a text begins with BOS when the file does not say. */
  readonly addBos?: boolean;
}

const CONTRACTIONS = "(?i:'s|'t|'re|'ve|'m|'ll|'d)";
const WORD = "[^\\r\\n\\p{L}\\p{N}]?\\p{L}+";
const OTHERS = " ?[^\\s\\p{L}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";
const UPPER = "[\\p{Lu}\\p{Lt}\\p{Lm}\\p{Lo}\\p{M}]";
const LOWER = "[\\p{Ll}\\p{Lm}\\p{Lo}\\p{M}]";
const HEAD = "[^\\r\\n\\p{L}\\p{N}]?";
const TEKKEN =
  `${HEAD}${UPPER}*${LOWER}+|${HEAD}${UPPER}+${LOWER}*|\\p{N}` +
  "| ?[^\\s\\p{L}\\p{N}]+[\\r\\n/]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+";

const GPT2: PreTokenizer = { splits: [GPT2_SPLIT] };
const LLAMA3: PreTokenizer = {
  splits: [`${CONTRACTIONS}|${WORD}|\\p{N}{1,3}|${OTHERS}`],
  ignoreMerges: true,
  addBos: true,
};
const QWEN2: PreTokenizer = { splits: [`${CONTRACTIONS}|${WORD}|\\p{N}|${OTHERS}`], nfc: true };

/** Marks belong to words. */
const QWEN35: PreTokenizer = {
  splits: [
    `${CONTRACTIONS}|[^\\r\\n\\p{L}\\p{N}]?[\\p{L}\\p{M}]+|\\p{N}` +
      "| ?[^\\s\\p{L}\\p{M}\\p{N}]+[\\r\\n]*|\\s*[\\r\\n]+|\\s+(?!\\S)|\\s+",
  ],
};
const DIGITS: PreTokenizer = { splits: ["\\p{N}", GPT2_SPLIT] };

/** Sources: the tokenizer.json of each family, llama.cpp `llm_load_vocab` for its names and defaults. */
const PRE_TOKENIZERS: Readonly<Record<string, PreTokenizer>> = {
  default: GPT2,
  "gpt-2": GPT2,
  mpt: GPT2,
  smollm: DIGITS,
  starcoder: DIGITS,
  refact: DIGITS,
  "command-r": { ...DIGITS, nfc: true },
  llama3: LLAMA3,
  "llama-v3": LLAMA3,
  "llama-bpe": LLAMA3,
  qwen2: QWEN2,
  qwen35: QWEN35,
  "deepseek-r1-qwen": QWEN2,
  tekken: { splits: [TEKKEN], ignoreMerges: true, addBos: true },
};

/** The stages of a tokenizer.json for a file whose `tokenizer.ggml.model` is `gpt2`. */
export function byteLevelStages(
  metadata: GgufMetadata,
  vocabulary: GgufVocabulary,
): { stages: object; addBos: boolean } {
  const pre = preTokenizerOf(stringAt(metadata, "tokenizer.ggml.pre") ?? "default");
  const merges = required(stringsAt(metadata, "tokenizer.ggml.merges"), "tokenizer.ggml.merges");
  const stages = {
    normalizer: pre.nfc ? { type: "NFC" } : null,
    pre_tokenizer: {
      type: "Sequence",
      pretokenizers: [
        ...pre.splits.map((Regex) => ({
          type: "Split",
          pattern: { Regex },
          behavior: "Isolated",
          invert: false,
        })),
        { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
      ],
    },
    decoder: { type: "ByteLevel", add_prefix_space: false, trim_offsets: true, use_regex: false },
    model: {
      type: "BPE",
      dropout: null,
      unk_token: null,
      continuing_subword_prefix: null,
      end_of_word_suffix: null,
      fuse_unk: false,
      byte_fallback: false,
      ignore_merges: pre.ignoreMerges ?? false,
      vocab: vocabOf(vocabulary.tokens),
      merges: merges.map(mergePair),
    },
  };
  return { stages, addBos: pre.addBos ?? false };
}

/** Neither half can hold a space: the byte alphabet spells it `Ġ`, SentencePiece `▁`. */
export function mergePair(merge: string): [string, string] {
  const [left, right, ...rest] = merge.split(" ");
  if (left && right && rest.length === 0) return [left, right];
  throw ggufBroken(`the GGUF file has a merge that is not two tokens: ${JSON.stringify(merge)}`);
}

function preTokenizerOf(name: string): PreTokenizer {
  const pre = Object.hasOwn(PRE_TOKENIZERS, name) ? PRE_TOKENIZERS[name] : undefined;
  if (pre !== undefined) return pre;
  throw new PippinError<TokenizerErrorCode>("TOKENIZER_UNSUPPORTED_COMPONENT", {
    message: `the GGUF file's pre-tokenizer is ${name}; known are ${Object.keys(PRE_TOKENIZERS).join(", ")}`,
    hint: "Take the tokenizer from the original model's repository: put its tokenizer.json beside the file.",
    details: { stage: "tokenizer.ggml.pre", type: name },
  });
}
