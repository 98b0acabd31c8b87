import { planDecoder } from "./decoder.ts";
import { createEngine, type Engine } from "./engine.ts";
import { type StreamDecoder, type TokenTexts, tokenTexts } from "./stream.ts";
import { parseShape, specialTokensOf, TokenizerJson } from "./tokenizer-json.ts";

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

export interface DecodeOptions {
  /** Leave control tokens out of the text; default `false`. */
  readonly skipSpecialTokens?: boolean;
}

/** Text to token ids and back. */
export interface Tokenizer {
  /** One more than the highest id. Logits are often longer; ids from here on mean nothing. */
  readonly vocabSize: number;
  readonly addedTokens: readonly AddedToken[];
  readonly bosToken?: string;
  readonly eosToken?: string;
  encode(text: string, options?: EncodeOptions): number[];
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
  const json = parseShape(TokenizerJson, source.tokenizerJson, "tokenizer.json");
  const { bos_token: bosToken, eos_token: eosToken } = specialTokensOf(
    source.specialTokensMap,
    source.tokenizerConfig,
  );
  const plan = planDecoder(json.decoder);
  const engine = createEngine(json, eosToken);
  const special = new Set(json.added_tokens.filter((token) => token.special).map((token) => token.id));
  const reader = (options: DecodeOptions | undefined, eager: boolean): StreamDecoder =>
    readTokens(engine, tokenTexts(plan, eager), options?.skipSpecialTokens ? special : NONE);
  return {
    vocabSize: engine.vocabSize,
    addedTokens: json.added_tokens,
    ...(bosToken === undefined ? {} : { bosToken }),
    ...(eosToken === undefined ? {} : { eosToken }),
    encode: (text, options) => engine.encode(text, options?.addSpecialTokens ?? true),
    decode(ids, options) {
      const whole = reader(options, false);
      let text = "";
      for (const id of ids) text += whole.push(id);
      return text + whole.flush();
    },
    stream: (options) => reader(options, true),
    idOf: engine.idOf,
  };
}

const NONE: ReadonlySet<number> = new Set();

function readTokens(engine: Engine, texts: TokenTexts, skipped: ReadonlySet<number>): StreamDecoder {
  return {
    push(id) {
      const token = skipped.has(id) ? undefined : engine.tokenOf(id);
      return token === undefined ? "" : texts.push(token);
    },
    flush: () => texts.flush(),
  };
}
