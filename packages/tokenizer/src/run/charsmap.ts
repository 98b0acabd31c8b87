import { CodePointMap } from "../image/code-points.ts";
import { codePointAt, Dfa, utf8Length } from "../image/dfa.ts";
import { NONE, SECTION } from "../image/layout.ts";
import type { Program } from "../image/program.ts";
import { Trie } from "../image/trie.ts";
import type { Rewriter, Rewriting } from "./rewriting.ts";

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
    let out: Rewriter | undefined;
    let from = 0;
    const put = (content: Uint8Array, start: number, end: number): void => {
      out ??= rewriting.begin(bytes, bytes.length + 16);
      out.keep(from, start);
      out.put(content, start, end);
      from = end;
    };
    for (let at = 0; at < bytes.length; ) {
      const end = Math.max(at + 1, this.#clusters.matchEnd(bytes, 0, at, bytes.length));
      const whole = end - at <= MAX_CLUSTER_BYTES ? this.#cluster(bytes, at, end) : undefined;
      if (whole !== undefined) put(whole, at, end);
      for (let next = at; whole === undefined && next < end; ) {
        const length = utf8Length(bytes[next]!);
        const content = this.#characters.of(codePointAt(bytes, next, length));
        if (content !== undefined) put(content, next, next + length);
        next += length;
      }
      at = end;
    }
    if (out === undefined) return bytes;
    out.keep(from, bytes.length);
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
