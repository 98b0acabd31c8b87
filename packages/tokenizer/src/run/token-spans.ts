import { TRIM } from "../image/layout.ts";
import type { EncodedToken } from "../tokenizer.ts";
import { Ids, type Model } from "./ids.ts";
import { isWhiteSpace } from "./normalizer.ts";
import { Origins } from "./origins.ts";

/** How the byte alphabet spells a space. */
const SPELLED_SPACE = "Ġ";

const TEXT = new TextDecoder("utf-8", { ignoreBOM: true });

interface Placed {
  readonly range: readonly [start: number, end: number];
  /** Of added and unknown tokens; others have their own. */
  readonly text?: string;
}

/** Where the tokens of one text stand in it. */
export class TokenSpans {
  readonly #tokens: Placed[] = [];
  readonly #spans = new Ids();
  /** Unigram's unknown token has the text that it stands for. */
  readonly #unknown: number;
  #origins = new Origins(new Uint8Array(), 0);

  constructor(unknown: number) {
    this.#unknown = unknown;
  }

  begin(bytes: Uint8Array, count: number): Origins {
    this.#origins = new Origins(bytes, count);
    return this.#origins;
  }

  /** An added token, of the bytes from `start` to `end`, with the white space that it takes along. */
  addWhole(bytes: Uint8Array, start: number, end: number): void {
    const range = this.#origins.range(bytes, start, end);
    this.#tokens.push({ range, text: TEXT.decode(bytes.subarray(start, end)) });
  }

  /** As `Model.tokenize`. Tokens of parts of characters have those whole. */
  tokenize(model: Model, bytes: Uint8Array, start: number, end: number, ids: Ids): void {
    const spans = this.#spans;
    spans.length = 0;
    const count = ids.length;
    model.tokenize(bytes, start, end, ids, spans);
    for (let i = 0; i < spans.length; i += 2) {
      let from = spans.data[i]!;
      let to = spans.data[i + 1]!;
      while (from > start && (bytes[from]! & 0xc0) === 0x80) from--;
      while (to < end && (bytes[to]! & 0xc0) === 0x80) to++;
      const range = this.#origins.range(bytes, from, to);
      const isUnknown = ids.data[count + i / 2] === this.#unknown;
      this.#tokens.push(isUnknown ? { range, text: TEXT.decode(bytes.subarray(from, to)) } : { range });
    }
  }

  /** @param text - the original one. @param textOf - a token as its vocabulary spells it. */
  tokens(text: string, ids: Ids, trims: number, textOf: (id: number) => string): EncodedToken[] {
    return this.#tokens.map(({ range, text: own }, i) => {
      const id = ids.data[i]!;
      let [start, end] = range;
      for (let turns = trims; turns > 0; turns >>>= TRIM.bits) {
        const keepsPrefix = (turns & TRIM.allButPrefixSpace) !== 0 && (i === 0 || start === 0);
        const { leading, trailing } = spacesOf(own ?? textOf(id));
        // A single one was put there; several were not.
        const from = leading === 1 && keepsPrefix ? start : Math.min(forward(text, start, leading), end);
        end = Math.max(backward(text, end, trailing), from);
        start = from;
      }
      return { id, start, end };
    });
  }
}

/** White space at the ends of a token, in characters. Source: `process_offsets` of the crate tokenizers. */
function spacesOf(token: string): { leading: number; trailing: number } {
  const characters = Array.from(token);
  const isInk = (character: string): boolean =>
    character !== SPELLED_SPACE && !isWhiteSpace(character.codePointAt(0)!);
  const first = characters.findIndex(isInk);
  return {
    leading: first < 0 ? characters.length : first,
    trailing: characters.length - 1 - characters.findLastIndex(isInk),
  };
}

/** `count` characters behind `at`. */
function forward(text: string, at: number, count: number): number {
  let place = at;
  for (let i = 0; i < count; i++) place += (text.codePointAt(place) ?? 0) > 0xffff ? 2 : 1;
  return place;
}

/** `count` characters before `at`, or `at` when there are fewer. */
function backward(text: string, at: number, count: number): number {
  let place = at;
  for (let i = 0; i < count; i++) {
    if (place === 0) return at;
    place -= (text.codePointAt(place - 2) ?? 0) > 0xffff ? 2 : 1;
  }
  return place;
}
