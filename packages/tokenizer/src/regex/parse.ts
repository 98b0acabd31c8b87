import { propertyOf, WHITE_SPACE } from "../unicode/properties.ts";
import { JOINED_LETTERS, withOtherCases } from "./fold.ts";
import { type CodePointSet, contains, EVERYTHING, intersection, negated, setOf, union } from "./set.ts";
import { brokenRegex, type Syntax, unsupportedRegex } from "./syntax.ts";

/** Bounds on an expression from elsewhere. */
const MAX_LENGTH = 100_000;
const MAX_DEPTH = 100;
const MAX_COUNT = 1000;

const NEW_LINE: CodePointSet = [10, 10];

/**
 * Parses a regular expression in Oniguruma's (Ruby's) syntax.
 *
 * @throws PippinError `TOKENIZER_UNSUPPORTED_REGEX`, `TOKENIZER_BROKEN_FILE`.
 */
export function parseRegex(pattern: string): Syntax {
  return new Parser(pattern).parse();
}

interface Flags {
  readonly ignoreCase: boolean;
  readonly dotAll: boolean;
}

class Parser {
  readonly #pattern: string;
  readonly #characters: readonly string[];
  #at = 0;
  #depth = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
    this.#characters = Array.from(pattern);
    if (this.#characters.length > MAX_LENGTH)
      throw unsupportedRegex(pattern, "too many characters", MAX_LENGTH);
  }

  parse(): Syntax {
    const syntax = this.#choice({ ignoreCase: false, dotAll: false });
    if (this.#at < this.#characters.length) throw this.#broken("an unmatched )");
    return syntax;
  }

  #choice(flags: Flags): Syntax {
    if (++this.#depth > MAX_DEPTH) throw this.#unsupported("groups nested too deep");
    let current = flags;
    const options: Syntax[] = [];
    for (;;) {
      const parts: Syntax[] = [];
      for (let next = this.#peek(); next !== undefined && next !== "|" && next !== ")"; next = this.#peek()) {
        const inner = this.#inlineFlags(current);
        if (inner === undefined) parts.push(this.#repeated(current));
        // `a(?i)b|c` is `a(?i:b|c)` in Oniguruma: the flags reach to the end of the group.
        else if (options.length === 0 && parts.length === 0) current = inner;
        else parts.push(this.#choice(inner));
      }
      this.#refuseJoined(parts, current);
      options.push({ kind: "sequence", parts });
      if (!this.#takes("|")) break;
    }
    this.#depth--;
    return options.length === 1 ? options[0]! : { kind: "choice", options };
  }

  /** `(?i)` and its kin, which end where the group does. */
  #inlineFlags(flags: Flags): Flags | undefined {
    const rest = this.#characters.slice(this.#at, this.#at + 12).join("");
    const [whole, on = "", off = ""] = /^\(\?([a-z]*)(?:-([a-z]*))?\)/.exec(rest) ?? [];
    if (whole === undefined) return undefined;
    this.#at += whole.length;
    return this.#withFlags(flags, on, off);
  }

  #withFlags(flags: Flags, on: string, off: string): Flags {
    if (/[^im]/.test(on + off)) throw this.#unsupported(`the option ${on}${off && `-${off}`}`);
    const has = (letter: string, before: boolean): boolean =>
      (on.includes(letter) || before) && !off.includes(letter);
    return { ignoreCase: has("i", flags.ignoreCase), dotAll: has("m", flags.dotAll) };
  }

  #repeated(flags: Flags): Syntax {
    let part = this.#atom(flags);
    for (;;) {
      const count = this.#count();
      if (count === undefined) return part;
      if (part.kind === "look" || part.kind === "boundary") throw this.#unsupported("a repeated assertion");
      const [least, most, braces] = count;
      // In Ruby's syntax `{2}?` is two or none.
      const lazy = !(braces && least === most) && this.#takes("?");
      // Behind braces, + repeats once more.
      const possessive = !lazy && !braces && this.#takes("+");
      part = { kind: "repeat", part, least, most, greedy: !lazy };
      if (possessive) part = this.#possessive(part);
    }
  }

  /** Of one character at a time, taking all that can be taken is: what follows is none of them. */
  #possessive(repeat: Extract<Syntax, { kind: "repeat" }>): Syntax {
    const set = repeat.part.kind === "set" ? repeat.part.set : undefined;
    if (set === undefined) throw this.#unsupported("a possessive repetition of more than one character");
    const none: Syntax = { kind: "look", behind: false, set: negated(set), edge: true };
    if (repeat.most !== 1) return { kind: "sequence", parts: [repeat, none] };
    return { kind: "choice", options: [repeat.part, { kind: "sequence", parts: [none] }] };
  }

  #count(): [number, number, boolean] | undefined {
    if (this.#takes("?")) return [0, 1, false];
    if (this.#takes("*")) return [0, Number.POSITIVE_INFINITY, false];
    if (this.#takes("+")) return [1, Number.POSITIVE_INFINITY, false];
    const rest = this.#characters.slice(this.#at, this.#at + 24).join("");
    const [whole, first, comma, second] = /^\{(\d*)(,?)(\d*)\}/.exec(rest) ?? [];
    if (whole === undefined || (first === "" && second === "")) return undefined;
    this.#at += whole.length;
    const least = first === "" ? 0 : Number(first);
    const most = comma === "" ? least : second === "" ? Number.POSITIVE_INFINITY : Number(second);
    if (least > MAX_COUNT || (most > MAX_COUNT && most !== Number.POSITIVE_INFINITY)) {
      throw this.#unsupported("a repetition with so many times");
    }
    if (least > most) throw this.#unsupported("a repetition with its bounds exchanged");
    return [least, most, true];
  }

  #atom(flags: Flags): Syntax {
    const character = this.#next();
    switch (character) {
      case "(":
        return this.#group(flags);
      case "[":
        return this.#set(this.#class(flags), { ...flags, ignoreCase: false });
      case ".":
        return { kind: "set", set: flags.dotAll ? EVERYTHING : negated(NEW_LINE) };
      case "^":
        return { kind: "look", behind: true, set: NEW_LINE, edge: true };
      case "$":
        return { kind: "look", behind: false, set: NEW_LINE, edge: true };
      case "*":
      case "+":
      case "?":
        throw this.#broken("nothing to repeat");
      case "\\":
        return this.#escape(flags);
      default:
        return this.#set(pointSet(character), flags);
    }
  }

  #set(set: CodePointSet, flags: Flags): Syntax {
    return { kind: "set", set: flags.ignoreCase ? withOtherCases(set) : set };
  }

  #group(flags: Flags): Syntax {
    if (!this.#takes("?")) return this.#closed(this.#choice(flags));
    for (const [prefix, behind, wanted] of LOOKS) {
      if (!this.#takesAll(prefix)) continue;
      const inner = this.#closed(this.#choice(flags));
      const set = singleSet(inner);
      if (set === undefined) throw this.#unsupported(`(?${prefix}…) of more than one character`);
      return { kind: "look", behind, set: wanted ? set : negated(set), edge: !wanted };
    }
    if (this.#takes(">")) {
      const inner = this.#closed(this.#choice(flags));
      if (singleSet(inner) !== undefined) return inner;
      throw this.#unsupported("an atomic group");
    }
    const rest = this.#characters.slice(this.#at, this.#at + 12).join("");
    const [whole, on = "", off = ""] = /^([a-z]*)(?:-([a-z]*))?:/.exec(rest) ?? [];
    if (whole === undefined) throw this.#unsupported(`the group (?${rest.slice(0, 2)}`);
    this.#at += whole.length;
    return this.#closed(this.#choice(this.#withFlags(flags, on, off)));
  }

  #closed(syntax: Syntax): Syntax {
    if (!this.#takes(")")) throw this.#broken("a group is not closed");
    return syntax;
  }

  #escape(flags: Flags): Syntax {
    switch (this.#peek()) {
      case "A":
        this.#at++;
        return { kind: "look", behind: true, set: [], edge: true };
      case "z":
        this.#at++;
        return { kind: "look", behind: false, set: [], edge: true };
      case "b":
      case "B":
        return { kind: "boundary", negated: this.#next() === "B" };
      default: {
        const set = this.#escapedSet();
        return this.#set(
          set,
          set.length === 2 && set[0] === set[1] ? flags : { ...flags, ignoreCase: false },
        );
      }
    }
  }

  /** What follows a backslash, in or outside of a class. */
  #escapedSet(): CodePointSet {
    const letter = this.#next();
    const plain = CONTROLS[letter];
    if (plain !== undefined) return [plain, plain];
    switch (letter) {
      case "s":
        return WHITE_SPACE;
      case "S":
        return negated(WHITE_SPACE);
      case "d":
        return propertyOf("Nd")!;
      case "D":
        return negated(propertyOf("Nd")!);
      case "w":
        return propertyOf("word")!;
      case "W":
        return negated(propertyOf("word")!);
      case "h":
        return propertyOf("xdigit")!;
      case "H":
        return negated(propertyOf("xdigit")!);
      case "p":
      case "P":
        return this.#property(letter === "P");
      case "x":
        return this.#hex(this.#takes("{") ? undefined : 2);
      case "u":
        return this.#hex(4);
      default:
        if (/[A-Za-z0-9]/.test(letter)) throw this.#unsupported(`\\${letter}`);
        return pointSet(letter);
    }
  }

  /** @param digits - how many; until the brace otherwise. */
  #hex(digits: number | undefined): CodePointSet {
    let text = "";
    while (text.length < (digits ?? 8) && /^[0-9A-Fa-f]$/.test(this.#peek() ?? "")) text += this.#next();
    const closed = digits === undefined ? this.#takes("}") : text.length === digits || digits === 2;
    const point = Number.parseInt(text, 16);
    if (!closed || !(point <= 0x10ffff)) throw this.#broken("a code point that is none");
    return [point, point];
  }

  #property(isNegated: boolean): CodePointSet {
    if (!this.#takes("{")) throw this.#unsupported("\\p without braces");
    const inverted = this.#takes("^");
    let name = "";
    while (this.#peek() !== "}") name += this.#next();
    this.#at++;
    const set = propertyOf(name);
    if (set === undefined) throw this.#unsupported(`\\p{${name}}`);
    return isNegated !== inverted ? negated(set) : set;
  }

  /** Behind the bracket. `&&` binds weaker than what stands beside each other. */
  #class(flags: Flags): CodePointSet {
    if (++this.#depth > MAX_DEPTH) throw this.#unsupported("classes nested too deep");
    const isNegated = this.#takes("^");
    let all: CodePointSet | undefined;
    let part: CodePointSet[] = [];
    for (let first = true; first || this.#peek() !== "]"; first = false) {
      if (this.#takesAll("&&")) {
        all = all === undefined ? union(...part) : intersection(all, union(...part));
        part = [];
      } else {
        part.push(this.#member(flags));
      }
    }
    this.#at++;
    this.#depth--;
    const set = all === undefined ? union(...part) : intersection(all, union(...part));
    return isNegated ? negated(set) : set;
  }

  #member(flags: Flags): CodePointSet {
    const character = this.#next();
    let set: CodePointSet;
    if (character === "[") {
      const posix = this.#posix();
      return posix ?? this.#class(flags);
    }
    if (character === "\\") {
      set = this.#takes("b") ? [8, 8] : this.#escapedSet();
    } else {
      set = pointSet(character);
    }
    const single = set.length === 2 && set[0] === set[1];
    if (single && this.#peek() === "-" && this.#characters[this.#at + 1] !== "]") {
      this.#at++;
      const last = this.#next();
      const end = last === "\\" ? this.#escapedSet() : pointSet(last);
      if (end.length !== 2 || end[0] !== end[1] || last === "[")
        throw this.#unsupported("a range to a class");
      if (end[0]! < set[0]!) throw this.#broken("a range that runs backwards");
      set = [set[0]!, end[0]!];
    } else if (!single) {
      return set;
    }
    return flags.ignoreCase ? withOtherCases(set) : set;
  }

  #posix(): CodePointSet | undefined {
    const rest = this.#characters.slice(this.#at, this.#at + 14).join("");
    const [whole, caret, name = ""] = /^:(\^?)([a-z]+):\]/.exec(rest) ?? [];
    if (whole === undefined) return undefined;
    const set = POSIX.has(name) ? propertyOf(name) : undefined;
    if (set === undefined) throw this.#unsupported(`[:${name}:]`);
    this.#at += whole.length;
    return caret === "^" ? negated(set) : set;
  }

  /** Without regard to case, Oniguruma lets one character stand for some pairs of letters. */
  #refuseJoined(parts: readonly Syntax[], flags: Flags): void {
    if (!flags.ignoreCase) return;
    for (let i = 1; i < parts.length; i++) {
      const [a, b] = [singleSet(parts[i - 1]!), singleSet(parts[i]!)];
      if (a === undefined || b === undefined) continue;
      for (const pair of JOINED_LETTERS) {
        if (!contains(a, pair.charCodeAt(0)) || !contains(b, pair.charCodeAt(1))) continue;
        throw this.#unsupported(`the letters ${pair} without regard to case`);
      }
    }
  }

  #peek(): string | undefined {
    return this.#characters[this.#at];
  }

  #next(): string {
    const character = this.#characters[this.#at++];
    if (character === undefined) throw this.#broken("it ends too early");
    return character;
  }

  #takes(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at++;
    return true;
  }

  #takesAll(text: string): boolean {
    if (this.#characters.slice(this.#at, this.#at + text.length).join("") !== text) return false;
    this.#at += text.length;
    return true;
  }

  #unsupported(construct: string): Error {
    return unsupportedRegex(this.#pattern, construct, this.#at);
  }

  #broken(reason: string): Error {
    return brokenRegex(this.#pattern, reason, this.#at);
  }
}

const LOOKS = [
  ["=", false, true],
  ["!", false, false],
  ["<=", true, true],
  ["<!", true, false],
] as const;

const POSIX: ReadonlySet<string> = new Set(
  "alnum alpha cntrl digit lower punct space upper xdigit word".split(" "),
);

const CONTROLS: Readonly<Record<string, number>> = { t: 9, n: 10, v: 11, f: 12, r: 13, a: 7, e: 27 };

function pointSet(character: string): CodePointSet {
  const point = character.codePointAt(0)!;
  return setOf([[point, point]]);
}

/** The set of an expression that is one character. */
function singleSet(syntax: Syntax): CodePointSet | undefined {
  if (syntax.kind === "set") return syntax.set;
  if (syntax.kind === "sequence") return syntax.parts.length === 1 ? singleSet(syntax.parts[0]!) : undefined;
  if (syntax.kind !== "choice") return undefined;
  const sets = syntax.options.map(singleSet);
  return sets.every((set) => set !== undefined) ? union(...sets) : undefined;
}
