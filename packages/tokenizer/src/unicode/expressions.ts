import { type CodePointSet, either, pointsOf, runsOf } from "../regex/set.ts";
import { propertyOf, specialSet } from "./properties.ts";

/** Sets that the reference's pre-tokenizers cut at: `Digits`, `Punctuation`, `BertPreTokenizer`. */
const SETS = {
  numeric: () => either(propertyOf("N")!, specialSet("numeric")),
  punctuation: () => either(propertyOf("P")!, specialSet("punctuation")),
  bertPunctuation: () => either(propertyOf("P")!, specialSet("bertPunctuation")),
} as const;

/** A set as a class of a regular expression. */
export function characterClass(name: keyof typeof SETS): string {
  return expressionOf(SETS[name]());
}

function expressionOf(set: CodePointSet): string {
  const hex = (point: number): string => `\\x{${point.toString(16)}}`;
  return `[${runsOf(set)
    .map(([first, last]) => (first === last ? hex(first) : `${hex(first)}-${hex(last)}`))
    .join("")}]`;
}

/** What `single_word` takes for a character of a word. */
export function wordCharacters(): number[] {
  return pointsOf(either(propertyOf("word")!, specialSet("tokenWord")));
}
