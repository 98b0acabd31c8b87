import { brokenTemplate } from "../errors.ts";
import { FILTERS, TESTS } from "../names.ts";
import type { Arguments } from "./arguments.ts";
import { compares, isIn } from "./operators.ts";
import { str } from "./text.ts";
import {
  Callable,
  isList,
  itemsOf,
  Lazy,
  Markup,
  Namespace,
  numberOf,
  PythonFloat,
  typeName,
  Undefined,
  undefinedError,
  type Value,
  View,
} from "./values.ts";

type Test = (value: Value, given: Arguments) => boolean;

const comparing =
  (operator: string): Test =>
  (value, given) =>
    compares(operator, value, given.need(1, "other")[0]!);

function whole(value: Value): number {
  if (value instanceof Undefined) throw undefinedError(value);
  const number = numberOf(value);
  if (number === undefined)
    throw brokenTemplate(`unsupported operand type(s) for %: '${typeName(value)}' and 'int'`);
  return number;
}

/** What `in`, loops and `list` take. */
const isIterable = (value: Value): boolean =>
  isSequence(value) || value instanceof Lazy || value instanceof View;

const isSequence = (value: Value): boolean =>
  typeof value === "string" ||
  value instanceof Markup ||
  value instanceof Map ||
  itemsOf(value) !== undefined ||
  (value instanceof View && value.name === "range") ||
  value instanceof Undefined;

const IMPLEMENTED: Readonly<Record<string, Test>> = {
  defined: (value) => !(value instanceof Undefined),
  undefined: (value) => value instanceof Undefined,
  none: (value) => value === null,
  boolean: (value) => typeof value === "boolean",
  true: (value) => value === true,
  false: (value) => value === false,
  integer: (value) => typeof value === "number",
  float: (value) => value instanceof PythonFloat,
  number: (value) => numberOf(value) !== undefined,
  string: (value) => typeof value === "string" || value instanceof Markup,
  mapping: (value) => value instanceof Map,
  sequence: isSequence,
  iterable: isIterable,
  callable: (value) => value instanceof Callable || value instanceof Undefined,
  even: (value) => ((whole(value) % 2) + 2) % 2 === 0,
  odd: (value) => ((whole(value) % 2) + 2) % 2 === 1,
  divisibleby(value, given) {
    const by = whole(given.need(1, "num")[0]!);
    if (by === 0) throw brokenTemplate("division by zero");
    return whole(value) % by === 0;
  },
  lower: (value) => cased(str(value)) && str(value) === str(value).toLowerCase(),
  upper: (value) => cased(str(value)) && str(value) === str(value).toUpperCase(),
  sameas(value, given) {
    const [other] = given.need(1, "other");
    // Whether two lists are one and the same is nothing that templates ask.
    if (itemsOf(value) !== undefined || value instanceof Map)
      throw brokenTemplate(`sameas of a ${typeName(value)} is not supported`);
    return other === value;
  },
  in: (value, given) => isIn(value, given.need(1, "seq")[0]!),
  filter: (value) => FILTERS.has(hashable(value)),
  test: (value) => TESTS.has(hashable(value)),
  eq: comparing("=="),
  equalto: comparing("=="),
  ne: comparing("!="),
  lt: comparing("<"),
  lessthan: comparing("<"),
  le: comparing("<="),
  gt: comparing(">"),
  greaterthan: comparing(">"),
  ge: comparing(">="),
};

function hashable(value: Value): string {
  if (isList(value) || value instanceof Map || value instanceof View) {
    throw brokenTemplate(`unhashable type: '${typeName(value)}'`);
  }
  return typeof value === "string" ? value : "";
}

function cased(text: string): boolean {
  return text.toLowerCase() !== text.toUpperCase();
}

/** Whether `value is name(…)`. */
export function passes(name: string, value: Value, given: Arguments): boolean {
  const test = Object.hasOwn(IMPLEMENTED, name) ? IMPLEMENTED[name] : undefined;
  if (test === undefined) throw brokenTemplate(`there is no test ${name}`);
  if (value instanceof Namespace && name === "mapping") return false;
  return test(value, given);
}
