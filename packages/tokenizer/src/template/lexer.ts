import { brokenTemplate, unsupportedTemplate } from "./errors.ts";

/** `begin` and `end` are those of a statement or of a print; the text of an `operator` is itself. */
export interface Token {
  readonly type: "text" | "begin" | "end" | "name" | "string" | "integer" | "float" | "operator" | "stop";
  /** Of `begin` and `end`: "%" or "{". */
  readonly text: string;
  readonly line: number;
}

const MAX_SOURCE = 1 << 20;
const TAG = /\{([%{#])([-+]?)/g;
const RAW = /^\{%[-+]?\s*raw\s*(-?)%\}/;
const END_RAW = /\{%([-+]?)\s*endraw\s*(?:\+%\}|(-)%\}\s*|%\}\n?)/g;
/** White space as Python's `\s` and `str.strip` have it. */
const SPACE = "[\\s\\x1c-\\x1f\\x85]";
const LEADING_SPACE = new RegExp(`^${SPACE}+`);
const TRAILING_SPACE = new RegExp(`${SPACE}+$`);
const ONLY_SPACE = new RegExp(`^${SPACE}+$`);
const FLOAT = /^(?:\d+_)*\d+(?:(?:\.(?:\d+_)*\d+)?[eE][+-]?(?:\d+_)*\d+|\.(?:\d+_)*\d+)/;
const INTEGER = /^(?:0[bB](?:_?[01])+|0[oO](?:_?[0-7])+|0[xX](?:_?[\da-fA-F])+|[1-9](?:_?\d)*|0(?:_?0)*)/;
const NAME = /^[\p{L}\p{Nl}_][\p{L}\p{Nl}\p{Mn}\p{Mc}\p{Nd}\p{Pc}]*/u;
const STRING = /^(?:'[^'\\]*(?:\\[\s\S][^'\\]*)*'|"[^"\\]*(?:\\[\s\S][^"\\]*)*")/;
const OPERATOR = /^(?:\*\*|\/\/|==|!=|>=|<=|[-+*/%~[\](){}<>=.:|,;])/;
const CLOSING: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

/** Jinja's tokens of a template, with `trim_blocks` and `lstrip_blocks` on, as `transformers` sets them. */
export function tokensOf(template: string): Token[] {
  if (template.length > MAX_SOURCE) throw brokenTemplate(`it is longer than ${MAX_SOURCE} characters`);
  // One newline at the end does not count.
  return new Lexer(template.replace(/\r\n?/g, "\n").replace(/\n$/, "")).run();
}

class Lexer {
  readonly #source: string;
  readonly #tokens: Token[] = [];
  #at = 0;
  #line = 1;
  /** Nothing but a newline, or the beginning, is before `#at`. */
  #lineStarts = true;

  constructor(source: string) {
    this.#source = source;
  }

  run(): Token[] {
    while (this.#at < this.#source.length) this.#next();
    this.#add("stop", "");
    return this.#tokens;
  }

  #add(type: Token["type"], text: string): void {
    this.#tokens.push({ type, text, line: this.#line });
  }

  /** Moves on to `end`, counting lines. */
  #move(end: number): void {
    for (
      let i = this.#source.indexOf("\n", this.#at);
      i >= 0 && i < end;
      i = this.#source.indexOf("\n", i + 1)
    ) {
      this.#line++;
    }
    if (end > this.#at) this.#lineStarts = this.#source[end - 1] === "\n";
    this.#at = end;
  }

  #next(): void {
    TAG.lastIndex = this.#at;
    const tag = TAG.exec(this.#source);
    if (tag === null) {
      this.#text(this.#source.slice(this.#at));
      this.#move(this.#source.length);
      return;
    }
    const [whole, kind = "", sign = ""] = tag;
    this.#text(this.#stripped(this.#source.slice(this.#at, tag.index), kind, sign));
    this.#move(tag.index);
    if (kind === "#") this.#comment();
    else if (kind === "%" && RAW.test(this.#source.slice(tag.index, tag.index + 200))) this.#raw();
    else this.#tag(kind, tag.index + whole.length);
  }

  #text(text: string): void {
    if (text !== "") this.#add("text", text);
  }

  /** Text before a tag without what the tag strips. */
  #stripped(text: string, kind: string, sign: string): string {
    if (sign === "-") return text.replace(TRAILING_SPACE, "");
    if (sign === "+" || kind === "{") return text;
    const line = text.lastIndexOf("\n") + 1;
    const begins = line > 0 || this.#lineStarts;
    return begins && ONLY_SPACE.test(text.slice(line)) ? text.slice(0, line) : text;
  }

  #comment(): void {
    const end = this.#source.indexOf("#}", this.#at + 2);
    if (end < 0) throw brokenTemplate("a comment is not closed", this.#line);
    this.#afterTag(end + 2, this.#source[end - 1] ?? "", true);
  }

  /** Moves behind a tag and what it strips. */
  #afterTag(end: number, sign: string, isBlock: boolean): void {
    if (sign === "-") {
      const [space = ""] = LEADING_SPACE.exec(this.#source.slice(end)) ?? [];
      this.#move(end + space.length);
    } else {
      this.#move(isBlock && sign !== "+" && this.#source[end] === "\n" ? end + 1 : end);
    }
  }

  #raw(): void {
    const [whole, sign = ""] = RAW.exec(this.#source.slice(this.#at))!;
    this.#afterTag(this.#at + whole.length, sign, true);
    END_RAW.lastIndex = this.#at;
    const end = END_RAW.exec(this.#source);
    if (end === null) throw brokenTemplate("a raw block is not closed", this.#line);
    this.#text(this.#stripped(this.#source.slice(this.#at, end.index), "%", end[1] ?? ""));
    this.#move(end.index + end[0].length);
  }

  #tag(kind: string, start: number): void {
    this.#add("begin", kind);
    this.#move(start);
    const close = kind === "%" ? "%}" : "}}";
    const open: string[] = [];
    for (;;) {
      const [space = ""] = LEADING_SPACE.exec(this.#source.slice(this.#at, this.#at + 4096)) ?? [];
      if (space !== "") {
        this.#move(this.#at + space.length);
        continue;
      }
      if (this.#at >= this.#source.length) throw brokenTemplate("a tag is not closed", this.#line);
      const sign = /^[-+]/.test(this.#source.slice(this.#at)) ? this.#source[this.#at]! : "";
      const closes = open.length === 0 && this.#source.startsWith(close, this.#at + sign.length);
      if (closes && !(kind === "{" && sign === "+")) {
        this.#add("end", kind);
        this.#afterTag(this.#at + sign.length + 2, sign, kind === "%");
        return;
      }
      this.#expressionToken(open);
    }
  }

  #expressionToken(open: string[]): void {
    const rest = this.#source.slice(this.#at);
    const previous = this.#source[this.#at - 1];
    const match = (expression: RegExp): string | undefined => expression.exec(rest)?.[0];
    const float = previous === "." ? undefined : match(FLOAT);
    const integer = match(INTEGER);
    const name = match(NAME);
    const string = match(STRING);
    if (float !== undefined) this.#take("float", float, float.replaceAll("_", ""));
    else if (integer !== undefined) this.#take("integer", integer, decimal(integer));
    else if (name !== undefined) this.#take("name", name, name);
    else if (string !== undefined) this.#take("string", string, unescaped(string.slice(1, -1), this.#line));
    else this.#operator(match(OPERATOR), open);
  }

  #operator(operator: string | undefined, open: string[]): void {
    if (operator === undefined)
      throw brokenTemplate(`unexpected ${JSON.stringify(this.#source[this.#at])}`, this.#line);
    if (CLOSING[operator] !== undefined) open.push(CLOSING[operator]);
    if (")]}".includes(operator) && open.pop() !== operator) {
      throw brokenTemplate(`unexpected ${JSON.stringify(operator)}`, this.#line);
    }
    this.#take("operator", operator, operator);
  }

  #take(type: Token["type"], written: string, text: string): void {
    this.#add(type, text);
    this.#move(this.#at + written.length);
  }
}

function decimal(integer: string): string {
  return BigInt(integer.replaceAll("_", "")).toString();
}

const ESCAPES: Readonly<Record<string, string>> = {
  ...{
    "\n": "",
    "\\": "\\",
    "'": "'",
    '"': '"',
    a: "\x07",
    b: "\b",
    f: "\f",
    n: "\n",
    r: "\r",
    t: "\t",
    v: "\v",
  },
};

/** Python's escapes; a backslash before anything else stays. */
function unescaped(text: string, line: number): string {
  return text.replace(
    /\\(?:([0-7]{1,3})|x(..?)?|u(.{0,4})|U(.{0,8})|([\s\S]))/g,
    (all, octal, x, u, long, one) => {
      if (octal !== undefined) return String.fromCodePoint(Number.parseInt(octal, 8));
      if (one !== undefined) {
        if (one === "N") throw unsupportedTemplate("\\N{…} in a string", line);
        return ESCAPES[one] ?? all;
      }
      const digits: string = x ?? u ?? long ?? "";
      const wanted = all[1] === "x" ? 2 : all[1] === "u" ? 4 : 8;
      const point = Number.parseInt(digits, 16);
      const valid = digits.length === wanted && /^[\da-fA-F]+$/.test(digits) && point <= 0x10ffff;
      if (!valid) throw brokenTemplate(`${JSON.stringify(all)} is no character`, line);
      return String.fromCodePoint(point);
    },
  );
}
