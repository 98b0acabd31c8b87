import { broken, type Image, words } from "./image.ts";
import { OP_WORDS, PROGRAM, SECTION } from "./layout.ts";

/** Code and operands. */
export type Op = readonly [code: number, a: number, b: number, c: number, d: number, e: number];

/** Far more stages than any tokenizer has. */
const MAX_OPS = 10_000;

/** What a file does with a text, stage by stage. */
export class Program {
  readonly image: Image;
  readonly words: Uint32Array;
  readonly normalizers: readonly Op[];
  readonly preTokenizers: readonly Op[];
  /** Ids, and `THE_TEXT`. */
  readonly post: readonly number[];
  readonly decoders: readonly Op[];
  readonly #strings: Uint8Array;

  /** @throws PippinError `TOKENIZER_IMAGE_BROKEN`. */
  constructor(image: Image) {
    this.image = image;
    this.words = words(image.only(SECTION.program));
    this.#strings = image.only(SECTION.strings);
    if (this.words.length < PROGRAM.words) throw broken("its program is cut off");
    const count = (at: number): number => this.words[at]!;
    let at: number = PROGRAM.words;
    const take = (length: number): Uint32Array => {
      if (length > this.words.length - at) throw broken("its program is cut off");
      const taken = this.words.subarray(at, at + length);
      at += length;
      return taken;
    };
    const ops = (length: number): Op[] => {
      if (length > MAX_OPS) throw broken(`its program has ${length} stages`);
      const taken = take(length * OP_WORDS);
      return Array.from({ length }, (_, i) => {
        const [code = 0, a = 0, b = 0, c = 0, d = 0, e = 0] = taken.subarray(
          i * OP_WORDS,
          (i + 1) * OP_WORDS,
        );
        return [code, a, b, c, d, e];
      });
    };
    this.normalizers = ops(count(PROGRAM.normalizers));
    this.preTokenizers = ops(count(PROGRAM.preTokenizers));
    this.post = Array.from(take(Math.min(count(PROGRAM.post), this.words.length)));
    this.decoders = ops(count(PROGRAM.decoders));
  }

  /** String `number` of the table: U32 count, U32 begin of each string (and one more), the strings. */
  string(number: number): Uint8Array {
    const table = words(this.#strings);
    const [count = 0] = table;
    if (number >= count || 4 * (count + 2) > this.#strings.length) throw broken(`it has no string ${number}`);
    const pool = this.#strings.subarray(4 * (count + 2));
    return pool.subarray(table[1 + number], table[2 + number]);
  }
}
