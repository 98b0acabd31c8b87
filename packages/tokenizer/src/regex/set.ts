/** Code points as runs: first, last, first, last …, ascending and apart. Surrogates are no characters and never looked up. */
export type CodePointSet = readonly number[];

export const MAX_CODE_POINT = 0x10ffff;

export const EVERYTHING: CodePointSet = [0, MAX_CODE_POINT];

/** Sorts and joins runs. */
export function setOf(runs: readonly (readonly [number, number])[]): CodePointSet {
  const sorted = runs.filter(([first, last]) => first <= last).sort((a, b) => a[0] - b[0]);
  const out: number[] = [];
  for (const [first, last] of sorted) {
    if (out.length > 0 && first <= out.at(-1)! + 1) out[out.length - 1] = Math.max(out.at(-1)!, last);
    else out.push(first, last);
  }
  return out;
}

export function runsOf(set: CodePointSet): [number, number][] {
  return Array.from({ length: set.length / 2 }, (_, i) => [set[2 * i]!, set[2 * i + 1]!]);
}

export function union(...sets: readonly CodePointSet[]): CodePointSet {
  return setOf(sets.flatMap(runsOf));
}

export function negated(set: CodePointSet): CodePointSet {
  const out: number[] = [];
  let from = 0;
  for (const [first, last] of runsOf(set)) {
    if (from < first) out.push(from, first - 1);
    from = last + 1;
  }
  if (from <= MAX_CODE_POINT) out.push(from, MAX_CODE_POINT);
  return out;
}

export function intersection(a: CodePointSet, b: CodePointSet): CodePointSet {
  return negated(union(negated(a), negated(b)));
}

export function difference(a: CodePointSet, b: CodePointSet): CodePointSet {
  return intersection(a, negated(b));
}

/** In one of both. */
export function either(a: CodePointSet, b: CodePointSet): CodePointSet {
  return union(difference(a, b), difference(b, a));
}

export function contains(set: CodePointSet, codePoint: number): boolean {
  for (let i = 0; i < set.length; i += 2) if (codePoint >= set[i]! && codePoint <= set[i + 1]!) return true;
  return false;
}

export function pointsOf(set: CodePointSet): number[] {
  return runsOf(set).flatMap(([first, last]) =>
    Array.from({ length: last - first + 1 }, (_, i) => first + i),
  );
}

/** Gaps and lengths of runs, in base 36. See tools/unicode.py. */
export function unpack(packed: string): CodePointSet {
  const numbers = packed === "" ? [] : packed.split(" ").map((digits) => Number.parseInt(digits, 36));
  const runs: [number, number][] = [];
  let at = 0;
  for (let i = 0; i < numbers.length; i += 2) {
    const first = at + numbers[i]!;
    at = first + numbers[i + 1]!;
    runs.push([first, at - 1]);
  }
  return setOf(runs);
}
