import { CodePointMap } from "../image/code-points.ts";
import { characterBefore, codePointAt, Dfa, utf8Length } from "../image/dfa.ts";
import { NONE, SECTION } from "../image/layout.ts";
import type { Program } from "../image/program.ts";
import { Trie } from "../image/trie.ts";
import type { Rewriting } from "./rewriting.ts";

/** Clusters of so many bytes are looked up whole. Source: `Precompiled` of the crate tokenizers. */
const MAX_CLUSTER_BYTES = 5;

/**
 * SentencePiece's normalization as the reference does it: a short grapheme cluster that begins with an entry becomes what that
 * entry says, whatever else is in it; of other clusters each character by itself.
 */
export class Charsmap {
  readonly #characters: CodePointMap;
  /** Entries of several characters; values are strings of the program. */
  readonly #sequences: Trie;
  readonly #clusters: Dfa;
  readonly #program: Program;

  /** @throws PippinError `TOKENIZER_IMAGE_BROKEN`. */
  constructor(program: Program, characters: number, sequences: number, clusters: number) {
    const { image } = program;
    this.#program = program;
    this.#characters = new CodePointMap(image.section(characters, SECTION.codePoints));
    this.#sequences = new Trie(image.section(sequences, SECTION.trie));
    this.#clusters = new Dfa(image.section(clusters, SECTION.dfa));
  }

  apply(bytes: Uint8Array, rewriting: Rewriting): Uint8Array {
    const out = rewriting.begin(bytes, bytes.length + 16);
    // Where what is written comes from: the reference takes a character of the text for each that it writes, and for the first those
    // that there are more. What becomes nothing goes with what is before it; at the beginning, it is taken for what comes next.
    let taken = 0;
    let isFirst = true;
    const next = (at: number): number => Math.min(bytes.length, at + utf8Length(bytes[at]!));
    const put = (content: Uint8Array, start: number, end: number): void => {
      const old = characters(bytes, start, end);
      const more = Math.max(0, old - characters(content, 0, content.length));
      for (let at = 0, number = 0; at < content.length; number++) {
        const length = utf8Length(content[at]!);
        const added = number >= old;
        const from = !added || taken === 0 ? taken : characterBefore(bytes, 0, taken);
        out.put(content.subarray(at, at + length), from, added && taken === 0 ? 0 : next(from));
        if (!added) taken = next(taken);
        for (let i = 0; number === 0 && i < more; i++) taken = next(taken);
        isFirst = false;
        at += length;
      }
      for (let i = 0; content.length === 0 && !isFirst && i < old; i++) taken = next(taken);
    };
    for (let at = 0; at < bytes.length; ) {
      const end = Math.max(at + 1, this.#clusters.matchEnd(bytes, 0, at, bytes.length));
      const whole = end - at <= MAX_CLUSTER_BYTES ? this.#cluster(bytes, at, end) : undefined;
      if (whole !== undefined) put(whole, at, end);
      for (let p = at; whole === undefined && p < end; ) {
        const stop = next(p);
        put(this.#characters.of(codePointAt(bytes, p, stop - p)) ?? bytes.subarray(p, stop), p, stop);
        p = stop;
      }
      at = end;
    }
    return out.done();
  }

  #cluster(bytes: Uint8Array, start: number, end: number): Uint8Array | undefined {
    const first = this.#characters.of(codePointAt(bytes, start, utf8Length(bytes[start]!)));
    if (first !== undefined) return first;
    let node = 0;
    for (let at = start; at < end; at++) {
      node = this.#sequences.child(node, bytes[at]!);
      if (node === 0) return undefined;
      const string = this.#sequences.valueOf(node);
      if (string !== NONE) return this.#program.string(string);
    }
    return undefined;
  }
}

function characters(bytes: Uint8Array, start: number, end: number): number {
  let count = 0;
  for (let at = start; at < end; at++) if ((bytes[at]! & 0xc0) !== 0x80) count++;
  return count;
}
