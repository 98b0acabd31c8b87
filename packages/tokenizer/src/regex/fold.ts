import { type CodePointSet, runsOf, setOf, union } from "./set.ts";

/** Characters by what they fold to, for those that share it with another one. */
let FAMILIES: ReadonlyMap<number, readonly number[]> | undefined;

/** Cased characters end before here. */
const LAST_CASED = 0x1ffff;

/** A set with all characters that differ from its own in case alone: simple folding, one character to one. */
export function withOtherCases(set: CodePointSet): CodePointSet {
  if (set.every((point) => point < 0x80)) return union(set, setOf(ascii(set)));
  FAMILIES ??= families();
  const more: [number, number][] = [];
  for (const [first, last] of runsOf(set)) {
    for (let point = first; point <= Math.min(last, LAST_CASED); point++) {
      for (const other of FAMILIES.get(point) ?? []) more.push([other, other]);
    }
  }
  return union(set, setOf(more));
}

function ascii(set: CodePointSet): [number, number][] {
  const more: [number, number][] = [];
  for (const [first, last] of runsOf(set)) {
    for (let point = first; point <= last; point++) {
      const lower = point | 0x20;
      if (lower < 0x61 || lower > 0x7a) continue;
      more.push([lower, lower], [lower - 0x20, lower - 0x20]);
      // LATIN SMALL LETTER LONG S and KELVIN SIGN.
      if (lower === 0x73) more.push([0x17f, 0x17f]);
      if (lower === 0x6b) more.push([0x212a, 0x212a]);
    }
  }
  return more;
}

function families(): Map<number, number[]> {
  const byFold = new Map<string, number[]>();
  for (let point = 0; point <= LAST_CASED; point++) {
    if (point >= 0xd800 && point <= 0xdfff) continue;
    const character = String.fromCodePoint(point);
    const fold = character.toUpperCase().toLowerCase();
    const family = byFold.get(fold);
    if (family === undefined) byFold.set(fold, [point]);
    else family.push(point);
  }
  const all = new Map<number, number[]>();
  for (const family of byFold.values()) {
    if (family.length > 1) for (const point of family) all.set(point, family);
  }
  return all;
}

/** Two letters that some single character folds to, of which Oniguruma knows without case: a pattern with them is refused. */
export const JOINED_LETTERS: ReadonlySet<string> = new Set(["ss", "ff", "fi", "fl", "st"]);
