import { UNICODE } from "../generated/unicode.ts";
import { type CodePointSet, negated, setOf, union, unpack } from "../regex/set.ts";
import type { Syntax } from "../regex/syntax.ts";

/**
 * Runs of one script, as `UnicodeScripts` cuts them; kana count as Han. Spaces and characters of no script go with what is before
 * them.
 */
export function scriptRuns(): Syntax {
  const scripts = UNICODE.pieceScripts.map(unpack);
  const none = negated(union(...scripts));
  return choice(...scripts.map((script) => sequence(one(script), many(one(union(script, none))))));
}

const CARRIAGE_RETURN = setOf([[13, 13]]);
const NEW_LINE = setOf([[10, 10]]);
const NUL = setOf([[0, 0]]);
const ZERO_WIDTH_JOINER = setOf([[0x200d, 0x200d]]);
const REGIONAL_INDICATOR = setOf([[0x1f1e6, 0x1f1ff]]);
const LEADING_JAMO: CodePointSet = [0x1100, 0x115f, 0xa960, 0xa97c];
const VOWEL_JAMO: CodePointSet = [0x1160, 0x11a7, 0xd7b0, 0xd7c6];
const TRAILING_JAMO: CodePointSet = [0x11a8, 0x11ff, 0xd7cb, 0xd7fb];
const SYLLABLES = { first: 0xac00, last: 0xd7a3, each: 28 } as const;

/** An extended grapheme cluster. Source: Unicode Standard Annex 29; the sets are those of the crate unicode-segmentation. */
export function graphemeCluster(): Syntax {
  const { graphemes } = UNICODE;
  const control = union(unpack(graphemes.control), NUL);
  const extend = unpack(graphemes.extend);
  const joining = union(extend, ZERO_WIDTH_JOINER);
  const [leading, vowel, trailing] = [one(LEADING_JAMO), one(VOWEL_JAMO), one(TRAILING_JAMO)];
  const picture = one(unpack(graphemes.pictures));
  const consonant = one(unpack(graphemes.consonants));
  const syllable = choice(
    some(vowel),
    sequence(one(syllables(0, 1)), many(vowel)),
    one(syllables(1, SYLLABLES.each)),
  );
  const core = choice(
    sequence(many(leading), syllable, many(trailing)),
    some(leading),
    some(trailing),
    sequence(one(REGIONAL_INDICATOR), one(REGIONAL_INDICATOR)),
    sequence(picture, many(sequence(many(one(extend)), one(ZERO_WIDTH_JOINER), picture))),
    sequence(
      consonant,
      many(sequence(many(one(joining)), one(unpack(graphemes.linkers)), many(one(joining)), consonant)),
    ),
    one(negated(control)),
  );
  return choice(
    sequence(one(CARRIAGE_RETURN), one(NEW_LINE)),
    one(control),
    sequence(
      many(one(unpack(graphemes.prepend))),
      core,
      many(one(union(joining, unpack(graphemes.spacing)))),
    ),
  );
}

/** Hangul syllables without (0 to 1) or with (1 to 28) a trailing consonant. */
function syllables(from: number, to: number): CodePointSet {
  const runs: [number, number][] = [];
  for (let first: number = SYLLABLES.first; first <= SYLLABLES.last; first += SYLLABLES.each) {
    runs.push([first + from, first + to - 1]);
  }
  return setOf(runs);
}

function one(set: CodePointSet): Syntax {
  return { kind: "set", set };
}

function sequence(...parts: readonly Syntax[]): Syntax {
  return { kind: "sequence", parts };
}

/** The first option that matches. */
function choice(...options: readonly Syntax[]): Syntax {
  return { kind: "choice", options };
}

function many(part: Syntax): Syntax {
  return { kind: "repeat", part, least: 0, most: Number.POSITIVE_INFINITY, greedy: true };
}

function some(part: Syntax): Syntax {
  return { kind: "repeat", part, least: 1, most: Number.POSITIVE_INFINITY, greedy: true };
}
