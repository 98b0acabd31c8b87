import { utf8Length } from "../image/dfa.ts";
import { NONE } from "../image/layout.ts";
import { MODEL_MASK, MODEL_WANTED, type Vocabulary } from "../image/vocabulary.ts";
import type { Ids, Model } from "./ids.ts";

/** The longest token that the rest of a word begins with, again and again; a word that cannot be cut so is unknown. */
export class WordPiece implements Model {
  readonly #vocabulary: Vocabulary;
  readonly #unkId: number;
  readonly #maxCharacters: number;
  /** Put before all but the first token of a word, `##`. */
  readonly #prefix: Uint8Array;
  #key: Uint8Array = new Uint8Array(256);

  constructor(vocabulary: Vocabulary, unkId: number, maxCharacters: number, prefix: Uint8Array) {
    this.#vocabulary = vocabulary;
    this.#unkId = unkId;
    this.#maxCharacters = maxCharacters;
    this.#prefix = prefix;
  }

  tokenize(bytes: Uint8Array, start: number, end: number, ids: Ids, spans?: Ids): void {
    const from = ids.length;
    const spansFrom = spans?.length ?? 0;
    if (characters(bytes, start, end) <= this.#maxCharacters && this.#cut(bytes, start, end, ids, spans))
      return;
    ids.length = from;
    if (spans) spans.length = spansFrom;
    if (this.#unkId === NONE) return;
    ids.push(this.#unkId);
    spans?.pushPair(start, end);
  }

  #cut(bytes: Uint8Array, start: number, end: number, ids: Ids, spans: Ids | undefined): boolean {
    for (let at = start; at < end; ) {
      const before = at === start ? 0 : this.#prefix.length;
      const longest = Math.min(end, at + this.#vocabulary.maxTokenBytes - before);
      if (before + longest - at > this.#key.length) this.#key = new Uint8Array(2 * (before + longest - at));
      if (before > 0) this.#key.set(this.#prefix);
      this.#key.set(bytes.subarray(at, Math.max(at, longest)), before);
      let stop = longest;
      for (; stop > at; stop--) {
        // In the middle of a character.
        if (stop < end && (bytes[stop]! & 0xc0) === 0x80) continue;
        const id = this.#vocabulary.find(this.#key, 0, before + stop - at, MODEL_MASK, MODEL_WANTED);
        if (id < 0) continue;
        ids.push(id);
        spans?.pushPair(at, stop);
        break;
      }
      if (stop <= at) return false;
      at = stop;
    }
    return true;
  }
}

function characters(bytes: Uint8Array, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; at += utf8Length(bytes[at]!)) count++;
  return count;
}

/** The piece as it is, or unknown. */
export class WordLevel implements Model {
  readonly #vocabulary: Vocabulary;
  readonly #unkId: number;

  constructor(vocabulary: Vocabulary, unkId: number) {
    this.#vocabulary = vocabulary;
    this.#unkId = unkId;
  }

  tokenize(bytes: Uint8Array, start: number, end: number, ids: Ids, spans?: Ids): void {
    const id = this.#vocabulary.find(bytes, start, end, MODEL_MASK, MODEL_WANTED);
    const found = id >= 0 ? id : this.#unkId;
    if (found === NONE) return;
    ids.push(found);
    spans?.pushPair(start, end);
  }
}
