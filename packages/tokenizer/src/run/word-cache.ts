import type { Ids } from "./ids.ts";

const ENTRIES = 1 << 13;
const TEXT_BYTES = 1 << 18;
/** Longer words are rare. */
export const MAX_CACHED_BYTES = 64;

/** The ids of recent words. A word's place is given by its hash; the newest stays. All is forgotten when the space is used up. */
export class WordCache {
  readonly #text = new Uint8Array(TEXT_BYTES);
  readonly #ids = new Uint32Array(TEXT_BYTES);
  readonly #hashes = new Uint32Array(ENTRIES);
  readonly #starts = new Uint32Array(ENTRIES);
  readonly #lengths = new Uint8Array(ENTRIES);
  readonly #idStarts = new Uint32Array(ENTRIES);
  readonly #idCounts = new Uint8Array(ENTRIES);
  #textEnd = 0;
  #idEnd = 0;

  /** Appends the word's ids, if they are known. */
  get(bytes: Uint8Array, start: number, end: number, hash: number, ids: Ids): boolean {
    const entry = hash & (ENTRIES - 1);
    if (this.#hashes[entry] !== hash || this.#lengths[entry] !== end - start) return false;
    for (let at = start, other = this.#starts[entry]!; at < end; at++, other++) {
      if (this.#text[other] !== bytes[at]) return false;
    }
    const from = this.#idStarts[entry]!;
    ids.append(this.#ids, from, from + this.#idCounts[entry]!);
    return true;
  }

  put(bytes: Uint8Array, start: number, end: number, hash: number, ids: Ids, from: number): void {
    const count = ids.length - from;
    const length = end - start;
    if (length > MAX_CACHED_BYTES || count > 255) return;
    if (this.#textEnd + length > TEXT_BYTES || this.#idEnd + count > TEXT_BYTES) this.#clear();
    const entry = hash & (ENTRIES - 1);
    this.#hashes[entry] = hash;
    this.#lengths[entry] = length;
    this.#starts[entry] = this.#textEnd;
    this.#idStarts[entry] = this.#idEnd;
    this.#idCounts[entry] = count;
    for (let at = start; at < end; at++) this.#text[this.#textEnd++] = bytes[at]!;
    for (let at = from; at < ids.length; at++) this.#ids[this.#idEnd++] = ids.data[at]!;
  }

  #clear(): void {
    this.#lengths.fill(0);
    this.#textEnd = 0;
    this.#idEnd = 0;
  }
}
