import { CodePointMap, CodePointTable } from "../image/code-points.ts";
import { characterBefore, codePointAt, utf8Length } from "../image/dfa.ts";
import { broken, words } from "../image/image.ts";
import type { Rewriter, Rewriting } from "./rewriting.ts";

/** In the table of combining classes: class 0, but not certainly as the form has it. */
export const UNCERTAIN = 255;

const S_BASE = 0xac00;
const L_BASE = 0x1100;
const V_BASE = 0x1161;
const T_BASE = 0x11a7;
const V_COUNT = 21;
const T_COUNT = 28;
const S_COUNT = 19 * V_COUNT * T_COUNT;

interface Character {
  readonly point: number;
  readonly combining: number;
  /** How many characters of the text it stands for: 0 for those that another one was taken apart into, but the first. */
  readonly taken: number;
}

/** NFC, NFD, NFKC or NFKD, with the file's Unicode data. Source: the Unicode Standard, section 3.11, and 3.12 for Hangul. */
export class NormalForm {
  readonly #decompositions: CodePointMap;
  readonly #combining: CodePointTable;
  /** Three words each: first, second, composite; sorted. */
  readonly #compositions: Uint32Array | undefined;

  constructor(decompositions: Uint8Array, combining: Uint8Array, compositions: Uint8Array | undefined) {
    this.#decompositions = new CodePointMap(decompositions);
    this.#combining = new CodePointTable(combining);
    this.#compositions = compositions && words(compositions);
    if (this.#compositions && this.#compositions.length % 3 !== 0)
      throw broken("its compositions are cut off");
  }

  /** Characters that are certainly as the form has them bound what may change: from the last one before it to the next one. */
  apply(bytes: Uint8Array, rewriting: Rewriting): Uint8Array {
    let out: Rewriter | undefined;
    let from = 0;
    let certain = 0;
    for (let at = 0; at < bytes.length; ) {
      const length = utf8Length(bytes[at]!);
      if (this.#isCertain(bytes, at, length)) {
        certain = at;
        at += length;
        continue;
      }
      let end = at + length;
      while (end < bytes.length && !this.#isCertain(bytes, end, utf8Length(bytes[end]!)))
        end += utf8Length(bytes[end]!);
      out ??= rewriting.begin(bytes, bytes.length + 16);
      out.keep(from, certain);
      this.#rewrite(bytes, certain, end, out);
      from = end;
      certain = end;
      at = end;
    }
    if (out === undefined) return bytes;
    out.keep(from, bytes.length);
    return out.done();
  }

  #isCertain(bytes: Uint8Array, at: number, length: number): boolean {
    return length === 1 || this.#combining.of(codePointAt(bytes, at, length)) === 0;
  }

  #rewrite(bytes: Uint8Array, start: number, end: number, out: Rewriter): void {
    const decomposed: Character[] = [];
    for (let at = start; at < end; ) {
      const length = utf8Length(bytes[at]!);
      this.#decompose(codePointAt(bytes, at, length), decomposed);
      at += length;
    }
    order(decomposed);
    // Places are those of the characters in their turn, whatever order they have now, as in the reference.
    let at = start;
    for (const { point, taken } of this.#compositions ? this.#compose(decomposed) : decomposed) {
      const from = taken > 0 || at === start ? at : characterBefore(bytes, start, at);
      out.putCharacter(point, from, Math.min(end, from + utf8Length(bytes[from]!)));
      for (let i = 0; i < taken && at < end; i++) at += utf8Length(bytes[at]!);
    }
  }

  #decompose(point: number, out: Character[]): void {
    let taken = 1;
    const put = (one: number): void => {
      const combining = this.#combining.of(one);
      out.push({ point: one, combining: combining === UNCERTAIN ? 0 : combining, taken });
      taken = 0;
    };
    const syllable = point - S_BASE;
    if (syllable >= 0 && syllable < S_COUNT) {
      put(L_BASE + Math.floor(syllable / (V_COUNT * T_COUNT)));
      put(V_BASE + Math.floor((syllable % (V_COUNT * T_COUNT)) / T_COUNT));
      if (syllable % T_COUNT !== 0) put(T_BASE + (syllable % T_COUNT));
      return;
    }
    const parts = this.#decompositions.of(point);
    if (parts === undefined) {
      put(point);
      return;
    }
    for (let at = 0; at < parts.length; ) {
      const length = utf8Length(parts[at]!);
      put(codePointAt(parts, at, length));
      at += length;
    }
  }

  /** Joins each character with the last starter before it, where no character between blocks it. */
  #compose(characters: readonly Character[]): Character[] {
    const out: Character[] = [];
    let starter = -1;
    let last = -1;
    for (const character of characters) {
      const { point, combining, taken } = character;
      if (starter >= 0 && (last < combining || last === -1)) {
        const first = out[starter]!;
        const composite = this.#pair(first.point, point);
        if (composite !== undefined) {
          out[starter] = { ...first, point: composite, taken: first.taken + taken };
          continue;
        }
      }
      if (combining === 0) {
        starter = out.length;
        last = -1;
      } else {
        last = combining;
      }
      out.push(character);
    }
    return out;
  }

  #pair(first: number, second: number): number | undefined {
    const lead = first - L_BASE;
    const vowel = second - V_BASE;
    if (lead >= 0 && lead < 19 && vowel >= 0 && vowel < V_COUNT)
      return S_BASE + (lead * V_COUNT + vowel) * T_COUNT;
    const syllable = first - S_BASE;
    const trail = second - T_BASE;
    const open = syllable >= 0 && syllable < S_COUNT && syllable % T_COUNT === 0;
    if (open && trail > 0 && trail < T_COUNT) return first + trail;
    const table = this.#compositions!;
    for (let low = 0, high = table.length / 3; low < high; ) {
      const middle = (low + high) >> 1;
      const difference = table[3 * middle]! - first || table[3 * middle + 1]! - second;
      if (difference === 0) return table[3 * middle + 2];
      if (difference < 0) low = middle + 1;
      else high = middle;
    }
    return undefined;
  }
}

/** Sorts runs of combining characters by their classes, stably. */
function order(characters: Character[]): void {
  for (let start = 0; start < characters.length; ) {
    if (characters[start]!.combining === 0) {
      start++;
      continue;
    }
    let end = start;
    while (end < characters.length && characters[end]!.combining !== 0) end++;
    const run = characters.slice(start, end).sort((a, b) => a.combining - b.combining);
    for (const character of run) characters[start++] = character;
  }
}
