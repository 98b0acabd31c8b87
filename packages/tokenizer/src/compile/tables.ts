import { BLOCK_BITS, BLOCKS, NONE } from "../image/layout.ts";
import { TRIE_HEAD } from "../image/trie.ts";
import type { RegexDfa } from "../regex/dfa.ts";

const UTF8 = new TextEncoder();

/** Sections of a file as `Dfa`, `Trie`, `CodePointMap` and `CodePointTable` read them. */
export function dfaSection(dfa: RegexDfa): Uint8Array {
  const { classes, classCount, starts, transitions } = dfa;
  const blockCount = classes.blocks.length >> BLOCK_BITS;
  const looksBehind = starts.some((state) => state !== starts[0]) ? 1 : 0;
  const head = Uint32Array.of(classCount, transitions.length / classCount, blockCount, looksBehind);
  const index = Uint16Array.from(classes.index);
  return concatenated([head, starts, transitions, index, classes.blocks]);
}

/** @param entries - what each code point becomes; those that are not in the map stay. */
export function codePointMapSection(entries: ReadonlyMap<number, string>): Uint8Array {
  const texts = new Map<string, number>();
  const numberOf = (codePoint: number): number => {
    const text = entries.get(codePoint);
    if (text === undefined) return 0;
    const known = texts.get(text) ?? texts.size + 1;
    texts.set(text, known);
    return known;
  };
  const { index, blocks } = blocksOf(entries.keys(), numberOf);
  const encoded = [...texts.keys()].map((text) => UTF8.encode(text));
  const offsets = new Uint32Array(encoded.length + 2);
  encoded.forEach((bytes, i) => {
    offsets[i + 2] = offsets[i + 1]! + bytes.length;
  });
  const head = Uint32Array.of(blocks.length >> BLOCK_BITS, encoded.length, offsets.at(-1)!, 0);
  return concatenated([head, index, Uint16Array.from(blocks), offsets, ...encoded]);
}

/** @param entries - a number below 256 for each code point; 0 for those that are not in the map. */
export function codePointTableSection(entries: ReadonlyMap<number, number>): Uint8Array {
  const { index, blocks } = blocksOf(entries.keys(), (codePoint) => entries.get(codePoint) ?? 0);
  const head = Uint32Array.of(blocks.length >> BLOCK_BITS, 0, 0, 0);
  return concatenated([head, index, Uint8Array.from(blocks)]);
}

/** Equal blocks are stored once; the first one is that of all zeros. */
function blocksOf(
  codePoints: Iterable<number>,
  numberOf: (codePoint: number) => number,
): { index: Uint16Array; blocks: number[] } {
  const index = new Uint16Array(BLOCKS);
  const size = 1 << BLOCK_BITS;
  const blocks: number[] = new Array<number>(size).fill(0);
  const known = new Map<string, number>([[blocks.join(), 0]]);
  const used = new Set<number>();
  for (const codePoint of codePoints) used.add(codePoint >> BLOCK_BITS);
  for (const block of [...used].sort((a, b) => a - b)) {
    const numbers = Array.from({ length: size }, (_, i) => numberOf((block << BLOCK_BITS) | i));
    const key = numbers.join();
    const number = known.get(key) ?? known.size;
    if (number === known.size) {
      known.set(key, number);
      blocks.push(...numbers);
    }
    index[block] = number;
  }
  return { index, blocks };
}

export interface TrieKey {
  readonly bytes: Uint8Array;
  readonly value: number;
}

/** @param patterns - three words each. Of equal keys the first counts; empty ones are left out. */
export function trieSection(keys: readonly TrieKey[], patterns: Uint32Array): Uint8Array {
  const sorted = keys.filter(({ bytes }) => bytes.length > 0).sort((a, b) => compareBytes(a.bytes, b.bytes));
  const children: number[] = [];
  const values: number[] = [];
  const labels: number[] = [0];
  // Nodes as ranges of `sorted` whose keys have the first `depth` bytes in common.
  let nodes = [{ from: 0, to: sorted.length }];
  for (let depth = 0, count = 1; nodes.length > 0; depth++) {
    const next: typeof nodes = [];
    for (const { from, to } of nodes) {
      const ends = from < to && sorted[from]!.bytes.length === depth;
      values.push(ends ? sorted[from]!.value : NONE);
      let at = from;
      while (at < to && sorted[at]!.bytes.length === depth) at++;
      children.push(count);
      while (at < to) {
        const label = sorted[at]!.bytes[depth]!;
        const start = at;
        while (at < to && sorted[at]!.bytes[depth] === label) at++;
        next.push({ from: start, to: at });
        labels.push(label);
        count++;
      }
    }
    nodes = next;
  }
  children.push(labels.length);
  const head = new Uint32Array(TRIE_HEAD);
  head[0] = values.length;
  head[1] = patterns.length / 3;
  return concatenated([
    head,
    Uint32Array.from(children),
    Uint32Array.from(values),
    patterns,
    Uint8Array.from(labels),
  ]);
}

export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return a[i]! - b[i]!;
  return a.length - b.length;
}

export function concatenated(parts: readonly ArrayBufferView[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((length, part) => length + part.byteLength, 0));
  let at = 0;
  for (const part of parts) {
    out.set(new Uint8Array(part.buffer, part.byteOffset, part.byteLength), at);
    at += part.byteLength;
  }
  return out;
}
