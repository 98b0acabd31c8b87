import { BYTE_ALPHABET, bytesOfToken } from "../byte-alphabet.ts";
import { type ChatRenderer, renderChat, selectTemplate } from "../chat-template.ts";
import { CodePointTable } from "../image/code-points.ts";
import { utf8Length } from "../image/dfa.ts";
import { Image, words } from "../image/image.ts";
import { DECODE, MODEL, MODEL_FLAG, NONE, PROGRAM, SECTION, THE_TEXT, TOKEN_FLAG } from "../image/layout.ts";
import { Program } from "../image/program.ts";
import { Trie } from "../image/trie.ts";
import { Vocabulary } from "../image/vocabulary.ts";
import { type ChatTemplateProgram, openChatTemplate } from "../template/template.ts";
import type {
  AddedToken,
  DecodeOptions,
  EncodedToken,
  EncodeOptions,
  TokenBatch,
  Tokenizer,
} from "../tokenizer.ts";
import { AddedTokens } from "./added-tokens.ts";
import { Bpe } from "./bpe.ts";
import { byteStream, pieceStream, type StreamDecoder } from "./decoder.ts";
import { Ids, type Model } from "./ids.ts";
import { createNormalizer } from "./normalizer.ts";
import { createPreTokenizer, type Piece } from "./pre-tokenizer.ts";
import { type Rewrite, Rewriting } from "./rewriting.ts";
import { TokenSpans } from "./token-spans.ts";
import { Unigram } from "./unigram.ts";
import { WordLevel, WordPiece } from "./word-piece.ts";

const UTF8 = new TextEncoder();
const TEXT = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * Opens a compiled tokenizer. The bytes are used where they are, without a copy, and must not change.
 *
 * The header and the small tables are checked; `verify()` checks all bytes. A file with a changed byte in its large tables may
 * give wrong ids, but nothing worse.
 *
 * @throws PippinError `TOKENIZER_IMAGE_BROKEN`.
 */
export function openTokenizer(bytes: Uint8Array): OpenedTokenizer {
  return new OpenedTokenizer(bytes);
}

export class OpenedTokenizer implements Tokenizer {
  readonly vocabSize: number;
  readonly stopIds: readonly number[];
  readonly #image: Image;
  readonly #program: Program;
  readonly #vocabulary: Vocabulary;
  readonly #byteLevel: boolean;
  readonly #raw: AddedTokens;
  readonly #normalized: AddedTokens;
  readonly #normalize: Rewrite | undefined;
  /** What tokens with the flag `shown` are decoded to. */
  readonly #shown: ReadonlyMap<number, Uint8Array>;
  readonly #rewriting: Rewriting = new Rewriting();
  #template: ChatRenderer | undefined;
  readonly #pieces: Piece;
  readonly #ids = new Ids();
  /** Where the tokens of `#ids` stand; only while somebody asks. */
  #spans: TokenSpans | undefined;
  #input = new Uint8Array(4096);

  constructor(bytes: Uint8Array) {
    const image = new Image(bytes);
    const program = new Program(image);
    this.#image = image;
    this.#program = program;
    this.#vocabulary = new Vocabulary(image, program.words);
    this.vocabSize = image.vocabSize;
    this.stopIds = Array.from(words(image.only(SECTION.stopIds)));
    this.#byteLevel = (program.words[PROGRAM.modelFlags]! & MODEL_FLAG.byteLevel) !== 0;
    const isWord = wordTable(program);
    this.#raw = new AddedTokens(trie(program, PROGRAM.rawTrie), isWord);
    this.#normalized = new AddedTokens(trie(program, PROGRAM.normalizedTrie), isWord);
    this.#normalize = createNormalizer(program, this.#rewriting);
    this.#shown = shownTokens(program);
    const model = createModel(program, this.#vocabulary);
    this.#pieces = createPreTokenizer(program, this.#rewriting, (text, start, end) => {
      if (this.#spans === undefined) model.tokenize(text, start, end, this.#ids);
      else this.#spans.tokenize(model, text, start, end, this.#ids);
    });
  }

  get addedTokens(): readonly AddedToken[] {
    const added: AddedToken[] = [];
    this.#vocabulary.flags.forEach((flags, id) => {
      if (!(flags & TOKEN_FLAG.added)) return;
      added.push({ id, content: this.#spelling(id), special: (flags & TOKEN_FLAG.special) !== 0 });
    });
    return added;
  }

  get bosToken(): string | undefined {
    return this.tokenOf(this.#program.words[PROGRAM.bosId]!);
  }

  get eosToken(): string | undefined {
    return this.tokenOf(this.#program.words[PROGRAM.eosId]!);
  }

  encode(text: string, options?: EncodeOptions): number[] {
    return Array.from(this.encodeIds(text, options));
  }

  /** As `encode`; the result is overwritten by the next call. */
  encodeIds(text: string, options?: EncodeOptions): Uint32Array {
    const ids = this.#ids;
    ids.length = 0;
    this.#text(text);
    if (this.#program.post.length === 0) return ids.data.subarray(0, ids.length);
    const plain = ids.data.slice(0, ids.length);
    ids.length = 0;
    for (const item of this.#program.post) {
      if (item === THE_TEXT) ids.append(plain, 0, plain.length);
      else if (options?.addSpecialTokens ?? true) ids.push(item);
    }
    return ids.data.subarray(0, ids.length);
  }

  encodeBatch(texts: Iterable<string>, options?: EncodeOptions): TokenBatch {
    const all = new Ids();
    const starts = [0];
    for (const text of texts) {
      const ids = this.encodeIds(text, options);
      all.append(ids, 0, ids.length);
      starts.push(all.length);
    }
    return { ids: all.data.slice(0, all.length), starts: Uint32Array.from(starts) };
  }

  encodeWithOffsets(text: string, options?: EncodeOptions): EncodedToken[] {
    const { words } = this.#program;
    const trims = words[PROGRAM.trim]!;
    const spans = new TokenSpans(words[PROGRAM.model] === MODEL.unigram ? words[PROGRAM.unkId]! : NONE);
    this.#spans = spans;
    try {
      const ids = this.#ids;
      ids.length = 0;
      this.#text(text);
      const plain = spans.tokens(text, ids, trims, (id) => this.tokenOf(id) ?? "");
      const special = options?.addSpecialTokens ?? true;
      return this.#program.post.flatMap((item) => {
        if (item === THE_TEXT) return plain;
        return special ? [{ id: item, start: 0, end: 0 }] : [];
      });
    } finally {
      this.#spans = undefined;
      this.#rewriting.origins = undefined;
    }
  }

  #text(text: string): void {
    // A character of a JavaScript string takes up to three bytes.
    if (this.#input.length < 3 * text.length) this.#input = new Uint8Array(3 * text.length);
    const { written } = UTF8.encodeInto(text, this.#input);
    const input = this.#input;
    if (this.#spans !== undefined) this.#rewriting.origins = this.#spans.begin(input, written);
    this.#raw.split(input, 0, written, {
      token: (id, start, end) => this.#token(id, input, start, end),
      text: (start, end) => this.#plainText(input, start, end),
    });
  }

  /** Text without tokens of the raw kind. */
  #plainText(input: Uint8Array, start: number, end: number): void {
    const rewriting = this.#rewriting;
    rewriting.head = start === 0 ? utf8Length(input[0]!) : 0;
    const normal = this.#normalize?.(rewriting.part(input, start, end));
    const { head } = rewriting;
    const [bytes, from, to] = normal === undefined ? [input, start, end] : [normal, 0, normal.length];
    this.#normalized.split(bytes, from, to, {
      token: (id, a, b) => this.#token(id, bytes, a, b),
      text: (a, b) => this.#pieces(bytes, a, b, head),
    });
  }

  /** An added token, of the bytes from `start` to `end`. */
  #token(id: number, bytes: Uint8Array, start: number, end: number): void {
    this.#ids.push(id);
    this.#spans?.addWhole(bytes, start, end);
  }

  decode(ids: Iterable<number>, options?: DecodeOptions): string {
    const stream = this.#stream(options, false);
    let text = "";
    for (const id of ids) text += stream.push(id);
    return text + stream.flush();
  }

  stream(options?: DecodeOptions): StreamDecoder {
    return this.#stream(options, true);
  }

  #stream(options: DecodeOptions | undefined, eager: boolean): StreamDecoder {
    const hidden = options?.skipSpecialTokens ? TOKEN_FLAG.special : 0;
    const { flags } = this.#vocabulary;
    const visible = (id: number): boolean =>
      ((flags[id] ?? 0) & (TOKEN_FLAG.present | hidden)) === TOKEN_FLAG.present;
    const onlyBytes =
      this.#program.decoders.length === 1 && this.#program.decoders[0]![0] === DECODE.byteLevel;
    if (this.#byteLevel && onlyBytes) {
      return byteStream((id) => (visible(id) ? this.#shownBytes(id) : undefined));
    }
    return pieceStream(this.#program, (id) => (visible(id) ? this.tokenOf(id) : undefined), eager);
  }

  idOf(token: string): number | undefined {
    const spelled = this.#byteLevel ? bytesOfToken(token) : undefined;
    const text = UTF8.encode(token);
    if (spelled === undefined) return this.#find(text, this.#byteLevel ? TOKEN_FLAG.text : 0);
    return this.#find(spelled, 0) ?? this.#find(text, TOKEN_FLAG.text);
  }

  #find(bytes: Uint8Array, kind: number): number | undefined {
    const id = this.#vocabulary.find(
      bytes,
      0,
      bytes.length,
      TOKEN_FLAG.present | TOKEN_FLAG.text,
      TOKEN_FLAG.present | kind,
    );
    return id < 0 ? undefined : id;
  }

  #shownBytes(id: number): Uint8Array {
    const shown = this.#shown.get(id);
    return shown === undefined ? this.#vocabulary.bytesOf(id) : (bytesOfToken(TEXT.decode(shown)) ?? shown);
  }

  /** The token as its vocabulary spells it, or as decoding shows it where that differs. */
  tokenOf(id: number): string | undefined {
    if (!((this.#vocabulary.flags[id] ?? 0) & TOKEN_FLAG.present)) return undefined;
    const shown = this.#shown.get(id);
    return shown === undefined ? this.#spelling(id) : TEXT.decode(shown);
  }

  #spelling(id: number): string {
    const flags = this.#vocabulary.flags[id]!;
    const bytes = this.#vocabulary.bytesOf(id);
    if (!this.#byteLevel || flags & TOKEN_FLAG.text) return TEXT.decode(bytes);
    return Array.from(bytes, (byte) => BYTE_ALPHABET[byte]!).join("");
  }

  /** The model's way to write a conversation; `undefined` for a file without a chat template. */
  get chatTemplate(): ChatRenderer | undefined {
    const rows = words(this.#image.only(SECTION.chatTemplates));
    if (rows.length < 2) return undefined;
    this.#template ??= openTemplates(this.#image, this.#program, rows);
    return this.#template;
  }

  /**
   * Checks all bytes against the checksums in the file.
   *
   * @throws PippinError `TOKENIZER_IMAGE_BROKEN`.
   */
  verify(): void {
    this.#image.verify();
  }
}

/** The model alone, for what a piece of text becomes. */
export function openModel(image: Uint8Array): { model: Model; vocabulary: Vocabulary } {
  const program = new Program(new Image(image));
  const vocabulary = new Vocabulary(program.image, program.words);
  return { model: createModel(program, vocabulary), vocabulary };
}

function shownTokens(program: Program): ReadonlyMap<number, Uint8Array> {
  const rows = words(program.image.only(SECTION.shown));
  const shown = new Map<number, Uint8Array>();
  for (let i = 0; i + 1 < rows.length; i += 2) shown.set(rows[i]!, program.string(rows[i + 1]!));
  return shown;
}

function openTemplates(image: Image, program: Program, rows: Uint32Array): ChatRenderer {
  const text = (number: number): string => TEXT.decode(program.string(number));
  const programs: Record<string, Uint8Array> = {};
  for (let i = 0; i + 1 < rows.length; i += 2) {
    programs[text(rows[i]!)] = image.section(rows[i + 1]!, SECTION.chatTemplate);
  }
  const pairs = words(image.only(SECTION.templateTokens));
  const tokens: Record<string, string> = {};
  for (let i = 0; i + 1 < pairs.length; i += 2) tokens[text(pairs[i]!)] = text(pairs[i + 1]!);
  const opened = new Map<string, ChatTemplateProgram>();
  return {
    render(messages, options = {}) {
      const name = selectTemplate(names(programs), options.tools !== undefined);
      const chosen = opened.get(name) ?? openChatTemplate(programs[name]!);
      opened.set(name, chosen);
      return renderChat(chosen, tokens, messages, options);
    },
  };
}

/** Each name by itself. */
function names(programs: Readonly<Record<string, unknown>>): Record<string, string> {
  return Object.fromEntries(Object.keys(programs).map((name) => [name, name]));
}

function trie(program: Program, at: number): Trie {
  return new Trie(program.image.section(program.words[at]!, SECTION.trie));
}

function wordTable(program: Program): (codePoint: number) => boolean {
  const section = program.words[PROGRAM.wordCharacters]!;
  if (section === NONE) return () => false;
  const table = new CodePointTable(program.image.section(section, SECTION.combining));
  return (codePoint) => table.of(codePoint) !== 0;
}

function createModel(program: Program, vocabulary: Vocabulary): Model {
  const { words: numbers, image } = program;
  const unkId = numbers[PROGRAM.unkId]!;
  const string = (at: number): Uint8Array => program.string(numbers[at]!);
  switch (numbers[PROGRAM.model]) {
    case MODEL.bpe: {
      const [prefix, suffix] = [string(PROGRAM.prefix), string(PROGRAM.suffix)];
      const cut = (numbers[PROGRAM.modelFlags]! & MODEL_FLAG.cutAtMark) !== 0;
      const mark = cut ? string(PROGRAM.mark) : new Uint8Array();
      const glued = cut ? TEXT.decode(string(PROGRAM.glued)) : "";
      return new Bpe(image, numbers, vocabulary, { prefix, suffix, mark, glued });
    }
    case MODEL.unigram:
      return new Unigram(image, numbers, vocabulary);
    case MODEL.wordPiece:
      return new WordPiece(vocabulary, unkId, numbers[PROGRAM.maxWordCharacters]!, string(PROGRAM.prefix));
    default:
      return new WordLevel(vocabulary, unkId);
  }
}
