import { NONE, OP_WORDS, PROGRAM, SECTION } from "../image/layout.ts";
import { ImageWriter } from "../image/writer.ts";
import { compileRegex } from "../regex/compile.ts";
import type { Syntax } from "../regex/syntax.ts";
import { codePointMapSection, concatenated, dfaSection } from "./tables.ts";

const UTF8 = new TextEncoder();

/** Code and operands; those left out are 0. */
export type OpWords = readonly [code: number, ...operands: number[]];

/** What the parts of a tokenizer.json are compiled into. */
export class Builder {
  readonly writer: ImageWriter = new ImageWriter();
  /** The program's fixed words; the counts of its ops follow from the lists. */
  readonly words: Uint32Array = new Uint32Array(PROGRAM.words).fill(NONE);
  readonly normalizers: OpWords[] = [];
  readonly preTokenizers: OpWords[] = [];
  readonly post: number[] = [];
  readonly decoders: OpWords[] = [];
  readonly #strings = new Map<string, number>();
  readonly #expressions = new Map<string, number>();

  /** The number of a string in the table. */
  string(text: string): number {
    const number = this.#strings.get(text) ?? this.#strings.size;
    this.#strings.set(text, number);
    return number;
  }

  /** The section of a regular expression in Oniguruma's syntax, or of one that has a name instead. */
  regex(pattern: string, syntax?: Syntax): number {
    const known = this.#expressions.get(pattern);
    if (known !== undefined) return known;
    const section = this.writer.add(SECTION.dfa, dfaSection(compileRegex(pattern, syntax)));
    this.#expressions.set(pattern, section);
    return section;
  }

  codePointMap(entries: ReadonlyMap<number, string>): number {
    return this.writer.add(SECTION.codePoints, codePointMapSection(entries));
  }

  /** The file, as far as it is built. */
  finish(vocabSize: number, sourceSha256?: Uint8Array): Uint8Array {
    const { words } = this;
    words[PROGRAM.normalizers] = this.normalizers.length;
    words[PROGRAM.preTokenizers] = this.preTokenizers.length;
    words[PROGRAM.post] = this.post.length;
    words[PROGRAM.decoders] = this.decoders.length;
    const lists = [
      ops(this.normalizers),
      ops(this.preTokenizers),
      Uint32Array.from(this.post),
      ops(this.decoders),
    ];
    return this.writer.finish(vocabSize, sourceSha256, [
      { kind: SECTION.program, bytes: concatenated([words, ...lists]) },
      { kind: SECTION.strings, bytes: stringTable([...this.#strings.keys()]) },
    ]);
  }
}

function ops(list: readonly OpWords[]): Uint32Array {
  const words = new Uint32Array(list.length * OP_WORDS);
  list.forEach((op, i) => {
    words.set(op, i * OP_WORDS);
  });
  return words;
}

function stringTable(strings: readonly string[]): Uint8Array {
  const encoded = strings.map((text) => UTF8.encode(text));
  const table = new Uint32Array(encoded.length + 2);
  table[0] = encoded.length;
  encoded.forEach((bytes, i) => {
    table[i + 2] = table[i + 1]! + bytes.length;
  });
  return concatenated([table, ...encoded]);
}

/** A text as a regular expression that matches nothing else. */
export function literal(text: string): string {
  return Array.from(text, (character) =>
    /[A-Za-z0-9]/.test(character) ? character : `\\x{${character.codePointAt(0)!.toString(16)}}`,
  ).join("");
}
