/**
 * The compiled tokenizer file, to the byte: docs/tokenizer-file.md. All numbers are little-endian; every section begins at a
 * multiple of 64 bytes, so that mapped memory can be read in place.
 */

/** "PIPTOKEN" in ASCII. */
export const MAGIC: readonly number[] = [0x50, 0x49, 0x50, 0x54, 0x4f, 0x4b, 0x45, 0x4e];
export const VERSION = 1;

/** Fields of the header, by byte. */
export const HEADER = {
  version: 8,
  sectionCount: 12,
  fileBytes: 16,
  vocabSize: 24,
  /** CRC-32 of the header and the section table with this field as 0. */
  checksum: 28,
  /** SHA-256 of the tokenizer.json (or GGUF vocabulary) that was compiled; zeros when unknown. */
  sourceSha256: 32,
  bytes: 64,
} as const;

/** One entry of the section table, by byte. */
export const ENTRY = { kind: 0, checksum: 4, offset: 8, length: 16, bytes: 32 } as const;

export const ALIGNMENT = 64;

/** What a section holds. `dfa`, `codePoints`, `trie` and `pairs` occur as often as the program needs them. */
export const SECTION = {
  program: 1,
  strings: 2,
  tokenOffsets: 3,
  tokenBytes: 4,
  tokenFlags: 5,
  vocabIndex: 6,
  merges: 7,
  mergeIndex: 8,
  byteIds: 9,
  scores: 10,
  dfa: 11,
  codePoints: 12,
  trie: 13,
  /** Small numbers by code point: combining classes, word characters. */
  combining: 14,
  compositions: 15,
  stopIds: 17,
  /** A chat template's program: docs/chat-template-program.md. */
  chatTemplate: 18,
  /** Tokens that are shown otherwise than they are spelled: U32 id and U32 string of each. */
  shown: 19,
  /** U32 string (name) and U32 section of each chat template. */
  chatTemplates: 20,
  /** Special tokens as templates name them: U32 string (name, `bos_token`) and U32 string of each. */
  templateTokens: 21,
} as const;

/** No id, no section, no string. */
export const NONE = 0xffffffff;

/** Ids are packed in 21 bits. */
export const MAX_VOCAB = 1 << 21;

export const TOKEN_FLAG = {
  /** The id has a token. */
  present: 1,
  /** A control token: left out by `skipSpecialTokens`. */
  special: 2,
  /** Matched whole in the text. */
  added: 4,
  /** The model's own: what a piece of text can become. */
  model: 8,
  /** In a byte-level file: stored as the text it is, since it is not spelled in the byte alphabet. */
  text: 16,
  /** The model makes this token, alone, of the token's own text: a piece that equals it needs no merging. */
  whole: 32,
  /** Decoded to what the section `shown` says: an added token whose spelling the normalizer changes. */
  shown: 64,
} as const;

export const MODEL = { bpe: 1, unigram: 2, wordPiece: 3, wordLevel: 4 } as const;

export const MODEL_FLAG = {
  /** Token bytes are raw: the byte alphabet is undone, pieces are bytes. */
  byteLevel: 1,
  byteFallback: 2,
  ignoreMerges: 4,
  fuseUnk: 8,
  /** Few merges join what comes before the word mark with the mark: pieces may be cut there, but not behind the characters `glued`. */
  cutAtMark: 16,
} as const;

/** Words of the program before its ops. */
export const PROGRAM = {
  model: 0,
  modelFlags: 1,
  unkId: 2,
  maxWordCharacters: 3,
  prefix: 4,
  suffix: 5,
  /** Bits of a slot of the merge index that hold a rank. */
  rankBits: 6,
  /** Bits of a slot of the vocabulary index that hold an id. */
  idBits: 7,
  maxTokenBytes: 8,
  bosId: 9,
  eosId: 10,
  rawTrie: 11,
  normalizedTrie: 12,
  vocabTrie: 13,
  /** The word mark of `cutAtMark`. */
  mark: 14,
  normalizers: 15,
  preTokenizers: 16,
  post: 17,
  decoders: 18,
  /** Section of the characters that `single_word` looks for; NONE when no token asks. */
  wordCharacters: 19,
  /** String: the characters behind which a mark is no place to cut. */
  glued: 20,
  /** How the post-processor takes white space off tokens' offsets: see `TRIM`. */
  trim: 21,
  words: 22,
} as const;

/** Two bits each, from the lowest, in the order of their turn; ends with 0. */
export const TRIM = { bits: 2, all: 1, allButPrefixSpace: 2 } as const;

/** An op is its code and up to five operands. */
export const OP_WORDS = 6;

export const NORMALIZE = {
  /** operands: section of a code point map. */
  map: 1,
  /** operands: sections of the decompositions, the combining classes, the compositions (or NONE). */
  form: 2,
  /** operands: string. Nothing is put before an empty text. */
  prepend: 3,
  /** operands: section of a DFA, string. */
  replace: 4,
  /** operands: left, right (0 or 1). White space. */
  strip: 5,
  /** operands: sections of a code point map, of a trie of longer entries (values: strings), of the DFA of grapheme clusters. */
  charsmap: 6,
  /** Bytes become characters of the byte alphabet. */
  byteAlphabet: 7,
  /** operands: section of a table of code points: a space before and after those that are not 0. */
  pad: 8,
} as const;

export const PRE_TOKENIZE = {
  /** operands: section of a DFA, behavior, invert (0 or 1). */
  split: 1,
  /** operands: string. Put before a piece that does not begin with it. Third: only at the beginning of the whole text. */
  prepend: 2,
  /** Bytes become characters of the byte alphabet: only where stages follow, or for models other than byte-level BPE. */
  byteAlphabet: 3,
  /** operands: section of a DFA, string: all matches inside of a piece. */
  replace: 4,
} as const;

export const BEHAVIOR = {
  removed: 0,
  isolated: 1,
  mergedWithPrevious: 2,
  mergedWithNext: 3,
  contiguous: 4,
} as const;

export const DECODE = {
  /** Bytes of all tokens, then one lossy decoding. */
  byteLevel: 1,
  /** operands: section of a DFA, string; inside each token. */
  replace: 2,
  byteFallback: 3,
  fuse: 4,
  /** operands: string (one character), start, stop. */
  strip: 5,
  /** operands: string (one character), whether it is dropped in the first token. */
  metaspace: 6,
  /** operands: string (prefix), cleanup. */
  wordPiece: 7,
  /** operands: string (suffix). */
  bpe: 8,
  /** operands: strings (pad, word delimiter), cleanup. */
  ctc: 9,
  /** All tokens with a space between: what a file without a decoder does. */
  joinSpaces: 10,
} as const;

/** Operand of the post-processor's list: the ids of the text stand here. */
export const THE_TEXT = NONE;

/** Words of a DFA's section before its tables: see image/dfa.ts. */
export const DFA_WORDS = { classCount: 0, stateCount: 1, blockCount: 2, looksBehind: 3, words: 4 } as const;

/** Code points are looked up by blocks of 128. */
export const BLOCK_BITS = 7;
export const BLOCKS = 0x110000 >> BLOCK_BITS;
