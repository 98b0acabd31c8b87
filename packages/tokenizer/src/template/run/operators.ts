import { brokenTemplate } from "../errors.ts";
import type { Budget } from "./budget.ts";
import { repr, str } from "./text.ts";
import {
  compare,
  type Dict,
  equal,
  exact,
  isList,
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

type Arithmetic = "add" | "subtract" | "multiply" | "divide" | "floorDivide" | "modulo" | "power";

const SIGNS: Readonly<Record<Arithmetic, string>> = {
  ...{
    add: "+",
    subtract: "-",
    multiply: "*",
    divide: "/",
    floorDivide: "//",
    modulo: "%",
    power: "** or pow()",
  },
};

/** Python's arithmetic: of numbers, and `+`, `*`, `%` of texts and lists. */
export function arithmetic(kind: Arithmetic, a: Value, b: Value, budget: Budget): Value {
  if (kind === "modulo" && typeof a === "string") return formatted(a, b);
  for (const value of [a, b]) if (value instanceof Undefined) throw undefinedError(value);
  const [x, y] = [numberOf(a), numberOf(b)];
  if (x !== undefined && y !== undefined) {
    const isFloat = a instanceof PythonFloat || b instanceof PythonFloat;
    return ofNumbers(kind, x, y, isFloat);
  }
  if (a instanceof Markup || b instanceof Markup) return addedSafely(kind, a, b, budget);
  if (kind === "add") {
    if (typeof a === "string" && typeof b === "string") {
      budget.make(a.length + b.length);
      return a + b;
    }
    const [left, right] = [itemsOf(a), itemsOf(b)];
    if (left !== undefined && right !== undefined && isList(a) === isList(b)) {
      budget.make(left.length + right.length);
      return isList(a) ? [...left, ...right] : new Tuple([...left, ...right]);
    }
  }
  if (kind === "multiply") {
    const [value, times] = typeof b === "number" || typeof b === "boolean" ? [a, Number(b)] : [b, Number(a)];
    const counts = [a, b].some((one) => typeof one === "number" || typeof one === "boolean");
    if (counts && (typeof value === "string" || itemsOf(value) !== undefined))
      return repeated(value, times, budget);
  }
  throw brokenTemplate(
    `unsupported operand type(s) for ${SIGNS[kind]}: '${typeName(a)}' and '${typeName(b)}'`,
  );
}

/** Only `+` is known: a text that is not marked is escaped. */
function addedSafely(kind: Arithmetic, a: Value, b: Value, budget: Budget): Value {
  const parts = [a, b].map((value) => {
    if (value instanceof Markup) return value.text;
    if (kind === "add" && typeof value === "string") return escaped(value);
    throw brokenTemplate(`${SIGNS[kind]} of a safe text and a ${typeName(value)} is not supported`);
  });
  if (kind !== "add") throw brokenTemplate(`${SIGNS[kind]} of a safe text is not supported`);
  budget.make(parts.reduce((sum, part) => sum + part.length, 0));
  return new Markup(parts.join(""));
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  ">": "&gt;",
  "<": "&lt;",
  "'": "&#39;",
  '"': "&#34;",
};

function escaped(text: string): string {
  return text.replace(/[&<>'"]/g, (character) => ENTITIES[character]!);
}

function repeated(value: Value, times: number, budget: Budget): Value {
  const count = Math.max(0, times);
  if (typeof value === "string") {
    budget.make(value.length * count);
    return value.repeat(count);
  }
  const items = itemsOf(value)!;
  budget.make(items.length * count);
  const all = Array.from({ length: count }, () => items).flat();
  return value instanceof Tuple ? new Tuple(all) : all;
}

function ofNumbers(kind: Arithmetic, x: number, y: number, isFloat: boolean): Value {
  const result = (value: number): Value => (isFloat ? new PythonFloat(value) : exact(value));
  const divides = kind === "divide" || kind === "floorDivide" || kind === "modulo";
  if (divides && y === 0) throw brokenTemplate("division by zero");
  switch (kind) {
    case "add":
      return result(x + y);
    case "subtract":
      return result(x - y);
    case "multiply":
      return result(x * y);
    case "divide":
      return new PythonFloat(x / y);
    case "floorDivide":
      return result(Math.floor(x / y));
    case "modulo":
      return result(x - y * Math.floor(x / y));
    case "power":
      if (!isFloat && y < 0) return new PythonFloat(x ** y);
      return result(x ** y);
  }
}

/** `text % values`, with `%s`, `%d`, `%r` and `%%`. */
export function formatted(text: string, values: Value): string {
  const given = values instanceof Tuple ? values.items : [values];
  let next = 0;
  const result = text.replace(/%(.?)/gs, (all, letter: string) => {
    if (letter === "%") return "%";
    const value = given[next++];
    if (value === undefined) throw brokenTemplate("not enough arguments for format string");
    if (letter === "s") return str(value);
    if (letter === "r") return repr(value);
    if (letter === "d") {
      const number = numberOf(value);
      if (number === undefined)
        throw brokenTemplate(`%d format: a real number is required, not ${typeName(value)}`);
      return String(Math.trunc(number));
    }
    throw brokenTemplate(`the format ${all} is not supported`);
  });
  // What has items may be given although none is asked for.
  const hasItems = values instanceof Map || values instanceof Undefined || isList(values);
  if (next < given.length && !hasItems)
    throw brokenTemplate("not all arguments converted during string formatting");
  return result;
}

/** One comparison of a chain. */
export function compares(operator: string, a: Value, b: Value): boolean {
  if (a instanceof Markup) return compares(operator, a.text, b);
  if (b instanceof Markup) return compares(operator, a, b.text);
  switch (operator) {
    case "==":
      return equal(a, b);
    case "!=":
      return !equal(a, b);
    case "<":
      return compare(a, b, operator) < 0;
    case "<=":
      return compare(a, b, operator) <= 0;
    case ">":
      return compare(a, b, operator) > 0;
    case ">=":
      return compare(a, b, operator) >= 0;
    case "in":
      return isIn(a, b);
    default:
      return !isIn(a, b);
  }
}

/** Numbers are equal as keys whatever their type. */
function hasKey(map: Dict, key: Value): boolean {
  if (isList(key) || key instanceof Map) throw brokenTemplate(`unhashable type: '${typeName(key)}'`);
  const number = numberOf(key);
  if (number !== undefined) return map.has(number);
  return (key === null || typeof key === "string") && map.has(key);
}

export function isIn(a: Value, b: Value): boolean {
  if (typeof b === "string") {
    if (a instanceof Undefined) throw undefinedError(a);
    if (typeof a === "string") return b.includes(a);
    throw brokenTemplate(`'in <string>' requires string as left operand, not ${typeName(a)}`);
  }
  if (b instanceof Map) {
    return hasKey(b, a);
  }
  if (b instanceof Lazy) {
    for (let item = b.next(); item !== undefined; item = b.next()) if (equal(item, a)) return true;
    return false;
  }
  if (itemsOf(b) === undefined && !(b instanceof Undefined || b instanceof View)) {
    throw brokenTemplate(`argument of type '${typeName(b)}' is not iterable`);
  }
  return iterate(b).some((item) => equal(item, a));
}
