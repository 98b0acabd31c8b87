/** What may stand in a Swift source file as it is: everything else is written as its number, so that it cannot hide or reorder text. */
const PLAIN = /^[\x20-\x7e\p{L}\p{N}\p{P}\p{S}]$/u;

const ESCAPED: Readonly<Record<string, string>> = {
  "\\": "\\\\",
  '"': '\\"',
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
};

/**
 * A Swift string literal of the text.
 *
 * @remarks Interpolation begins with a backslash, which is escaped. Half a surrogate pair, which no Swift string holds, becomes
 *   U+FFFD. The signs of a comment are broken up: Swift reads them as text here, but not all tools do.
 */
export function stringLiteral(text: string): string {
  const characters = [...text.toWellFormed()];
  const written = characters.map(
    (character) => ESCAPED[character] ?? (PLAIN.test(character) ? character : unicodeEscape(character)),
  );
  return `"${written.join("").replaceAll(/(?<=\/)\*|\*(?=\/)/g, unicodeEscape("*"))}"`;
}

function unicodeEscape(character: string): string {
  return `\\u{${character.codePointAt(0)!.toString(16).toUpperCase()}}`;
}

/** `1_543_714_304`: digits in groups, as people write long numbers; `2048`. */
export function integerLiteral(value: number): string {
  if (!Number.isSafeInteger(value)) throw new TypeError(`${value} is not a whole number`);
  const digits = String(value);
  return digits.length < 5 ? digits : digits.replaceAll(/\B(?=(\d{3})+$)/g, "_");
}

export function optionalStringLiteral(text: string | undefined): string {
  return text === undefined ? "nil" : stringLiteral(text);
}

/** Longest text from a model in a comment: more is cut, to keep a line a line. */
const MAX_COMMENT = 100;

/**
 * A model's text within one line of a comment: without line breaks, control characters and what changes the direction of writing, and
 * cut where it is long.
 */
export function commentText(text: string): string {
  const clean = [...text.toWellFormed()]
    .map((character) => (PLAIN.test(character) ? character : " "))
    .join("")
    .replaceAll(/ +/g, " ")
    .trim();
  return clean.length > MAX_COMMENT ? `${clean.slice(0, MAX_COMMENT).toWellFormed().trim()}…` : clean;
}
