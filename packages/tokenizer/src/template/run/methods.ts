import { brokenTemplate } from "../errors.ts";
import { Arguments } from "./arguments.ts";
import type { Budget } from "./budget.ts";
import {
  capitalized,
  lengthOf,
  pythonTitle,
  repr,
  splitAt,
  splitLines,
  splitSpace,
  str,
  strip,
} from "./text.ts";
import {
  Callable,
  type Dict,
  equal,
  integerOf,
  isTrue,
  itemsOf,
  iterate,
  keyOf,
  Tuple,
  typeName,
  Undefined,
  type Value,
  View,
} from "./values.ts";

type Method<T> = (self: T, given: Arguments, budget: Budget) => Value;

/** Methods that change a value, which the sandbox of `transformers` forbids. */
const CHANGING: ReadonlySet<string> = new Set([
  ...[
    "append",
    "clear",
    "extend",
    "insert",
    "pop",
    "remove",
    "reverse",
    "sort",
    "popitem",
    "setdefault",
    "update",
  ],
]);
/** Methods of Python's types that are not here. */
const MISSING: Readonly<Record<"str" | "list" | "dict", ReadonlySet<string>>> = {
  str: new Set([
    ...[
      "casefold",
      "center",
      "encode",
      "expandtabs",
      "format_map",
      "isascii",
      "isidentifier",
      "isprintable",
      "istitle",
    ],
    ...[
      "isdecimal",
      "isnumeric",
      "ljust",
      "maketrans",
      "partition",
      "rjust",
      "rpartition",
      "swapcase",
      "translate",
      "zfill",
    ],
    ...["rindex"],
  ]),
  list: new Set(),
  dict: new Set(["fromkeys"]),
};

/** The method of a value, or `undefined` when Python's type has none of this name. */
export function methodOf(value: Value, name: string, budget: Budget): Value | undefined {
  if (typeof value === "string") return bound("str", STR, value, name, budget);
  if (value instanceof Map) return bound("dict", DICT, value, name, budget);
  if (itemsOf(value) !== undefined) return bound("list", LIST, value, name, budget);
  return undefined;
}

function bound<T>(
  type: keyof typeof MISSING,
  methods: Readonly<Record<string, Method<T>>>,
  self: T,
  name: string,
  budget: Budget,
): Value | undefined {
  if (type !== "str" && CHANGING.has(name)) {
    return new Undefined(`access to attribute '${name}' of '${type}' object is unsafe.`);
  }
  if (MISSING[type].has(name)) throw brokenTemplate(`the method ${type}.${name} is not supported`);
  const method = Object.hasOwn(methods, name) ? methods[name] : undefined;
  if (method === undefined) return undefined;
  return new Callable((positional, keywords) =>
    method(self, new Arguments(`${type}.${name}`, positional, keywords), budget),
  );
}

function textOf(value: Value | undefined, what: string): string {
  if (typeof value === "string") return value;
  throw brokenTemplate(`${what} must be str, not ${value === undefined ? "nothing" : typeName(value)}`);
}

const stripping =
  (left: boolean, right: boolean): Method<string> =>
  (self, given) => {
    const [characters = null] = given.take("chars");
    return strip(self, characters === null ? undefined : textOf(characters, "strip arg"), left, right);
  };

const splitting =
  (fromRight: boolean): Method<string> =>
  (self, given, budget) => {
    const [separator = null, maxsplit = -1] = given.take("sep", "maxsplit");
    const limit = integerOf(maxsplit, "maxsplit");
    const most = limit < 0 ? Number.POSITIVE_INFINITY : limit;
    budget.make(self.length);
    if (separator === null) return splitSpace(self, most, fromRight);
    if (separator === "") throw brokenTemplate("empty separator");
    return splitAt(self, textOf(separator, "separator"), most, fromRight);
  };

const affix =
  (has: (text: string, affix: string) => boolean): Method<string> =>
  (self, given) => {
    const [wanted] = given.need(1, "prefix");
    const all = wanted instanceof Tuple ? wanted.items : [wanted];
    return all.some((one) => has(self, textOf(one, "first arg")));
  };

const every =
  (expression: RegExp): Method<string> =>
  (self) =>
    expression.test(self);

/** Index by code points. */
const finding =
  (last: boolean, fails: boolean): Method<string> =>
  (self, given) => {
    const [wanted] = given.need(1, "sub");
    const at = last ? self.lastIndexOf(textOf(wanted, "sub")) : self.indexOf(textOf(wanted, "sub"));
    if (at < 0 && fails) throw brokenTemplate("substring not found");
    return at < 0 ? -1 : lengthOf(self.slice(0, at));
  };

const STR: Readonly<Record<string, Method<string>>> = {
  strip: stripping(true, true),
  lstrip: stripping(true, false),
  rstrip: stripping(false, true),
  split: splitting(false),
  rsplit: splitting(true),
  startswith: affix((text, one) => text.startsWith(one)),
  endswith: affix((text, one) => text.endsWith(one)),
  find: finding(false, false),
  rfind: finding(true, false),
  index: finding(false, true),
  upper: (self) => self.toUpperCase(),
  lower: (self) => self.toLowerCase(),
  capitalize: (self) => capitalized(self),
  title: (self) => pythonTitle(self),
  isalpha: every(/^\p{L}+$/u),
  isalnum: every(/^[\p{L}\p{N}]+$/u),
  isdigit: every(/^[\p{Nd}\u00b2\u00b3\u00b9\u2070\u2074-\u2079\u2080-\u2089]+$/u),
  isspace: (self) => self !== "" && strip(self, undefined, true, false) === "",
  isupper: (self) => self !== self.toLowerCase() && self === self.toUpperCase(),
  islower: (self) => self !== self.toUpperCase() && self === self.toLowerCase(),
  splitlines(self, given) {
    const [keepEnds = false] = given.take("keepends");
    return splitLines(self, isTrue(keepEnds));
  },
  join(self, given, budget) {
    const [items] = given.need(1, "iterable");
    const parts = iterate(items!).map((item, i) => textOf(item, `sequence item ${i}`));
    budget.make(parts.reduce((sum, part) => sum + part.length + self.length, 0));
    return parts.join(self);
  },
  replace(self, given, budget) {
    const [old, content, count = -1] = given.need(2, "old", "new", "count");
    return replaceText(self, textOf(old, "old"), textOf(content, "new"), integerOf(count, "count"), budget);
  },
  count(self, given) {
    const [wanted] = given.need(1, "sub");
    const sub = textOf(wanted, "sub");
    return sub === "" ? lengthOf(self) + 1 : self.split(sub).length - 1;
  },
  removeprefix(self, given) {
    const prefix = textOf(given.need(1, "prefix")[0], "prefix");
    return self.startsWith(prefix) ? self.slice(prefix.length) : self;
  },
  removesuffix(self, given) {
    const suffix = textOf(given.need(1, "suffix")[0], "suffix");
    return suffix !== "" && self.endsWith(suffix) ? self.slice(0, -suffix.length) : self;
  },
  format(self, given, budget) {
    budget.make(self.length);
    let next = 0;
    return self.replace(/\{\{|\}\}|\{([^{}]*)\}|[{}]/g, (all, field?: string) => {
      if (all === "{{" || all === "}}") return all[0]!;
      if (field === undefined) throw brokenTemplate("a brace of a format stands alone");
      if (!/^\w*$/.test(field)) throw brokenTemplate(`the format {${field}} is not supported`);
      const value = /^\d*$/.test(field)
        ? given.positional[field === "" ? next++ : Number(field)]
        : given.keywords.get(field);
      if (value === undefined) throw brokenTemplate(`nothing for the format ${all}`);
      return str(value);
    });
  },
};

/** `text.replace(old, content, count)`. */
export function replaceText(
  text: string,
  old: string,
  content: string,
  count: number,
  budget: Budget,
): string {
  const all = old === "" ? [...text] : text.split(old);
  const places = old === "" ? all.length + 1 : all.length - 1;
  const most = count < 0 ? places : Math.min(count, places);
  budget.make(text.length + most * content.length);
  if (old === "") {
    const parts = all.map((character, i) => (i < most ? content + character : character));
    return parts.join("") + (most > all.length ? content : "");
  }
  return [all.slice(0, most + 1).join(content), ...all.slice(most + 1)].join(old);
}

const DICT: Readonly<Record<string, Method<Dict>>> = {
  items: (self) =>
    new View(
      "dict_items",
      [...self].map(([key, value]) => new Tuple([key, value])),
    ),
  keys: (self) => new View("dict_keys", [...self.keys()]),
  values: (self) => new View("dict_values", [...self.values()]),
  copy: (self) => new Map(self),
  get(self, given) {
    const [key, otherwise = null] = given.need(1, "key", "default");
    const found = self.get(keyOf(key!));
    return found === undefined ? otherwise : found;
  },
};

const LIST: Readonly<Record<string, Method<Value>>> = {
  copy: (self) => [...itemsOf(self)!],
  count(self, given) {
    const [wanted] = given.need(1, "value");
    return itemsOf(self)!.filter((item) => equal(item, wanted!)).length;
  },
  index(self, given) {
    const [wanted] = given.need(1, "value");
    const at = itemsOf(self)!.findIndex((item) => equal(item, wanted!));
    if (at < 0) throw brokenTemplate(`${repr(wanted!)} is not in list`);
    return at;
  },
};
