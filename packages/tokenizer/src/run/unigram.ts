import { utf8Length } from "../image/dfa.ts";
import { broken, type Image, words } from "../image/image.ts";
import { MODEL_FLAG, NONE, PROGRAM, SECTION } from "../image/layout.ts";
import { Trie } from "../image/trie.ts";
import { MODEL_MASK, MODEL_WANTED, type Vocabulary } from "../image/vocabulary.ts";
import type { Ids, Model } from "./ids.ts";

/** What an unknown character costs beyond the least score. Source: SentencePiece, `kUnkPenalty`. */
const UNK_PENALTY = 10;

/** The most likely tokens of a text, by Viterbi's algorithm over the tokens that begin at each character. */
export class Unigram implements Model {
  readonly #vocabulary: Vocabulary;
  readonly #trie: Trie;
  readonly #scores: Float64Array;
  readonly #unkId: number;
  readonly #unkScore: number;
  readonly #byteFallback: boolean;
  readonly #byteIds: Uint32Array;

  constructor(image: Image, program: Uint32Array, vocabulary: Vocabulary) {
    const scores = image.only(SECTION.scores);
    this.#vocabulary = vocabulary;
    this.#trie = new Trie(image.section(program[PROGRAM.vocabTrie]!, SECTION.trie));
    this.#scores = new Float64Array(scores.buffer, scores.byteOffset, scores.length >> 3);
    if (this.#scores.length === 0) throw broken("it has no scores");
    this.#unkId = program[PROGRAM.unkId]!;
    // The least score comes before those of the tokens.
    this.#unkScore = this.#scores[0]! - UNK_PENALTY;
    this.#byteFallback = (program[PROGRAM.modelFlags]! & MODEL_FLAG.byteFallback) !== 0;
    this.#byteIds = words(image.only(SECTION.byteIds));
  }

  tokenize(bytes: Uint8Array, start: number, end: number, ids: Ids, spans?: Ids): void {
    const size = end - start;
    const best = new Float64Array(size + 1);
    const from = new Int32Array(size + 1).fill(-1);
    const found = new Uint32Array(size + 1);
    for (let at = 0; at < size; ) {
      const character = utf8Length(bytes[start + at]!);
      const score = best[at]!;
      let single = false;
      let node = 0;
      for (let p = at; p < size; ) {
        node = this.#trie.child(node, bytes[start + p]!);
        if (node === 0) break;
        p++;
        const id = this.#trie.valueOf(node);
        if (id === NONE) continue;
        improve(p, at, score + (this.#scores[id + 1] ?? 0), id);
        single ||= p - at === character;
      }
      const next = Math.min(size, at + character);
      if (!single) improve(next, at, score + this.#unkScore, this.#unkId);
      at = next;
    }
    this.#emit(bytes, start, from, found, ids, spans);

    function improve(to: number, at: number, score: number, id: number): void {
      if (from[to]! >= 0 && score <= best[to]!) return;
      best[to] = score;
      from[to] = at;
      found[to] = id;
    }
  }

  /** From the end to the beginning; unknown characters beside each other are one. */
  #emit(
    bytes: Uint8Array,
    start: number,
    from: Int32Array,
    found: Uint32Array,
    ids: Ids,
    spans: Ids | undefined,
  ): void {
    const cuts: number[] = [];
    for (let to = from.length - 1; to > 0; ) {
      let at = from[to]!;
      if (found[to] === this.#unkId) while (at > 0 && found[at] === this.#unkId) at = from[at]!;
      cuts.push(at, to);
      to = at;
    }
    for (let i = cuts.length - 2; i >= 0; i -= 2) {
      const [at, to] = [start + cuts[i]!, start + cuts[i + 1]!];
      const count = ids.length;
      this.#piece(bytes, at, to, ids);
      for (let added = count; spans && added < ids.length; added++) spans.pushPair(at, to);
    }
  }

  #piece(bytes: Uint8Array, start: number, end: number, ids: Ids): void {
    const id = this.#vocabulary.find(bytes, start, end, MODEL_MASK, MODEL_WANTED);
    if (id >= 0) {
      ids.push(id);
      return;
    }
    const byteIds = this.#byteIds;
    if (this.#byteFallback && allPresent(byteIds, bytes, start, end)) {
      for (let at = start; at < end; at++) ids.push(byteIds[bytes[at]!]!);
    } else if (this.#unkId !== NONE) {
      ids.push(this.#unkId);
    }
  }
}

function allPresent(byteIds: Uint32Array, bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = start; at < end; at++) if ((byteIds[bytes[at]!] ?? NONE) === NONE) return false;
  return true;
}
