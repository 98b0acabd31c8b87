import { compileTokenizer } from "./compile/compile.ts";
import type { StreamDecoder } from "./run/decoder.ts";
import { openTokenizer } from "./run/open.ts";

/** A token outside of the model's own vocabulary rules: matched whole in the text, before everything else. */
export interface AddedToken {
  readonly id: number;
  readonly content: string;
  /** Control tokens, which `skipSpecialTokens` leaves out. */
  readonly special: boolean;
}

export interface EncodeOptions {
  /** Default `true`, as the reference has it. Rendered chat templates hold their special tokens: encode them with `false`. */
  readonly addSpecialTokens?: boolean;
}

/** An id with the part of the text that it stands for: `text.slice(start, end)`. Ids that the post-processor adds have 0 and 0. */
export interface EncodedToken {
  readonly id: number;
  readonly start: number;
  readonly end: number;
}

/** The ids of texts one after another. */
export interface TokenBatch {
  readonly ids: Uint32Array;
  /** Where each text's ids begin, and one more: those of text `i` are `ids.subarray(starts[i], starts[i + 1])`. */
  readonly starts: Uint32Array;
}

export interface DecodeOptions {
  /** Leave control tokens out of the text; default `false`. */
  readonly skipSpecialTokens?: boolean;
}

/** Text to token ids and back. */
export interface Tokenizer {
  /** One more than the highest id. Logits are often longer; ids from here on mean nothing. */
  readonly vocabSize: number;
  readonly addedTokens: readonly AddedToken[];
  readonly bosToken?: string | undefined;
  readonly eosToken?: string | undefined;
  encode(text: string, options?: EncodeOptions): number[];
  /** As `encode`, with the place of each id in the text; slower. */
  encodeWithOffsets(text: string, options?: EncodeOptions): EncodedToken[];
  /** The ids of many texts in one array, as for a data set. */
  encodeBatch(texts: Iterable<string>, options?: EncodeOptions): TokenBatch;
  /** Ids without a token are left out; bytes that are no text become U+FFFD. */
  decode(ids: Iterable<number>, options?: DecodeOptions): string;
  /** A decoder for ids that come one by one, in constant time each. */
  stream(options?: DecodeOptions): StreamDecoder;
  idOf(token: string): number | undefined;
}

export interface TokenizerSource {
  /** The parsed tokenizer.json. */
  readonly tokenizerJson: unknown;
  /** The parsed tokenizer_config.json: names the special tokens. */
  readonly tokenizerConfig?: unknown;
  /** The parsed special_tokens_map.json of older models; the config wins over it. */
  readonly specialTokensMap?: unknown;
}

/**
 * Makes a tokenizer from the JSON values of its files.
 *
 * `truncation` and `padding` of the file have no effect: a prompt is never cut or filled up silently.
 *
 * @throws PippinError `TOKENIZER_BROKEN_FILE`, `TOKENIZER_UNSUPPORTED_COMPONENT`.
 */
export function createTokenizer(source: TokenizerSource): Tokenizer {
  return openTokenizer(compileTokenizer(source));
}
