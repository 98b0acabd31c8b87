import { type CodePointSet, either, negated, pointsOf, runsOf, union } from "../regex/set.ts";
import { propertyOf, specialSet, WHITE_SPACE } from "./properties.ts";

/** Sets that the reference's pre-tokenizers cut at: `Digits`, `Punctuation`, `BertPreTokenizer`, `Whitespace`. */
const SETS = {
  numeric: () => either(propertyOf("N")!, specialSet("numeric")),
  punctuation: () => either(propertyOf("P")!, specialSet("punctuation")),
  /** `\w` of the crate regex; other expressions are Oniguruma's. */
  word: wordSet,
  neitherWordNorSpace: () => negated(union(wordSet(), WHITE_SPACE)),
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
  return pointsOf(wordSet());
}

function wordSet(): CodePointSet {
  return either(propertyOf("word")!, specialSet("tokenWord"));
}
