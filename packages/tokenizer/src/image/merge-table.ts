import { hashPair, slotOf } from "./hash.ts";
import { broken, type Image, words } from "./image.ts";
import { PROGRAM, SECTION } from "./layout.ts";

/** No pair: ranks are below. */
export const NO_RANK = 0x7fffffff;

/** Ids are packed in 21 bits: left, right and result in two words. */
export function packMerge(left: number, right: number, result: number): [number, number] {
  return [(left | (right << 21)) >>> 0, ((right >>> 11) | (result << 10)) >>> 0];
}

/** The pairs that BPE joins, by rank and by pair. */
export class MergeTable {
  readonly #merges: Uint32Array;
  readonly #slots: Uint32Array;
  readonly #rankBits: number;
  readonly #rankMask: number;
  readonly #tagMask: number;

  constructor(image: Image, program: Uint32Array) {
    this.#merges = words(image.only(SECTION.merges));
    this.#slots = words(image.only(SECTION.mergeIndex));
    this.#rankBits = program[PROGRAM.rankBits]!;
    if (this.#rankBits < 1 || this.#rankBits > 24 || this.#slots.length === 0) {
      throw broken("its merges are not indexed");
    }
    this.#rankMask = (1 << this.#rankBits) - 1;
    this.#tagMask = ~this.#rankMask;
  }

  /** The rank of a pair, or `NO_RANK`. */
  rankOf(left: number, right: number): number {
    const slots = this.#slots;
    const hash = hashPair(left, right);
    const tag = (hash << this.#rankBits) >>> 0;
    const low = (left | (right << 21)) >>> 0;
    const high = right >>> 11;
    let slot = slotOf(hash, slots.length);
    // A file that was tampered with may have no empty slot.
    for (let probes = slots.length; probes > 0; probes--) {
      const entry = slots[slot]!;
      if (entry === 0) return NO_RANK;
      if ((entry & this.#tagMask) >>> 0 === tag) {
        const rank = (entry & this.#rankMask) - 1;
        if (this.#merges[2 * rank] === low && (this.#merges[2 * rank + 1]! & 0x3ff) === high) return rank;
      }
      slot = slot + 1 === slots.length ? 0 : slot + 1;
    }
    return NO_RANK;
  }

  /** What the pair of `rank` becomes. */
  resultOf(rank: number): number {
    return this.#merges[2 * rank + 1]! >>> 10;
  }
}
