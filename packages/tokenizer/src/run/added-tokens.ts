import { characterBefore, codePointAt, utf8Length } from "../image/dfa.ts";
import { NONE } from "../image/layout.ts";
import type { Trie } from "../image/trie.ts";
import { isWhiteSpace } from "./normalizer.ts";

/** Bits of a pattern's second word. Its first is the id; its third, whether the characters at its ends are looked up (see `CodePointTable`). */
export const ADDED_FLAG = { singleWord: 1, lstrip: 2, rstrip: 4 } as const;

/** Calls for what lies between added tokens, and for each of these. */
export interface Parts {
  text(start: number, end: number): void;
  token(id: number, start: number, end: number): void;
}

/** Tokens that are matched whole in the text: the first one, and of those that begin there the longest. */
export class AddedTokens {
  readonly #trie: Trie;
  readonly #isWord: (codePoint: number) => boolean;

  constructor(trie: Trie, isWord: (codePoint: number) => boolean) {
    this.#trie = trie;
    this.#isWord = isWord;
  }

  /** Source: `AddedVocabulary::find_matches` of the crate tokenizers. */
  split(bytes: Uint8Array, begin: number, end: number, parts: Parts): void {
    const { patterns } = this.#trie;
    let from = begin;
    for (let at = begin; at < end; ) {
      if (!this.#trie.begins(bytes[at]!)) {
        at++;
        continue;
      }
      const pattern = this.#longest(bytes, at, end);
      if (pattern === NONE) {
        at++;
        continue;
      }
      let start = at;
      let stop = this.#end;
      at = stop;
      const flags = patterns[3 * pattern + 1]!;
      if (flags & ADDED_FLAG.singleWord && !this.#alone(bytes, begin, start, stop, end)) continue;
      if (flags & ADDED_FLAG.lstrip) start = Math.max(from, spaceBefore(bytes, begin, start));
      if (flags & ADDED_FLAG.rstrip) stop = spaceBehind(bytes, stop, end);
      if (from < start) parts.text(from, start);
      // White space that another token took already leaves nothing.
      if (start < stop) parts.token(patterns[3 * pattern]!, start, stop);
      from = stop;
    }
    if (from < end) parts.text(from, end);
  }

  #end = 0;

  #longest(bytes: Uint8Array, start: number, end: number): number {
    const count = this.#trie.patterns.length / 3;
    let found: number = NONE;
    let node = 0;
    for (let at = start; at < end; at++) {
      node = this.#trie.child(node, bytes[at]!);
      if (node === 0) break;
      const value = this.#trie.valueOf(node);
      if (value >= count) continue;
      found = value;
      this.#end = at + 1;
    }
    return found;
  }

  #alone(bytes: Uint8Array, begin: number, start: number, stop: number, end: number): boolean {
    if (start > begin) {
      const before = characterBefore(bytes, begin, start);
      if (this.#isWord(codePointAt(bytes, before, start - before))) return false;
    }
    return stop === end || !this.#isWord(codePointAt(bytes, stop, utf8Length(bytes[stop]!)));
  }
}

function spaceBefore(bytes: Uint8Array, begin: number, end: number): number {
  let at = end;
  while (at > begin) {
    const before = characterBefore(bytes, begin, at);
    if (!isWhiteSpace(codePointAt(bytes, before, at - before))) break;
    at = before;
  }
  return at;
}

function spaceBehind(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end) {
    const length = utf8Length(bytes[at]!);
    if (!isWhiteSpace(codePointAt(bytes, at, length))) break;
    at += length;
  }
  return at;
}
