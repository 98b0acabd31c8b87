import type { PippinError } from "@pippin/core";
import { MAX_JSON_DEPTH, MAX_JSON_KEYS, MAX_JSON_NUMBER_LENGTH } from "./limits.ts";

/** Makes the error for a place in the text: `reason` is a clause, `at` the character's index. */
export type JsonFailure = (reason: string, at: number) => PippinError;

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const NUMBER = /^-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;
const INTEGER = /^(?:0|[1-9][0-9]*)$/;

/**
 * Strict JSON of a known schema, value by value.
 *
 * `JSON.parse` hides duplicate keys, rounds large integers, and builds whatever it is given; here the caller says what
 * comes next, nothing else is built, and nesting is bounded.
 */
export class JsonCursor {
  readonly #text: string;
  readonly #failure: JsonFailure;
  #at = 0;

  constructor(text: string, failure: JsonFailure) {
    this.#text = text;
    this.#failure = failure;
  }

  /** Reads an object; `readValue` must consume the value of each key. Duplicate keys are errors. */
  object(readValue: (key: string) => void): void {
    const keys = new Set<string>();
    this.#sequence("{", "}", () => {
      const key = this.string();
      if (keys.has(key)) throw this.fail(`the key ${JSON.stringify(key.slice(0, 120))} appears twice`);
      if (keys.size === MAX_JSON_KEYS) throw this.fail(`an object has more than ${MAX_JSON_KEYS} keys`);
      keys.add(key);
      this.#expect(":");
      readValue(key);
    });
  }

  /** Reads an array; `readElement` must consume one element. */
  array(readElement: () => void): void {
    this.#sequence("[", "]", readElement);
  }

  string(): string {
    this.#expect('"');
    const begin = this.#at;
    let escaped = false;
    for (; ; this.#at++) {
      const code = this.#text.charCodeAt(this.#at);
      if (code === QUOTE) break;
      // NaN, past the end, is not greater than anything either.
      if (!(code >= 0x20)) throw this.fail("a string is not closed or holds a control character");
      if (code === BACKSLASH) {
        escaped = true;
        this.#at++;
      }
    }
    const raw = this.#text.slice(begin, this.#at++);
    return escaped ? this.#unescaped(raw, begin) : raw;
  }

  /** A non-negative integer that a `number` holds exactly, written without fraction or exponent. */
  integer(): number {
    const begin = this.#skipSpace();
    const token = this.#numberToken();
    const value = Number(token);
    if (INTEGER.test(token) && Number.isSafeInteger(value)) return value;
    this.#at = begin;
    throw this.fail(`expected a non-negative integer below 2^53, got ${this.#preview()}`);
  }

  /** Consumes any value. */
  skip(depth = 0): void {
    if (depth > MAX_JSON_DEPTH) throw this.fail(`values are nested more than ${MAX_JSON_DEPTH} deep`);
    const first = this.#text[this.#skipSpace()];
    if (first === "{") this.object(() => this.skip(depth + 1));
    else if (first === "[") this.array(() => this.skip(depth + 1));
    else if (first === '"') this.string();
    else this.#skipPlain();
  }

  /** Fails unless only white space is left. */
  end(): void {
    if (this.#skipSpace() < this.#text.length) throw this.fail(`expected the end, got ${this.#preview()}`);
  }

  fail(reason: string): PippinError {
    return this.#failure(reason, this.#at);
  }

  #sequence(open: string, close: string, readItem: () => void): void {
    this.#expect(open);
    if (this.#accept(close)) return;
    do readItem();
    while (this.#accept(","));
    this.#expect(close);
  }

  #accept(char: string): boolean {
    if (this.#text[this.#skipSpace()] !== char) return false;
    this.#at++;
    return true;
  }

  #expect(char: string): void {
    if (!this.#accept(char)) throw this.fail(`expected ${char}, got ${this.#preview()}`);
  }

  #skipSpace(): number {
    while (isSpace(this.#text.charCodeAt(this.#at))) this.#at++;
    return this.#at;
  }

  /** A number, `true`, `false` or `null`. */
  #skipPlain(): void {
    const begin = this.#at;
    const literal = ["true", "false", "null"].find((word) => this.#text.startsWith(word, begin));
    if (literal !== undefined) {
      this.#at += literal.length;
      return;
    }
    if (NUMBER.test(this.#numberToken())) return;
    this.#at = begin;
    throw this.fail(`expected a value, got ${this.#preview()}`);
  }

  #numberToken(): string {
    const begin = this.#at;
    while (isNumberPart(this.#text.charCodeAt(this.#at))) {
      if (++this.#at - begin > MAX_JSON_NUMBER_LENGTH) throw this.fail("a number has too many digits");
    }
    return this.#text.slice(begin, this.#at);
  }

  #unescaped(raw: string, begin: number): string {
    try {
      const value: unknown = JSON.parse(`"${raw}"`);
      if (typeof value === "string" && value.isWellFormed()) return value;
    } catch {
      // Reported below, with the place in the file.
    }
    this.#at = begin;
    throw this.fail("a string holds an escape that means no character");
  }

  #preview(): string {
    return this.#at < this.#text.length
      ? JSON.stringify(this.#text.slice(this.#at, this.#at + 20))
      : "the end";
  }
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x0a || code === 0x0d || code === 0x09;
}

/** Digits, `+`, `-`, `.`, `e`, `E`. */
function isNumberPart(code: number): boolean {
  return (
    (code >= 0x30 && code <= 0x39) ||
    code === 0x2b ||
    code === 0x2d ||
    code === 0x2e ||
    (code | 0x20) === 0x65
  );
}
