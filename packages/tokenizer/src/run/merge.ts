import { type MergeTable, NO_RANK } from "../image/merge-table.ts";

/** Up to here looking at all pairs for each merge is faster than a heap. */
const FEW = 48;

/**
 * Joins pairs of lowest rank, the leftmost first, until none is left.
 *
 * @param symbols - the ids; the result is at its beginning.
 * @param sizes - a number for each id, of which those of joined ids are added up.
 * @returns how many ids are left.
 */
export function merge(table: MergeTable, symbols: Uint32Array, count: number, sizes?: Uint32Array): number {
  return count <= FEW && sizes === undefined
    ? mergeFew(table, symbols, count)
    : mergeMany(table, symbols, count, sizes);
}

const RANKS = new Int32Array(FEW + 1);

function mergeFew(table: MergeTable, symbols: Uint32Array, count: number): number {
  let n = count;
  for (let i = 0; i + 1 < n; i++) RANKS[i] = table.rankOf(symbols[i]!, symbols[i + 1]!);
  while (n > 1) {
    let best = 0;
    let least = RANKS[0]!;
    for (let i = 1; i < n - 1; i++) {
      if (RANKS[i]! < least) {
        least = RANKS[i]!;
        best = i;
      }
    }
    if (least === NO_RANK) break;
    symbols[best] = table.resultOf(least);
    n--;
    for (let i = best + 1; i < n; i++) {
      symbols[i] = symbols[i + 1]!;
      RANKS[i] = RANKS[i + 1]!;
    }
    if (best > 0) RANKS[best - 1] = table.rankOf(symbols[best - 1]!, symbols[best]!);
    if (best + 1 < n) RANKS[best] = table.rankOf(symbols[best]!, symbols[best + 1]!);
  }
  return n;
}

/** Time n · log n: a heap of pairs by rank, then place, over a linked list. */
function mergeMany(table: MergeTable, symbols: Uint32Array, count: number, sizes?: Uint32Array): number {
  const next = Int32Array.from({ length: count }, (_, i) => i + 1);
  const previous = Int32Array.from({ length: count }, (_, i) => i - 1);
  // The rank of the pair that begins here, to tell entries of the heap that are out of date.
  const ranks = new Int32Array(count).fill(NO_RANK);
  const heap = new PairHeap(count);
  const look = (at: number): void => {
    const right = next[at]!;
    const rank = right < count ? table.rankOf(symbols[at]!, symbols[right]!) : NO_RANK;
    ranks[at] = rank;
    if (rank !== NO_RANK) heap.push(rank, at);
  };
  for (let i = 0; i < count; i++) look(i);
  while (heap.pop()) {
    const at = heap.place;
    if (ranks[at] !== heap.rank) continue;
    const right = next[at]!;
    symbols[at] = table.resultOf(heap.rank);
    ranks[right] = NO_RANK;
    next[at] = next[right]!;
    if (next[at]! < count) previous[next[at]!] = at;
    look(at);
    if (previous[at]! >= 0) look(previous[at]!);
  }
  let n = 0;
  for (let i = 0; i < count; i = next[i]!) {
    if (sizes) sizes[n] = sizes.subarray(i, next[i]!).reduce((sum, size) => sum + size, 0);
    symbols[n++] = symbols[i]!;
  }
  return n;
}

const PLACES = 2 ** 31;

/** A binary heap of (rank, place); each is one number of 53 bits. */
class PairHeap {
  rank = 0;
  place = 0;
  #keys: Float64Array;
  #length = 0;

  constructor(count: number) {
    this.#keys = new Float64Array(count + 1);
  }

  push(rank: number, place: number): void {
    if (this.#length === this.#keys.length) {
      const keys = new Float64Array(2 * this.#length);
      keys.set(this.#keys);
      this.#keys = keys;
    }
    const key = rank * PLACES + place;
    const keys = this.#keys;
    let at = this.#length++;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (keys[parent]! <= key) break;
      keys[at] = keys[parent]!;
      at = parent;
    }
    keys[at] = key;
  }

  /** Takes the least pair to `rank` and `place`. @returns false when there is none. */
  pop(): boolean {
    if (this.#length === 0) return false;
    const keys = this.#keys;
    const least = keys[0]!;
    this.rank = Math.floor(least / PLACES);
    this.place = least - this.rank * PLACES;
    const key = keys[--this.#length]!;
    const length = this.#length;
    let at = 0;
    for (let child = 1; child < length; child = 2 * at + 1) {
      if (child + 1 < length && keys[child + 1]! < keys[child]!) child++;
      if (keys[child]! >= key) break;
      keys[at] = keys[child]!;
      at = child;
    }
    keys[at] = key;
    return true;
  }
}
