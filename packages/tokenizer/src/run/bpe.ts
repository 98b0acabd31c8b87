import { characterBefore, codePointAt, utf8Length } from "../image/dfa.ts";
import { hashBytes } from "../image/hash.ts";
import type { Image } from "../image/image.ts";
import { words } from "../image/image.ts";
import { MODEL_FLAG, NONE, PROGRAM, SECTION, TOKEN_FLAG } from "../image/layout.ts";
import { MergeTable } from "../image/merge-table.ts";
import { MODEL_MASK, MODEL_WANTED, type Vocabulary } from "../image/vocabulary.ts";
import type { Ids, Model } from "./ids.ts";
import { merge } from "./merge.ts";
import { MAX_CACHED_BYTES, WordCache } from "./word-cache.ts";

export interface BpeStrings {
  /** Put before every character of a piece but the first. */
  readonly prefix: Uint8Array;
  /** Put behind the last character of a piece. */
  readonly suffix: Uint8Array;
  /** Pieces may be cut before it, behind anything else but the characters `glued`. Empty for none. */
  readonly mark: Uint8Array;
  readonly glued: string;
}

/** Byte pair encoding, of bytes or of characters. */
export class Bpe implements Model {
  readonly #vocabulary: Vocabulary;
  readonly #merges: MergeTable;
  readonly #strings: BpeStrings;
  readonly #byteIds: Uint32Array;
  readonly #unkId: number;
  readonly #byteLevel: boolean;
  readonly #byteFallback: boolean;
  readonly #fuseUnk: boolean;
  readonly #cutAtMark: boolean;
  readonly #glued: readonly number[];
  /** A piece with these flags set is a token at once. */
  readonly #wholeMask: number;
  readonly #wholeWanted: number;
  readonly #cache = new WordCache();
  #symbols: Uint32Array = new Uint32Array(256);
  /** Bytes of the text that each symbol stands for, as the reference counts them. */
  #sizes: Uint32Array = new Uint32Array(256);
  #count = 0;
  #key: Uint8Array = new Uint8Array(64);

  constructor(image: Image, program: Uint32Array, vocabulary: Vocabulary, strings: BpeStrings) {
    const flags = program[PROGRAM.modelFlags]!;
    this.#vocabulary = vocabulary;
    this.#merges = new MergeTable(image, program);
    this.#strings = strings;
    this.#byteIds = words(image.only(SECTION.byteIds));
    this.#unkId = program[PROGRAM.unkId]!;
    this.#byteLevel = (flags & MODEL_FLAG.byteLevel) !== 0;
    this.#byteFallback = (flags & MODEL_FLAG.byteFallback) !== 0;
    this.#fuseUnk = (flags & MODEL_FLAG.fuseUnk) !== 0;
    this.#cutAtMark = strings.mark.length > 0;
    this.#glued = Array.from(strings.glued, (character) => character.codePointAt(0)!);
    const whole = flags & MODEL_FLAG.ignoreMerges ? 0 : TOKEN_FLAG.whole;
    this.#wholeMask = MODEL_MASK | whole;
    this.#wholeWanted = MODEL_WANTED | whole;
  }

  tokenize(bytes: Uint8Array, start: number, end: number, ids: Ids, spans?: Ids): void {
    if (!this.#cutAtMark) {
      this.#word(bytes, start, end, ids, spans);
      return;
    }
    const { mark } = this.#strings;
    const first = mark[0];
    let from = start;
    let afterMark = false;
    for (let at = start; at < end; ) {
      if (bytes[at] === first && startsWith(bytes, at, end, mark)) {
        if (!afterMark && at > from && !this.#isGlued(bytes, from, at)) {
          this.#word(bytes, from, at, ids, spans);
          from = at;
        }
        afterMark = true;
        at += mark.length;
      } else {
        afterMark = false;
        at++;
      }
    }
    this.#word(bytes, from, end, ids, spans);
  }

  /** Whether the character that ends at `end` may be joined with a mark behind it. */
  #isGlued(bytes: Uint8Array, start: number, end: number): boolean {
    if (this.#glued.length === 0) return false;
    const before = characterBefore(bytes, start, end);
    return this.#glued.includes(codePointAt(bytes, before, end - before));
  }

  #word(bytes: Uint8Array, start: number, end: number, ids: Ids, spans: Ids | undefined): void {
    const hash =
      end - start <= MAX_CACHED_BYTES || end - start <= this.#vocabulary.maxTokenBytes
        ? hashBytes(bytes, start, end)
        : 0;
    if (end - start <= this.#vocabulary.maxTokenBytes) {
      const id = this.#vocabulary.findHashed(bytes, start, end, hash, this.#wholeMask, this.#wholeWanted);
      if (id >= 0) {
        ids.push(id);
        spans?.pushPair(start, end);
        return;
      }
    }
    const cached = end - start <= MAX_CACHED_BYTES && spans === undefined;
    if (cached && this.#cache.get(bytes, start, end, hash, ids)) return;
    const from = ids.length;
    this.#count = 0;
    if (this.#byteLevel) this.#bytes(bytes, start, end);
    else this.#characters(bytes, start, end);
    const count = merge(this.#merges, this.#symbols, this.#count, spans && this.#sizes);
    ids.append(this.#symbols, 0, count);
    for (let i = 0, at = start; spans && i < count; at += this.#sizes[i++]!) {
      spans.pushPair(Math.min(at, end), Math.min(at + this.#sizes[i]!, end));
    }
    if (cached) this.#cache.put(bytes, start, end, hash, ids, from);
  }

  #add(id: number, size: number): void {
    if (this.#count === this.#symbols.length) {
      this.#symbols = doubled(this.#symbols);
      this.#sizes = doubled(this.#sizes);
    }
    this.#sizes[this.#count] = size;
    this.#symbols[this.#count++] = id;
  }

  #bytes(bytes: Uint8Array, start: number, end: number): void {
    let unk = 0;
    for (let at = start; at < end; at++) {
      const id = this.#byteIds[bytes[at]!] ?? NONE;
      if (id === NONE) {
        unk = this.#unknown(unk, 1);
        continue;
      }
      if (unk > 0) this.#add(this.#unkId, unk);
      unk = 0;
      this.#add(id, 1);
    }
    if (unk > 0) this.#add(this.#unkId, unk);
  }

  /** @param pending - bytes of an unknown token that waits for what follows. @returns those of one that waits now. */
  #unknown(pending: number, size: number): number {
    if (this.#unkId === NONE) return 0;
    if (pending > 0 && this.#fuseUnk) return pending + size;
    if (pending > 0) this.#add(this.#unkId, pending);
    return size;
  }

  #characters(bytes: Uint8Array, start: number, end: number): void {
    let unk = 0;
    for (let at = start; at < end; ) {
      const stop = Math.min(end, at + utf8Length(bytes[at]!));
      const id = this.#idOfCharacter(bytes, at, stop, at === start, stop === end);
      const size = stop - at;
      at = stop;
      if (id >= 0) {
        if (unk > 0) this.#add(this.#unkId, unk);
        unk = 0;
        this.#add(id, size);
      } else if (!this.#asBytes()) {
        unk = this.#unknown(unk, size);
      }
    }
    if (unk > 0) this.#add(this.#unkId, unk);
  }

  /** The id of a character with what goes before and behind it, which is left in `#key`. */
  #idOfCharacter(bytes: Uint8Array, start: number, end: number, first: boolean, last: boolean): number {
    const { prefix, suffix } = this.#strings;
    const before = first ? 0 : prefix.length;
    const behind = last ? suffix.length : 0;
    const length = before + end - start + behind;
    if (length > this.#key.length) this.#key = new Uint8Array(2 * length);
    if (before > 0) this.#key.set(prefix);
    for (let at = start; at < end; at++) this.#key[before + at - start] = bytes[at]!;
    if (behind > 0) this.#key.set(suffix, length - behind);
    this.#keyLength = length;
    return this.#vocabulary.find(this.#key, 0, length, MODEL_MASK, MODEL_WANTED);
  }

  #keyLength = 0;

  /** Adds the bytes of `#key` as tokens, if there is one for each. An unknown token that waits goes on waiting, as in the reference. */
  #asBytes(): boolean {
    if (!this.#byteFallback) return false;
    for (let at = 0; at < this.#keyLength; at++) {
      if ((this.#byteIds[this.#key[at]!] ?? NONE) === NONE) return false;
    }
    for (let at = 0; at < this.#keyLength; at++) this.#add(this.#byteIds[this.#key[at]!]!, 1);
    return true;
  }
}

function doubled(list: Uint32Array): Uint32Array {
  const more = new Uint32Array(2 * list.length);
  more.set(list);
  return more;
}

function startsWith(bytes: Uint8Array, at: number, end: number, wanted: Uint8Array): boolean {
  if (at + wanted.length > end) return false;
  for (let i = 0; i < wanted.length; i++) if (bytes[at + i] !== wanted[i]) return false;
  return true;
}
