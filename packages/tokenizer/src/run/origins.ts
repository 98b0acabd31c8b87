import { utf8Length } from "../image/dfa.ts";

/** The part of the original text that a byte comes from, in UTF-16 code units. */
interface Ranges {
  readonly starts: Uint32Array;
  readonly ends: Uint32Array;
}

/**
 * Where the bytes of texts that were made of one text come from. Bytes of one character have one origin. Source of what becomes of
 * origins: `NormalizedString` of the crate tokenizers.
 */
export class Origins {
  readonly #ranges = new Map<Uint8Array, Ranges>();

  /** @param bytes - the original text, `count` bytes of valid UTF-8. */
  constructor(bytes: Uint8Array, count: number) {
    const ranges = rangesOf(count);
    let unit = 0;
    for (let at = 0; at < count; ) {
      const length = utf8Length(bytes[at]!);
      const end = unit + (length === 4 ? 2 : 1);
      ranges.starts.fill(unit, at, at + length);
      ranges.ends.fill(end, at, at + length);
      unit = end;
      at += length;
    }
    this.#ranges.set(bytes, ranges);
  }

  setPart(part: Uint8Array, whole: Uint8Array, start: number, end: number): void {
    const { starts, ends } = this.#of(whole);
    this.#ranges.set(part, { starts: starts.subarray(start, end), ends: ends.subarray(start, end) });
  }

  /** @param from - for each byte where it comes from in `source`; `to` behind that. Empty origins are the end of what is before. */
  setRewritten(bytes: Uint8Array, source: Uint8Array, from: readonly number[], to: readonly number[]): void {
    const ranges = rangesOf(bytes.length);
    for (let at = 0; at < bytes.length; at++) {
      const [start, end] = this.range(source, from[at]!, to[at]!);
      ranges.starts[at] = start;
      ranges.ends[at] = end;
    }
    this.#ranges.set(bytes, ranges);
  }

  /** The part of the original that the bytes from `start` to `end` come from. */
  range(bytes: Uint8Array, start: number, end: number): [start: number, end: number] {
    const { starts, ends } = this.#of(bytes);
    if (start < end) return [starts[start] ?? 0, ends[end - 1] ?? 0];
    const place = start > 0 ? (ends[start - 1] ?? 0) : (starts[0] ?? 0);
    return [place, place];
  }

  #of(bytes: Uint8Array): Ranges {
    return this.#ranges.get(bytes) ?? rangesOf(0);
  }
}

function rangesOf(count: number): Ranges {
  return { starts: new Uint32Array(count), ends: new Uint32Array(count) };
}
