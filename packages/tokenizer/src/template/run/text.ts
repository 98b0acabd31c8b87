import { brokenTemplate } from "../errors.ts";
import {
  Callable,
  isList,
  itemsOf,
  Lazy,
  Loop,
  Markup,
  Namespace,
  PythonFloat,
  Tuple,
  typeName,
  Undefined,
  type Value,
  View,
} from "./values.ts";

/** Code points, which Python counts texts in. */
export function pointsOf(text: string): string[] {
  return [...text];
}

export function lengthOf(text: string): number {
  let count = text.length;
  for (let i = 0; i + 1 < text.length; i++) {
    const isPair = (text.charCodeAt(i) & 0xfc00) === 0xd800 && (text.charCodeAt(i + 1) & 0xfc00) === 0xdc00;
    if (isPair) {
      count--;
      i++;
    }
  }
  return count;
}

/** `str(value)`. */
export function str(value: Value): string {
  if (typeof value === "string") return value;
  if (value instanceof Undefined) return "";
  if (value instanceof Markup) return value.text;
  return repr(value);
}

/** `repr(value)`. */
export function repr(value: Value): string {
  if (value === null) return "None";
  if (typeof value === "boolean") return value ? "True" : "False";
  if (typeof value === "number") return String(value);
  if (typeof value === "string") return quoted(value);
  if (value instanceof PythonFloat) return floatText(value.value);
  if (isList(value)) return `[${value.map(repr).join(", ")}]`;
  if (value instanceof Tuple)
    return `(${value.items.map(repr).join(", ")}${value.items.length === 1 ? "," : ""})`;
  if (value instanceof Map)
    return `{${[...value].map(([key, item]) => `${repr(key)}: ${repr(item)}`).join(", ")}}`;
  if (value instanceof Undefined) return "Undefined";
  if (value instanceof View)
    return `${value.name}(${value.name === "range" ? value.bounds : repr(value.items)})`;
  if (
    value instanceof Markup ||
    value instanceof Lazy ||
    value instanceof Namespace ||
    value instanceof Callable ||
    value instanceof Loop
  ) {
    throw brokenTemplate(`a ${typeName(value)} has no text`);
  }
  return "";
}

/** Shortest digits that read back the same, as both languages have them; only the forms differ. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (!Number.isFinite(value)) return value > 0 ? "inf" : "-inf";
  if (Object.is(value, -0)) return "-0.0";
  const [, sign = "", whole = "", part = "", power = ""] = /^(-?)(\d+)(?:\.(\d+))?(?:e([-+]\d+))?$/.exec(
    String(value),
  )!;
  const digits = (whole + part).replace(/^0+/, "");
  const leading = whole + part === "0" ? 0 : (whole + part).length - digits.length;
  const exponent = whole.length - 1 - leading + Number(power || 0);
  const significant = digits.replace(/0+$/, "") || "0";
  if (value !== 0 && (exponent < -4 || exponent >= 16)) {
    const mantissa = significant.length === 1 ? significant : `${significant[0]}.${significant.slice(1)}`;
    return `${sign}${mantissa}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
  }
  if (value === 0) return "0.0";
  if (exponent < 0) return `${sign}0.${"0".repeat(-exponent - 1)}${significant}`;
  const padded = significant.padEnd(exponent + 1, "0");
  return `${sign}${padded.slice(0, exponent + 1)}.${padded.slice(exponent + 1) || "0"}`;
}

const SHORT: Readonly<Record<string, string>> = { "\n": "\\n", "\r": "\\r", "\t": "\\t", "\\": "\\\\" };

function quoted(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const body = [...text].map((character) => {
    if (character === quote) return `\\${character}`;
    if (SHORT[character] !== undefined) return SHORT[character];
    if (character === " " || !/[\p{C}\p{Z}]/u.test(character)) return character;
    const point = character.codePointAt(0)!;
    const [letter, width] = point < 0x100 ? ["x", 2] : point < 0x10000 ? ["u", 4] : ["U", 8];
    return `\\${letter}${point.toString(16).padStart(width, "0")}`;
  });
  return `${quote}${body.join("")}${quote}`;
}

export interface JsonOptions {
  readonly ascii: boolean;
  readonly indent: string | undefined;
  readonly itemSeparator: string;
  readonly keySeparator: string;
  readonly sorted: boolean;
}

/** `json.dumps`. */
export function jsonText(value: Value, options: JsonOptions, depth = 0): string {
  if (value === null) return "null";
  if (typeof value === "boolean" || typeof value === "number") return String(value);
  if (typeof value === "string") return jsonString(value, options.ascii);
  if (value instanceof Markup) return jsonString(value.text, options.ascii);
  if (value instanceof PythonFloat) return jsonFloat(value.value);
  const items = itemsOf(value);
  if (items !== undefined) {
    return wrapped(
      "[",
      items.map((item) => jsonText(item, options, depth + 1)),
      "]",
      options,
      depth,
    );
  }
  if (value instanceof Map) {
    const entries = [...value].map(([key, item]): [string, Value] => [
      typeof key === "string" ? key : jsonKey(key),
      item,
    ]);
    if (options.sorted) entries.sort(([a], [b]) => (a < b ? -1 : 1));
    const texts = entries.map(
      ([key, item]) =>
        jsonString(key, options.ascii) + options.keySeparator + jsonText(item, options, depth + 1),
    );
    return wrapped("{", texts, "}", options, depth);
  }
  throw brokenTemplate(`Object of type ${typeName(value)} is not JSON serializable`);
}

function jsonKey(key: number | null): string {
  return String(key);
}

function wrapped(
  open: string,
  texts: readonly string[],
  close: string,
  options: JsonOptions,
  depth: number,
): string {
  if (texts.length === 0) return open + close;
  if (options.indent === undefined) return open + texts.join(options.itemSeparator) + close;
  const line = `\n${options.indent.repeat(depth + 1)}`;
  return `${open}${line}${texts.join(options.itemSeparator + line)}\n${options.indent.repeat(depth)}${close}`;
}

function jsonFloat(value: number): string {
  if (Number.isNaN(value)) return "NaN";
  if (!Number.isFinite(value)) return value > 0 ? "Infinity" : "-Infinity";
  return floatText(value);
}

const JSON_ESCAPES: Readonly<Record<string, string>> = {
  ...{ '"': '\\"', "\\": "\\\\", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\b": "\\b", "\f": "\\f" },
};

function jsonString(text: string, ascii: boolean): string {
  const escapeUnit = (unit: string): string =>
    JSON_ESCAPES[unit] ?? `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: JSON escapes them
  return `"${text.replace(ascii ? /["\\\x00-\x1f]|[^\x00-\x7e]/g : /["\\\x00-\x1f]/g, escapeUnit)}"`;
}

/** Characters of white space for `str.strip`, `split` and `isspace`. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: Python counts them as white space
export const PYTHON_SPACE = /[\t-\r\x1c-\x20\x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]/;

/** `strip`, `lstrip`, `rstrip`; `characters` undefined for white space. */
export function strip(text: string, characters: string | undefined, left: boolean, right: boolean): string {
  const points = [...text];
  const set = characters === undefined ? undefined : new Set(characters);
  const isIn = (point: string): boolean => (set === undefined ? PYTHON_SPACE.test(point) : set.has(point));
  let from = 0;
  let to = points.length;
  while (left && from < to && isIn(points[from]!)) from++;
  while (right && to > from && isIn(points[to - 1]!)) to--;
  return from === 0 && to === points.length ? text : points.slice(from, to).join("");
}

/** Words by white space, at most `most` cuts. */
export function splitSpace(text: string, most: number, fromRight: boolean): string[] {
  const points = [...text];
  if (fromRight) points.reverse();
  const parts: string[] = [];
  let at = 0;
  while (at < points.length) {
    while (at < points.length && PYTHON_SPACE.test(points[at]!)) at++;
    if (at >= points.length) break;
    let end = at;
    if (parts.length === most) {
      end = points.length;
    } else {
      while (end < points.length && !PYTHON_SPACE.test(points[end]!)) end++;
    }
    const part = points.slice(at, end);
    parts.push((fromRight ? part.reverse() : part).join(""));
    at = end;
    if (parts.length > most) break;
  }
  return fromRight ? parts.reverse() : parts;
}

/** `text.split(separator, most)`, or `rsplit`. */
export function splitAt(text: string, separator: string, most: number, fromRight: boolean): string[] {
  const parts = text.split(separator);
  if (parts.length - 1 <= most) return parts;
  if (fromRight)
    return [parts.slice(0, parts.length - most).join(separator), ...parts.slice(parts.length - most)];
  return [...parts.slice(0, most), parts.slice(most).join(separator)];
}

/** Each word's first letter, in title case, as `str.title` has it; other letters small. */
export function pythonTitle(text: string): string {
  return text.replace(/\p{L}+/gu, (word) => capitalized(word));
}

export function capitalized(text: string): string {
  const [first = "", ...rest] = text;
  return first.toUpperCase() + rest.join("").toLowerCase();
}

/** Where Python ends lines. */
const LINE_ENDS: ReadonlySet<string> = new Set([
  ...["\n", "\r", "\v", "\f", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029"],
]);

/** `str.splitlines`. */
export function splitLines(text: string, keepEnds: boolean): string[] {
  const lines: string[] = [];
  let from = 0;
  for (let at = 0; at < text.length; at++) {
    if (!LINE_ENDS.has(text[at]!)) continue;
    const end = text[at] === "\r" && text[at + 1] === "\n" ? at + 2 : at + 1;
    lines.push(text.slice(from, keepEnds ? end : at));
    from = end;
    at = end - 1;
  }
  if (from < text.length) lines.push(text.slice(from));
  return lines;
}
