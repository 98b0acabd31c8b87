import { brokenTemplate } from "../errors.ts";

/** A number that Python would call a float, also where it is whole: 1.0 prints as `1.0`. */
export class PythonFloat {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** What a name without a value stands for: false, empty, and an error for most else. */
export class Undefined {
  readonly what: string;

  constructor(what: string) {
    this.what = what;
  }
}

/** A list that cannot be changed, and prints with parentheses. */
export class Tuple {
  readonly items: readonly Value[];

  constructor(items: readonly Value[]) {
    this.items = items;
  }
}

/** What can be gone through once, and has no length and no index: the result of `map`, `select` and their kind. */
export class Lazy {
  readonly #items: readonly Value[];
  #at = 0;

  constructor(items: readonly Value[]) {
    this.#items = items;
  }

  /** All of them, whether they were taken or not. */
  get items(): readonly Value[] {
    return this.#items;
  }

  next(): Value | undefined {
    return this.#items[this.#at++];
  }

  rest(): readonly Value[] {
    const rest = this.#items.slice(this.#at);
    this.#at = this.#items.length;
    return rest;
  }
}

/** `range(…)`, and `keys()`, `values()` and `items()` of a dict: no lists, and no JSON. */
export class View {
  readonly name: "range" | "dict_keys" | "dict_values" | "dict_items";
  readonly items: readonly Value[];
  /** What is between the parentheses when a range is printed. */
  readonly bounds: string;

  constructor(name: View["name"], items: readonly Value[], bounds = "") {
    this.name = name;
    this.items = items;
    this.bounds = bounds;
  }
}

export class Namespace {
  readonly values = new Map<string, Value>();
}

/** A text that `safe` marked: what `+` adds to it is escaped for HTML. Few things can be done with it. */
export class Markup {
  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }
}

/** Named arguments, by name. */
export type Keywords = ReadonlyMap<string, Value>;

/** A function, a macro or a method. */
export class Callable {
  readonly call: (positional: readonly Value[], keywords: Keywords) => Value;
  /** `name`, `arguments` … of a macro. */
  readonly attributes: ReadonlyMap<string, Value>;

  constructor(
    call: (positional: readonly Value[], keywords: Keywords) => Value,
    attributes: ReadonlyMap<string, Value> = new Map(),
  ) {
    this.call = call;
    this.attributes = attributes;
  }
}

/** `loop`: what its attributes are now. */
export interface LoopState {
  attribute(name: string): Value | undefined;
}

export class Loop {
  readonly state: LoopState;

  constructor(state: LoopState) {
    this.state = state;
  }
}

/** Keys of dicts: texts and numbers are told apart by their JavaScript types. */
export type Dict = Map<Key, Value>;
export type Key = string | number | null;

/** Integers are JavaScript numbers, exact ones. */
export type Value =
  | null
  | boolean
  | number
  | string
  | PythonFloat
  | readonly Value[]
  | Tuple
  | Dict
  | Undefined
  | Markup
  | Lazy
  | View
  | Namespace
  | Callable
  | Loop;

const MAX_DEPTH = 100;

/** A value of JavaScript, as JSON gives them, for a template. Numbers that are not whole are floats. */
export function fromJson(value: unknown, depth = 0): Value {
  if (depth > MAX_DEPTH) throw brokenTemplate("a variable is nested too deep");
  if (value === null || typeof value === "boolean" || typeof value === "string") return value;
  if (value instanceof PythonFloat) return value;
  if (typeof value === "number") return Number.isSafeInteger(value) ? value : new PythonFloat(value);
  if (Array.isArray(value)) return value.map((item) => fromJson(item, depth + 1));
  if (typeof value === "object") {
    const entries = Object.entries(value).filter(([, item]) => item !== undefined);
    return new Map(entries.map(([key, item]) => [key, fromJson(item, depth + 1)]));
  }
  throw brokenTemplate(`a variable is a ${typeof value}, which JSON does not know`);
}

/** Lists in lists; no template has a use for more, and printing one takes the stack. */
const MAX_NESTING = 200;

/**
 * Checks how deep a value that is kept is nested, and counts what it looks at.
 *
 * @throws PippinError `TOKENIZER_TEMPLATE_BROKEN`.
 */
export function checkNesting(value: Value, budget: { step(): void }, depth = 0): void {
  const items =
    value instanceof Map
      ? [...value.values()]
      : value instanceof View || value instanceof Lazy
        ? value.items
        : itemsOf(value);
  if (items === undefined) return;
  if (depth >= MAX_NESTING) throw brokenTemplate(`a value is nested deeper than ${MAX_NESTING}`);
  for (const item of items) {
    if (typeof item !== "object" || item === null) continue;
    budget.step();
    checkNesting(item, budget, depth + 1);
  }
}

export const isList = (value: Value): value is readonly Value[] => Array.isArray(value);

/** A list or a tuple. */
export function itemsOf(value: Value): readonly Value[] | undefined {
  return isList(value) ? value : value instanceof Tuple ? value.items : undefined;
}

/** Python's name of the type. */
export function typeName(value: Value): string {
  if (value === null) return "NoneType";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return "int";
  if (typeof value === "string") return "str";
  if (value instanceof PythonFloat) return "float";
  if (isList(value)) return "list";
  if (value instanceof Map) return "dict";
  if (value instanceof Tuple) return "tuple";
  if (value instanceof View) return value.name;
  return value.constructor.name;
}

export function isTrue(value: Value): boolean {
  if (value === null || value instanceof Undefined) return false;
  if (typeof value === "boolean") return value;
  if (typeof value === "number") return value !== 0;
  if (typeof value === "string") return value !== "";
  if (value instanceof Markup) return value.text !== "";
  if (value instanceof PythonFloat) return value.value !== 0;
  if (value instanceof Map) return value.size > 0;
  const items = value instanceof View ? value.items : itemsOf(value);
  return items === undefined || items.length > 0;
}

/** The number that an int, a float or a bool is. */
export function numberOf(value: Value): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  return value instanceof PythonFloat ? value.value : undefined;
}

export function equal(a: Value, b: Value): boolean {
  if (a === b) return true;
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined || y !== undefined) return x === y;
  if (a instanceof Undefined) return b instanceof Undefined;
  if (a instanceof View) return b instanceof View && a.name === b.name && sameItems(a.items, b.items);
  if (a instanceof Markup) return equal(a.text, b);
  if (b instanceof Markup) return equal(a, b.text);
  if (isList(a)) return isList(b) && sameItems(a, b);
  if (a instanceof Tuple) return b instanceof Tuple && sameItems(a.items, b.items);
  if (a instanceof Map) {
    if (!(b instanceof Map) || a.size !== b.size) return false;
    return [...a].every(([key, value]) => b.has(key) && equal(value, b.get(key)!));
  }
  return false;
}

function sameItems(a: readonly Value[], b: readonly Value[]): boolean {
  return a.length === b.length && a.every((item, i) => equal(item, b[i]!));
}

/** Negative, 0 or positive, for values that Python orders. */
export function compare(a: Value, b: Value, operator: string): number {
  for (const value of [a, b]) if (value instanceof Undefined) throw undefinedError(value);
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined && y !== undefined) return x < y ? -1 : x > y ? 1 : 0;
  if (typeof a === "string" && typeof b === "string") return compareText(a, b);
  const [listA, listB] = [itemsOf(a), itemsOf(b)];
  if (listA !== undefined && listB !== undefined && isList(a) === isList(b)) {
    const at = listA.findIndex((item, i) => i >= listB.length || !equal(item, listB[i]!));
    if (at < 0) return listA.length - listB.length;
    return at >= listB.length ? 1 : compare(listA[at]!, listB[at]!, operator);
  }
  const types = `'${typeName(a)}' and '${typeName(b)}'`;
  throw brokenTemplate(`'${operator}' not supported between instances of ${types}`);
}

/** By code points, as Python orders texts; JavaScript's own order is by halves of pairs. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const [x, y] = [a.charCodeAt(i), b.charCodeAt(i)];
    if (x === y) continue;
    const isPair = (unit: number): boolean => unit >= 0xd800 && unit <= 0xdfff;
    return isPair(x) === isPair(y) ? x - y : isPair(x) ? 1 : -1;
  }
  return a.length - b.length;
}

/** What a loop goes through. */
export function iterate(value: Value): readonly Value[] {
  const items = itemsOf(value);
  if (items !== undefined) return items;
  if (typeof value === "string") return [...value];
  if (value instanceof Map) return [...value.keys()];
  if (value instanceof Undefined) return [];
  if (value instanceof Lazy) return value.rest();
  if (value instanceof View) return value.items;
  throw brokenTemplate(`'${typeName(value)}' object is not iterable`);
}

export function keyOf(value: Value): Key {
  // Python takes 1, 1.0 and True for one key.
  if (value === null || typeof value === "string" || typeof value === "number") return value;
  throw brokenTemplate(`a ${typeName(value)} cannot be a key here`);
}

export function undefinedError(value: Undefined): Error {
  return brokenTemplate(value.what);
}

export function integerOf(value: Value, what: string): number {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  if (value instanceof Undefined) throw undefinedError(value);
  throw brokenTemplate(`${what} is a ${typeName(value)}, not an int`);
}

/** An int; Python's have no bounds, these have. */
export function exact(value: number): number {
  if (Number.isSafeInteger(value)) return value === 0 ? 0 : value;
  throw brokenTemplate("a whole number is too large");
}
