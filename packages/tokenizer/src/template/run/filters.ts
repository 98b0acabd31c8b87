import { brokenTemplate } from "../errors.ts";
import { Arguments } from "./arguments.ts";
import type { Budget } from "./budget.ts";
import { replaceText } from "./methods.ts";
import { arithmetic } from "./operators.ts";
import { passes } from "./tests.ts";
import { capitalized, jsonText, lengthOf, splitLines, str, strip } from "./text.ts";
import {
  compare,
  compareText,
  equal,
  exact,
  integerOf,
  isList,
  isTrue,
  itemsOf,
  iterate,
  Lazy,
  Markup,
  numberOf,
  PythonFloat,
  Tuple,
  typeName,
  Undefined,
  undefinedError,
  type Value,
  View,
} from "./values.ts";

/** What filters need of the interpreter. */
export interface FilterContext {
  readonly budget: Budget;
  /** `value[index]`, as Jinja looks it up. */
  item(value: Value, index: Value): Value;
}

type Filter = (value: Value, given: Arguments, context: FilterContext) => Value;

/** `value | name(…)`. */
export function filtered(name: string, value: Value, given: Arguments, context: FilterContext): Value {
  const filter = Object.hasOwn(IMPLEMENTED, name) ? IMPLEMENTED[name] : undefined;
  if (filter === undefined) throw brokenTemplate(`there is no filter ${name}`);
  if (value instanceof Markup && !OF_MARKUP.has(name))
    throw brokenTemplate(`the filter ${name} of a safe text is not supported`);
  return filter(value, given, context);
}

/** Filters that a text which `safe` marked can go through. */
const OF_MARKUP: ReadonlySet<string> = new Set([
  "count",
  "d",
  "default",
  "length",
  "safe",
  "string",
  "tojson",
]);

const length: Filter = (value) => {
  if (value instanceof Undefined) return 0;
  if (typeof value === "string" || value instanceof Markup) return lengthOf(str(value));
  if (value instanceof Map) return value.size;
  if (value instanceof View) return value.items.length;
  const items = itemsOf(value);
  if (items === undefined) throw brokenTemplate(`object of type '${typeName(value)}' has no len()`);
  return items.length;
};

const otherwise: Filter = (value, given) => {
  const [instead = "", ifFalse = false] = given.take("default_value", "boolean");
  return value instanceof Undefined || (isTrue(ifFalse) && !isTrue(value)) ? instead : value;
};

/** The value that sorting and comparing look at: texts without regard to case, unless asked. */
function sortKey(value: Value, caseSensitive: Value | undefined): Value {
  return typeof value === "string" && !isTrue(caseSensitive ?? false) ? value.toLowerCase() : value;
}

/** `a.b.0` of each value. */
function attributeOf(value: Value, path: Value, context: FilterContext, instead?: Value): Value {
  const parts = typeof path === "string" ? path.split(".") : [path];
  return parts.reduce<Value>((inner, part) => {
    const found = context.item(inner, typeof part === "string" && /^\d+$/.test(part) ? Number(part) : part);
    return found instanceof Undefined && instead != null ? instead : found;
  }, value);
}

/** The items and what of each is looked at. */
function keyed(
  value: Value,
  attribute: Value | undefined,
  caseSensitive: Value | undefined,
  context: FilterContext,
): [Value, Value][] {
  return iterate(value).map((item) => {
    const found = attribute == null ? item : attributeOf(item, attribute, context);
    return [item, sortKey(found, caseSensitive)];
  });
}

const extreme =
  (sign: number): Filter =>
  (value, given, context) => {
    const [caseSensitive, attribute] = given.take("case_sensitive", "attribute");
    const pairs = keyed(value, attribute, caseSensitive, context);
    if (pairs.length === 0) return new Undefined("No aggregated item, sequence was empty.");
    return pairs.reduce((best, one) =>
      sign * compare(one[1], best[1], sign > 0 ? ">" : "<") > 0 ? one : best,
    )[0];
  };

/** `select`, `reject` and their forms with an attribute. */
const selecting =
  (wanted: boolean, byAttribute: boolean): Filter =>
  (value, given, context) => {
    const [first, ...rest] = given.positional;
    if (!isTrue(value)) return new Lazy([]);
    if (byAttribute && first === undefined) throw brokenTemplate("Missing parameter for attribute name");
    const [test, ...values] = byAttribute ? rest : given.positional;
    const kept = iterate(value).filter((item) => {
      context.budget.step();
      const looked = byAttribute ? attributeOf(item, first!, context) : item;
      const holds =
        test === undefined
          ? isTrue(looked)
          : passes(str(test), looked, new Arguments(str(test), values, given.keywords));
      return holds === wanted;
    });
    return new Lazy(kept);
  };

const mapped: Filter = (value, given, context) => {
  if (!isTrue(value)) return new Lazy([]);
  return new Lazy(mappedItems(value, given, context));
};

function mappedItems(value: Value, given: Arguments, context: FilterContext): Value[] {
  const attribute = given.keywords.get("attribute");
  if (given.positional.length === 0 && attribute !== undefined) {
    const [, instead] = given.take("attribute", "default");
    return iterate(value).map((item) => attributeOf(item, attribute, context, instead));
  }
  const [name, ...rest] = given.positional;
  if (name === undefined) throw brokenTemplate("map requires a filter argument");
  return iterate(value).map((item) => {
    context.budget.step();
    return filtered(str(name), item, new Arguments(str(name), rest, given.keywords), context);
  });
}

const toInteger: Filter = (value, given) => {
  const [instead = 0, base = 10] = given.take("default", "base");
  if (value instanceof Undefined) throw undefinedError(value);
  const number = numberOf(value);
  if (number !== undefined) return exact(Math.trunc(number));
  if (typeof value !== "string") return instead;
  const text = strip(value, undefined, true, true).replace(/(\d)_(?=\d)/g, "$1");
  if (base !== 10) throw brokenTemplate("int with a base is not supported");
  if (/^[-+]?\d+$/.test(text)) return exact(Number(text));
  const float = pythonFloat(text);
  return float === undefined || !Number.isFinite(float) ? instead : exact(Math.trunc(float));
};

function pythonFloat(text: string): number | undefined {
  if (/^[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?$/.test(text)) return Number(text);
  const special = /^([-+]?)(inf|infinity|nan)$/i.exec(text);
  if (special === null) return undefined;
  return special[2]!.toLowerCase() === "nan" ? Number.NaN : special[1] === "-" ? -Infinity : Infinity;
}

const toFloat: Filter = (value, given) => {
  const [instead = new PythonFloat(0)] = given.take("default");
  if (value instanceof Undefined) throw undefinedError(value);
  const number =
    typeof value === "string"
      ? pythonFloat(strip(value, undefined, true, true).replaceAll("_", ""))
      : numberOf(value);
  return number === undefined ? instead : new PythonFloat(number);
};

const round: Filter = (value, given) => {
  const [precision = 0, method = "common"] = given.take("precision", "method");
  const number = numberOf(value);
  if (number === undefined) throw brokenTemplate(`type ${typeName(value)} doesn't define __round__ method`);
  const digits = integerOf(precision, "precision");
  if (method === "ceil" || method === "floor") {
    return new PythonFloat(Math[method](number * 10 ** digits) / 10 ** digits);
  }
  if (method !== "common") throw brokenTemplate("method must be common, ceil or floor");
  if (!(value instanceof PythonFloat))
    return digits >= 0 ? number : exact(halfEven(number / 10 ** -digits) * 10 ** -digits);
  if (digits < 0 || digits > 15)
    throw brokenTemplate(`rounding a float to ${digits} digits is not supported`);
  return new PythonFloat(roundTo(number, digits));
};

function halfEven(value: number): number {
  const down = Math.floor(value);
  const rest = value - down;
  return rest > 0.5 || (rest === 0.5 && down % 2 !== 0) ? down + 1 : down;
}

/** `toFixed` looks at the exact value and takes the larger of two that are as near; Python takes the even one. */
function roundTo(value: number, digits: number): number {
  const scaled = value * 10 ** digits;
  if (
    digits === 0 ||
    (Number.isInteger(scaled * 2) && scaled / 10 ** digits === value && isDyadic(value, digits))
  ) {
    return halfEven(scaled) / 10 ** digits;
  }
  return Number(value.toFixed(digits));
}

/** Whether the value ends behind as many binary places as it has decimal ones to keep, and one more: only then can it lie in the middle. */
function isDyadic(value: number, digits: number): boolean {
  return Number.isInteger(value * 2 ** (digits + 1));
}

const indent: Filter = (value, given, { budget }) => {
  const [width = 4, first = false, blank = false] = given.take("width", "first", "blank");
  const space = typeof width === "string" ? width : " ".repeat(Math.max(0, integerOf(width, "width")));
  if (typeof value !== "string") throw brokenTemplate(`indent needs a str, not ${typeName(value)}`);
  const texts = splitLines(`${value}\n`, false);
  budget.make(texts.reduce((sum, line) => sum + line.length + space.length + 1, 0));
  const [head = "", ...rest] = texts;
  const shifted = rest.map((line) => (isTrue(blank) || line !== "" ? space + line : line));
  return (isTrue(first) ? space : "") + [head, ...shifted].join("\n");
};

const toJson: Filter = (value, given, { budget }) => {
  const names = ["ensure_ascii", "indent", "separators", "sort_keys"];
  const [ascii = false, depth = null, separators = null, sorted = false] = given.take(...names);
  const [item = depth === null ? ", " : ",", key = ": "] =
    separators === null ? [] : iterate(separators).map(str);
  const spaces =
    depth === null
      ? undefined
      : typeof depth === "string"
        ? depth
        : " ".repeat(Math.max(0, integerOf(depth, "indent")));
  const options = {
    ascii: isTrue(ascii),
    indent: spaces,
    itemSeparator: item,
    keySeparator: key,
    sorted: isTrue(sorted),
  };
  const text = jsonText(value, options);
  budget.make(text.length);
  return text;
};

const inRows =
  (byColumn: boolean): Filter =>
  (value, given) => {
    const [count, fill = null] = given.need(1, byColumn ? "slices" : "linecount", "fill_with");
    const size = integerOf(count!, "count");
    const items = iterate(value);
    if (size < 1) throw brokenTemplate("a batch of no items");
    if (!byColumn) {
      const rows = Array.from({ length: Math.ceil(items.length / size) }, (_, i) =>
        items.slice(i * size, (i + 1) * size),
      );
      const last = rows.at(-1);
      if (fill !== null && last !== undefined)
        rows[rows.length - 1] = [...last, ...Array<Value>(size - last.length).fill(fill)];
      return new Lazy(rows);
    }
    const [least, more] = [Math.floor(items.length / size), items.length % size];
    const columns = Array.from({ length: Math.min(size, 100_000) }, (_, i) => {
      const from = i * least + Math.min(i, more);
      const row = items.slice(from, from + least + (i < more ? 1 : 0));
      return fill !== null && i >= more ? [...row, fill] : row;
    });
    return new Lazy(columns);
  };

const IMPLEMENTED: Readonly<Record<string, Filter>> = {
  length,
  count: length,
  default: otherwise,
  d: otherwise,
  map: mapped,
  select: selecting(true, false),
  reject: selecting(false, false),
  selectattr: selecting(true, true),
  rejectattr: selecting(false, true),
  int: toInteger,
  float: toFloat,
  round,
  indent,
  tojson: toJson,
  batch: inRows(false),
  slice: inRows(true),
  max: extreme(1),
  min: extreme(-1),
  upper: (value) => str(value).toUpperCase(),
  lower: (value) => str(value).toLowerCase(),
  capitalize: (value) => capitalized(str(value)),
  title: (value) =>
    str(value)
      .split(/([-\s({[<]+)/)
      .map(capitalized)
      .join(""),
  string: (value) => (value instanceof Markup ? value : str(value)),
  safe: (value) => new Markup(str(value)),
  list: (value) => [...iterate(value)],
  first: (value) => {
    const items =
      value instanceof Lazy ? [value.next()].filter((item) => item !== undefined) : iterate(value);
    return firstOf(items, "No first item, sequence was empty.");
  },
  last: (value) => firstOf(iterate(value).slice(-1), "No last item, sequence was empty."),
  wordcount: (value) => str(value).match(/[\p{L}\p{N}_]+/gu)?.length ?? 0,
  abs(value) {
    const number = numberOf(value);
    if (number === undefined) throw brokenTemplate(`bad operand type for abs(): '${typeName(value)}'`);
    return value instanceof PythonFloat ? new PythonFloat(Math.abs(number)) : Math.abs(number);
  },
  trim(value, given) {
    const [characters = null] = given.take("chars");
    return strip(str(value), characters === null ? undefined : str(characters), true, true);
  },
  replace(value, given, { budget }) {
    const [old, content, count = null] = given.need(2, "old", "new", "count");
    const most = count === null ? -1 : integerOf(count, "count");
    return replaceText(str(value), str(old!), str(content!), most, budget);
  },
  reverse(value) {
    if (typeof value === "string") return [...value].reverse().join("");
    return new Lazy([...iterate(value)].reverse());
  },
  join(value, given, context) {
    const [separator = "", attribute = null] = given.take("d", "attribute");
    const items = iterate(value).map((item) =>
      str(attribute === null ? item : attributeOf(item, attribute, context)),
    );
    context.budget.make(items.reduce((sum, item) => sum + item.length + str(separator).length, 0));
    return items.join(str(separator));
  },
  items(value) {
    if (value instanceof Undefined) return new Lazy([]);
    if (!(value instanceof Map)) throw brokenTemplate("Can only get item pairs from a mapping.");
    return new Lazy([...value].map(([key, item]) => new Tuple([key, item])));
  },
  dictsort(value, given) {
    const [caseSensitive, by = "key", reverse = false] = given.take("case_sensitive", "by", "reverse");
    if (!(value instanceof Map)) throw brokenTemplate(`dictsort needs a mapping, not ${typeName(value)}`);
    if (by !== "key" && by !== "value") throw brokenTemplate('You can only sort by either "key" or "value"');
    const at = by === "key" ? 0 : 1;
    const entries = [...value].map((entry): [Value, Value] => entry);
    return sorted(entries, (entry) => sortKey(entry[at]!, caseSensitive), isTrue(reverse)).map(
      (entry) => new Tuple(entry),
    );
  },
  sort(value, given, context) {
    const [reverse = false, caseSensitive, attribute] = given.take("reverse", "case_sensitive", "attribute");
    if (typeof attribute === "string" && attribute.includes(","))
      throw brokenTemplate("sorting by several attributes is not supported");
    return sorted(keyed(value, attribute, caseSensitive, context), ([, key]) => key, isTrue(reverse)).map(
      ([item]) => item,
    );
  },
  unique(value, given, context) {
    const [caseSensitive, attribute] = given.take("case_sensitive", "attribute");
    const kept: [Value, Value][] = [];
    for (const pair of keyed(value, attribute, caseSensitive, context)) {
      context.budget.step(kept.length);
      if (isList(pair[1]) || pair[1] instanceof Map)
        throw brokenTemplate(`unhashable type: '${typeName(pair[1])}'`);
      if (!kept.some(([, key]) => equal(key, pair[1]))) kept.push(pair);
    }
    return new Lazy(kept.map(([item]) => item));
  },
  sum(value, given, context) {
    const [attribute = null, start = 0] = given.take("attribute", "start");
    const items = iterate(value).map((item) =>
      attribute === null ? item : attributeOf(item, attribute, context),
    );
    if (typeof start === "string") throw brokenTemplate("sum() can't sum strings [use ''.join(seq) instead]");
    return items.reduce<Value>((total, item) => arithmetic("add", total, item, context.budget), start);
  },
};

function firstOf([first]: readonly Value[], missing: string): Value {
  return first === undefined ? new Undefined(missing) : first;
}

/** Stable, also backwards, as Python's `sort`. */
function sorted<T>(items: readonly T[], key: (item: T) => Value, reverse: boolean): T[] {
  const order = (a: T, b: T): number => {
    const [x, y] = [key(a), key(b)];
    if (typeof x === "string" && typeof y === "string") return compareText(x, y);
    return compare(x, y, "<");
  };
  return [...items].sort((a, b) => (reverse ? order(b, a) : order(a, b)));
}
