import { CodePointMap, CodePointTable } from "../image/code-points.ts";
import { codePointAt, utf8Length } from "../image/dfa.ts";
import { broken, words } from "../image/image.ts";
import { ByteBuffer } from "./byte-buffer.ts";

/** In the table of combining classes: class 0, but not certainly as the form has it. */
export const UNCERTAIN = 255;

const S_BASE = 0xac00;
const L_BASE = 0x1100;
const V_BASE = 0x1161;
const T_BASE = 0x11a7;
const V_COUNT = 21;
const T_COUNT = 28;
const S_COUNT = 19 * V_COUNT * T_COUNT;

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
  apply(bytes: Uint8Array): Uint8Array {
    let out: ByteBuffer | undefined;
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
      out ??= new ByteBuffer(bytes.length + 16);
      out.copy(bytes, from, certain);
      this.#rewrite(bytes, certain, end, out);
      from = end;
      certain = end;
      at = end;
    }
    if (out === undefined) return bytes;
    out.copy(bytes, from, bytes.length);
    return out.bytes();
  }

  #isCertain(bytes: Uint8Array, at: number, length: number): boolean {
    return length === 1 || this.#combining.of(codePointAt(bytes, at, length)) === 0;
  }

  #rewrite(bytes: Uint8Array, start: number, end: number, out: ByteBuffer): void {
    const points: number[] = [];
    const classes: number[] = [];
    for (let at = start; at < end; ) {
      const length = utf8Length(bytes[at]!);
      this.#decompose(codePointAt(bytes, at, length), points, classes);
      at += length;
    }
    order(points, classes);
    for (const point of this.#compositions ? this.#compose(points, classes) : points) out.character(point);
  }

  #decompose(point: number, points: number[], classes: number[]): void {
    const put = (one: number): void => {
      const combining = this.#combining.of(one);
      points.push(one);
      classes.push(combining === UNCERTAIN ? 0 : combining);
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
  #compose(points: number[], classes: number[]): number[] {
    const out: number[] = [];
    let starter = -1;
    let last = -1;
    for (let i = 0; i < points.length; i++) {
      const combining = classes[i]!;
      if (starter >= 0 && (last < combining || last === -1)) {
        const composite = this.#pair(out[starter]!, points[i]!);
        if (composite !== undefined) {
          out[starter] = composite;
          continue;
        }
      }
      if (combining === 0) {
        starter = out.length;
        last = -1;
      } else {
        last = combining;
      }
      out.push(points[i]!);
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
function order(points: number[], classes: number[]): void {
  for (let start = 0; start < points.length; ) {
    if (classes[start] === 0) {
      start++;
      continue;
    }
    let end = start;
    while (end < points.length && classes[end] !== 0) end++;
    const run = Array.from({ length: end - start }, (_, i) => start + i);
    run.sort((a, b) => classes[a]! - classes[b]! || a - b);
    const sorted = run.map((i) => [points[i]!, classes[i]!] as const);
    sorted.forEach(([point, combining], i) => {
      points[start + i] = point;
      classes[start + i] = combining;
    });
    start = end;
  }
}
