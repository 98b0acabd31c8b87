import { broken, halves, words } from "./image.ts";
import { BLOCK_BITS, BLOCKS, DFA_WORDS } from "./layout.ts";

const MATCH = 0x8000;

/**
 * A regular expression as a table: one state and one class of characters at a time. Section: `DFA_WORDS`, then U16 start
 * states by the class before (the last: none), U16 transitions [state][class], U16 blocks by code point >> 7, U8 classes by block.
 */
export class Dfa {
  readonly classCount: number;
  readonly looksBehind: boolean;
  readonly #starts: Uint16Array;
  readonly #transitions: Uint16Array;
  readonly #index: Uint16Array;
  readonly #blocks: Uint8Array;
  readonly #ascii: Uint8Array;

  /** @throws PippinError `TOKENIZER_IMAGE_BROKEN`. */
  constructor(bytes: Uint8Array) {
    const head = words(bytes);
    const [classCount = 0, stateCount = 0, blockCount = 0, looksBehind = 0] = head;
    const counts =
      classCount > 0 && classCount <= 256 && stateCount > 0 && stateCount <= MATCH && blockCount > 0;
    if (!counts || blockCount > BLOCKS) throw broken("a regular expression has no states");
    let at = 4 * DFA_WORDS.words;
    const next = (count: number): Uint16Array => {
      const table = halves(bytes, at, count);
      at += 2 * count;
      return table;
    };
    this.classCount = classCount;
    this.looksBehind = looksBehind !== 0;
    this.#starts = next(classCount);
    this.#transitions = next(stateCount * classCount);
    this.#index = next(BLOCKS);
    this.#blocks = bytes.subarray(at, at + (blockCount << BLOCK_BITS));
    const inside =
      this.#blocks.length === blockCount << BLOCK_BITS &&
      this.#starts.every((state) => state < stateCount) &&
      this.#transitions.every((entry) => (entry & (MATCH - 1)) < stateCount) &&
      this.#index.every((block) => block < blockCount) &&
      this.#blocks.every((kind) => kind < classCount - 1);
    if (!inside) throw broken("a regular expression leads outside of its tables");
    const first = this.#index[0]! << BLOCK_BITS;
    this.#ascii = this.#blocks.subarray(first, first + 128);
  }

  /**
   * The end of the match that begins at `at`, or −1; it may be empty.
   *
   * @param begin - of the text, which is valid UTF-8: nothing before it is looked at.
   */
  matchEnd(bytes: Uint8Array, begin: number, at: number, end: number): number {
    const { classCount } = this;
    const transitions = this.#transitions;
    let state = this.#starts[this.looksBehind ? this.#classBefore(bytes, begin, at) : 0]!;
    let match = -1;
    for (let p = at; ; ) {
      const here = p;
      let kind = classCount - 1;
      if (p < end) {
        const byte = bytes[p]!;
        if (byte < 0x80) {
          kind = this.#ascii[byte]!;
          p++;
        } else {
          const length = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
          kind = this.#classOf(codePointAt(bytes, p, length));
          p += length;
        }
      }
      const entry = transitions[state * classCount + kind]!;
      if (entry & MATCH) match = here;
      state = entry & (MATCH - 1);
      if (state === 0 || here >= end) return match;
    }
  }

  #classBefore(bytes: Uint8Array, begin: number, at: number): number {
    if (at <= begin) return this.classCount - 1;
    let start = at - 1;
    while (start > begin && (bytes[start]! & 0xc0) === 0x80) start--;
    return this.#classOf(codePointAt(bytes, start, at - start));
  }

  #classOf(codePoint: number): number {
    if (codePoint > 0x10ffff) return 0;
    return this.#blocks[(this.#index[codePoint >> BLOCK_BITS]! << BLOCK_BITS) | (codePoint & 127)]!;
  }
}

/** The code point of `length` bytes of valid UTF-8. */
export function codePointAt(bytes: Uint8Array, at: number, length: number): number {
  const first = bytes[at]!;
  if (length === 1) return first;
  const second = bytes[at + 1]! & 0x3f;
  if (length === 2) return ((first & 0x1f) << 6) | second;
  const third = bytes[at + 2]! & 0x3f;
  if (length === 3) return ((first & 0x0f) << 12) | (second << 6) | third;
  return ((first & 0x07) << 18) | (second << 12) | (third << 6) | (bytes[at + 3]! & 0x3f);
}

/** Bytes of the character that begins with `first`. */
export function utf8Length(first: number): number {
  return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/** Where the character that ends at `end` begins. */
export function characterBefore(bytes: Uint8Array, start: number, end: number): number {
  let at = end - 1;
  while (at > start && (bytes[at]! & 0xc0) === 0x80) at--;
  return at;
}

/**
 * Calls `visit` with every match from left to right and returns the end of the last. An empty match right behind another one
 * does not count. Source: `find_iter` of the crate onig.
 */
export function eachMatch(
  dfa: Dfa,
  bytes: Uint8Array,
  start: number,
  end: number,
  visit: (from: number, to: number) => void,
): void {
  let last = -1;
  for (let at = start; at <= end; ) {
    const to = dfa.matchEnd(bytes, start, at, end);
    if (to < 0 || (to === at && to === last)) {
      at += at < end ? utf8Length(bytes[at]!) : 1;
      continue;
    }
    visit(at, to);
    last = to;
    at = to;
  }
}
