/**
 * A test for names by a pattern of Python's `fnmatch.fnmatchcase`, as the Hub's Python client uses it for its allow and
 * ignore patterns: `*` and `?` match `/` too, `[!a]` is a negated set, and a pattern that ends in `/` means all in that
 * folder.
 */
export function patternTest(pattern: string): (path: string) => boolean {
  const normal = pattern.replaceAll("\\", "/");
  const expression = new RegExp(`^(?:${translate(normal.endsWith("/") ? `${normal}*` : normal)})$`, "su");
  return (path) => expression.test(path);
}

/** Whether any of the patterns matches. */
export function matchesAny(patterns: readonly string[], path: string): boolean {
  return patterns.some((pattern) => patternTest(pattern)(path));
}

function translate(pattern: string): string {
  const characters = [...pattern];
  let expression = "";
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at]!;
    if (character === "*") {
      // Stars in a row would make a failing match slow.
      if (characters[at - 1] !== "*") expression += ".*";
    } else if (character === "?") expression += ".";
    else if (character === "[") {
      const end = endOfSet(characters, at);
      expression += end === -1 ? "\\[" : setOf(characters.slice(at + 1, end));
      if (end !== -1) at = end;
    } else expression += literal(character);
  }
  return expression;
}

/** A `]` right after `[` or `[!` belongs to the set; a set without an end is a plain `[`. */
function endOfSet(characters: readonly string[], start: number): number {
  let from = start + 1;
  if (characters[from] === "!") from += 1;
  if (characters[from] === "]") from += 1;
  return characters.indexOf("]", from);
}

function setOf(characters: readonly string[]): string {
  const negated = characters[0] === "!";
  const members = negated ? characters.slice(1) : characters;
  let set = "";
  for (let at = 0; at < members.length; at++) {
    const [low, dash, high] = members.slice(at, at + 3);
    if (dash === "-" && high !== undefined) {
      // Python drops ranges that run backwards.
      if (low! <= high) set += `${member(low!)}-${member(high)}`;
      at += 2;
    } else set += member(low!);
  }
  // An empty set matches nothing, an empty negated set any one character.
  if (set === "") return negated ? "." : "(?!)";
  return `[${negated ? "^" : ""}${set}]`;
}

/** In Unicode mode only characters that mean something can be escaped, and `-` means something in a set alone. */
function literal(character: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
}

function member(character: string): string {
  return character === "-" ? "\\-" : literal(character);
}
