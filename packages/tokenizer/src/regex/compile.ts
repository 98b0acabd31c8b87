import { propertyOf } from "../unicode/properties.ts";
import { classesOf } from "./classes.ts";
import type { RegexDfa } from "./dfa.ts";
import { parseRegex } from "./parse.ts";
import type { CodePointSet } from "./set.ts";
import { type Syntax, unsupportedRegex } from "./syntax.ts";

/** Bounds on an expression from elsewhere; those of published tokenizers have up to a hundred states. */
const MAX_STEPS = 20_000;
const MAX_STATES = 2000;

const MATCH = 0x8000;

/** A step of the expression's execution; `next` and `other` are numbers of steps, in the order in which they are tried. */
type Step =
  | { readonly kind: "take"; readonly set: number; next: number }
  | { readonly kind: "fork"; next: number; other: number }
  | {
      readonly kind: "look";
      readonly behind: boolean;
      readonly set: number;
      readonly edge: boolean;
      next: number;
    }
  | { readonly kind: "boundary"; readonly negated: boolean; readonly word: number; next: number }
  | { readonly kind: "match" };

/**
 * Compiles a regular expression in Oniguruma's syntax to a table that finds what backtracking finds: the first alternative that
 * matches, greedy or lazy as written.
 *
 * A state is the list of steps that are left, in the order of their priority; a step that has matched ends the list. Assertions are
 * decided when the next character is known.
 *
 * @param syntax - given where the expression is not written as a pattern; `pattern` is its name then.
 * @throws PippinError `TOKENIZER_UNSUPPORTED_REGEX`, `TOKENIZER_BROKEN_FILE`.
 */
export function compileRegex(pattern: string, syntax: Syntax = parseRegex(pattern)): RegexDfa {
  const { steps, sets, start } = assemble(pattern, syntax);
  const classes = classesOf(sets);
  if (classes === undefined) throw unsupportedRegex(pattern, "too many kinds of characters", 0);
  const classCount = classes.table.count + 1;
  const edge = classes.table.count;
  const looksBehind = steps.some((step) => step.kind === "boundary" || (step.kind === "look" && step.behind));
  const isIn = (set: number, kind: number): boolean => kind !== edge && classes.members[set]![kind]!;
  const states: { readonly list: readonly number[]; readonly before: number }[] = [{ list: [], before: 0 }];
  const known = new Map<string, number>([["", 0]]);
  const transitions: number[] = [];
  const starts = Uint16Array.from({ length: classCount }, (_, before) => stateOf([start], before));
  for (let state = 0; state < states.length; state++) {
    for (let kind = 0; kind < classCount; kind++) transitions[state * classCount + kind] = move(state, kind);
  }
  return { classes: classes.table, classCount, transitions: Uint16Array.from(transitions), starts };

  function stateOf(list: readonly number[], before: number): number {
    const key = list.length === 0 ? "" : looksBehind ? `${before}:${list.join()}` : list.join();
    const number = known.get(key) ?? states.length;
    if (number === states.length) {
      if (states.length >= MAX_STATES) throw unsupportedRegex(pattern, "too many states", 0);
      states.push({ list, before });
      known.set(key, number);
    }
    return number;
  }

  function move(state: number, kind: number): number {
    const { list, before } = states[state]!;
    const next: number[] = [];
    const matched = run(list, before, kind, next);
    return (matched ? MATCH : 0) | (kind === edge ? 0 : stateOf(next, kind));
  }

  /** Follows the steps of `list` up to those that take a character of `kind`. @returns whether one matches before it. */
  function run(list: readonly number[], before: number, kind: number, next: number[]): boolean {
    const seen = new Set<number>();
    const stack = [...list].reverse();
    for (let number = stack.pop(); number !== undefined; number = stack.pop()) {
      if (seen.has(number)) continue;
      seen.add(number);
      const step = steps[number]!;
      switch (step.kind) {
        case "match":
          return true;
        case "take":
          if (isIn(step.set, kind) && !next.includes(step.next)) next.push(step.next);
          break;
        case "fork":
          stack.push(step.other, step.next);
          break;
        case "look": {
          const there = step.behind ? before : kind;
          if (there === edge ? step.edge : isIn(step.set, there)) stack.push(step.next);
          break;
        }
        case "boundary":
          if ((isIn(step.word, before) !== isIn(step.word, kind)) !== step.negated) stack.push(step.next);
          break;
      }
    }
    return false;
  }
}

/** Lays out the steps from the end to the beginning, so that each knows what follows it. */
function assemble(pattern: string, syntax: Syntax): { steps: Step[]; sets: CodePointSet[]; start: number } {
  const steps: Step[] = [{ kind: "match" }];
  const sets: CodePointSet[] = [];
  const numbers = new Map<string, number>();
  const start = lay(syntax, 0);
  return { steps, sets, start };

  function add(step: Step): number {
    if (steps.length >= MAX_STEPS) throw unsupportedRegex(pattern, "too many repetitions", 0);
    return steps.push(step) - 1;
  }

  function setNumber(set: CodePointSet): number {
    const key = set.join();
    const number = numbers.get(key) ?? sets.length;
    if (number === sets.length) sets.push(set);
    numbers.set(key, number);
    return number;
  }

  function lay(part: Syntax, next: number): number {
    switch (part.kind) {
      case "set":
        return add({ kind: "take", set: setNumber(part.set), next });
      case "sequence":
        return part.parts.reduceRight((following, one) => lay(one, following), next);
      case "choice":
        return part.options
          .map((option) => lay(option, next))
          .reduceRight((other, option) => add({ kind: "fork", next: option, other }));
      case "look":
        return add({ kind: "look", behind: part.behind, set: setNumber(part.set), edge: part.edge, next });
      case "boundary":
        return add({ kind: "boundary", negated: part.negated, word: setNumber(propertyOf("word")!), next });
      case "repeat":
        return repeat(part, next);
    }
  }

  function repeat(part: Extract<Syntax, { kind: "repeat" }>, next: number): number {
    const fork = (inner: number, past: number): number =>
      add(
        part.greedy ? { kind: "fork", next: inner, other: past } : { kind: "fork", next: past, other: inner },
      );
    let entry = next;
    if (part.most === Number.POSITIVE_INFINITY) {
      entry = fork(next, next);
      const loop = steps[entry] as Extract<Step, { kind: "fork" }>;
      const inner = lay(part.part, entry);
      if (part.greedy) loop.next = inner;
      else loop.other = inner;
    } else {
      for (let i = part.least; i < part.most; i++) entry = fork(lay(part.part, entry), next);
    }
    for (let i = 0; i < part.least; i++) entry = lay(part.part, entry);
    return entry;
  }
}
