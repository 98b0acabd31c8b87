import { BLOCK_BITS, BLOCKS } from "../image/layout.ts";
import type { ClassTable } from "./dfa.ts";
import { type CodePointSet, contains, MAX_CODE_POINT } from "./set.ts";

export interface Classes {
  readonly table: ClassTable;
  /** By set, then by class: whether the set contains the class. */
  readonly members: readonly (readonly boolean[])[];
}

/** Divides the code points into classes that no set divides. `undefined` when there are too many for a byte. */
export function classesOf(sets: readonly CodePointSet[]): Classes | undefined {
  const cuts = new Set<number>([0]);
  for (const set of sets) {
    for (let i = 0; i < set.length; i += 2) {
      cuts.add(set[i]!);
      cuts.add(set[i + 1]! + 1);
    }
  }
  const starts = [...cuts].filter((cut) => cut <= MAX_CODE_POINT).sort((a, b) => a - b);
  const known = new Map<string, number>();
  const examples: number[] = [];
  const kinds = starts.map((start) => {
    const key = sets.map((set) => (contains(set, start) ? "1" : "0")).join("");
    const kind = known.get(key) ?? known.size;
    if (kind === known.size) examples.push(start);
    known.set(key, kind);
    return kind;
  });
  if (known.size > 254) return undefined;
  const members = sets.map((set) => examples.map((example) => contains(set, example)));
  return { table: tableOf(starts, kinds, known.size), members };
}

function tableOf(starts: readonly number[], kinds: readonly number[], count: number): ClassTable {
  const size = 1 << BLOCK_BITS;
  const index = new Uint16Array(BLOCKS);
  const blocks: number[] = [];
  const known = new Map<string, number>();
  const kindOf = new Uint8Array(MAX_CODE_POINT + 1);
  starts.forEach((start, i) => {
    kindOf.fill(kinds[i]!, start, starts[i + 1] ?? MAX_CODE_POINT + 1);
  });
  for (let block = 0; block < BLOCKS; block++) {
    const part = kindOf.subarray(block * size, (block + 1) * size);
    const key = part.join();
    const number = known.get(key) ?? known.size;
    if (number === known.size) blocks.push(...part);
    known.set(key, number);
    index[block] = number;
  }
  return { index, blocks: Uint8Array.from(blocks), count };
}
