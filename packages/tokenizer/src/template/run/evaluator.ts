import { brokenTemplate } from "../errors.ts";
import type { Node } from "../node.ts";
import { Arguments } from "./arguments.ts";
import type { Budget } from "./budget.ts";
import { type FilterContext, filtered } from "./filters.ts";
import { methodOf } from "./methods.ts";
import { arithmetic, compares } from "./operators.ts";
import type { Scope } from "./scope.ts";
import { passes } from "./tests.ts";
import { str } from "./text.ts";
import {
  Callable,
  type Dict,
  exact,
  integerOf,
  isList,
  isTrue,
  itemsOf,
  keyOf,
  Loop,
  Markup,
  Namespace,
  numberOf,
  PythonFloat,
  Tuple,
  typeName,
  Undefined,
  undefinedError,
  type Value,
  View,
} from "./values.ts";

/** Values of expressions. */
export class Evaluator implements FilterContext {
  readonly budget: Budget;

  constructor(budget: Budget) {
    this.budget = budget;
  }

  /** @param text - what a filter without a value of its own filters: the text of a block. */
  evaluate(one: Node, scope: Scope, text?: string): Value {
    this.budget.enter();
    const value = this.#evaluate(one, scope, text);
    this.budget.leave();
    return value;
  }

  #evaluate({ kind, operands }: Node, scope: Scope, text?: string): Value {
    const [a, b] = operands as Node[];
    const value = (one: Node): Value => this.evaluate(one, scope, text);
    switch (kind) {
      case "name":
        return scope.get(operands[0] as string);
      case "string":
        return operands[0] as string;
      case "integer":
        return exact(Number(operands[0]));
      case "float":
        return new PythonFloat(Number(operands[0]));
      case "true":
        return true;
      case "false":
        return false;
      case "none":
        return null;
      case "list":
        return (operands as Node[]).map(value);
      case "tuple":
        return new Tuple((operands as Node[]).map(value));
      case "dict":
        return this.#dict((operands as Node[]).map(value));
      case "attribute":
        return this.#attribute(value(a!), operands[1] as string);
      case "item":
        return this.item(value(a!), value(b!));
      case "slice":
        return this.#slice(
          value(a!),
          (operands.slice(1) as (Node | undefined)[]).map((one) => one && value(one)),
        );
      case "call":
        return this.call({ kind, operands }, scope, undefined, text);
      case "filter": {
        const [name, inner, ...rest] = operands as [string, Node | undefined, ...Node[]];
        const filteredValue = inner === undefined ? (text ?? "") : value(inner);
        return filtered(name, filteredValue, this.#arguments(name, rest, scope, text), this);
      }
      case "test": {
        const [name, inner, ...rest] = operands as [string, Node, ...Node[]];
        return passes(name, value(inner), this.#arguments(name, rest, scope, text));
      }
      case "conditional": {
        const [then, condition, otherwise] = operands as [Node, Node, Node | undefined];
        if (isTrue(value(condition))) return value(then);
        return otherwise === undefined
          ? new Undefined("the inline if-expression has no else")
          : value(otherwise);
      }
      case "not":
        return !isTrue(value(a!));
      case "and": {
        const left = value(a!);
        return isTrue(left) ? value(b!) : left;
      }
      case "or": {
        const left = value(a!);
        return isTrue(left) ? left : value(b!);
      }
      case "negative":
      case "positive":
        return this.#signed(value(a!), kind === "negative" ? -1 : 1);
      case "concat": {
        const parts = (operands as Node[]).map((one) => str(value(one)));
        this.budget.make(parts.reduce((sum, part) => sum + part.length, 0));
        return parts.join("");
      }
      case "compare":
        return this.#compare(operands as Node[], value);
      case "add":
      case "subtract":
      case "multiply":
      case "divide":
      case "floorDivide":
      case "modulo":
      case "power":
        return arithmetic(kind, value(a!), value(b!), this.budget);
      default:
        throw brokenTemplate(`${kind} is no expression`);
    }
  }

  #signed(value: Value, sign: number): Value {
    if (value instanceof Undefined) throw undefinedError(value);
    const number = numberOf(value);
    if (number === undefined)
      throw brokenTemplate(`bad operand type for unary ${sign < 0 ? "-" : "+"}: '${typeName(value)}'`);
    return value instanceof PythonFloat ? new PythonFloat(sign * number) : exact(sign * number);
  }

  #compare([first, ...rest]: Node[], value: (one: Node) => Value): boolean {
    let left = value(first!);
    for (const { operands } of rest) {
      const [operator, one] = operands as [string, Node];
      const right = value(one);
      if (!compares(operator, left, right)) return false;
      left = right;
    }
    return true;
  }

  #dict(values: readonly Value[]): Dict {
    const result: Dict = new Map();
    for (let i = 0; i + 1 < values.length; i += 2) result.set(keyOf(values[i]!), values[i + 1]!);
    return result;
  }

  #arguments(what: string, nodes: readonly Node[], scope: Scope, text: string | undefined): Arguments {
    const positional: Value[] = [];
    const keywords = new Map<string, Value>();
    for (const one of nodes) {
      if (one.kind === "keyword") {
        const [name, inner] = one.operands as [string, Node];
        if (keywords.has(name)) throw brokenTemplate(`keyword argument repeated: ${name}`);
        keywords.set(name, this.evaluate(inner, scope, text));
      } else {
        positional.push(this.evaluate(one, scope, text));
      }
    }
    return new Arguments(what, positional, keywords);
  }

  /** @param caller - of a call block. */
  call({ operands }: Node, scope: Scope, caller?: Callable, text?: string): Value {
    const [callee, ...rest] = operands as [Node, ...Node[]];
    const called = this.evaluate(callee, scope, text);
    const { positional, keywords } = this.#arguments("the function", rest, scope, text);
    if (called instanceof Undefined) throw undefinedError(called);
    if (!(called instanceof Callable)) throw brokenTemplate(`'${typeName(called)}' object is not callable`);
    return called.call(
      positional,
      caller === undefined ? keywords : new Map([...keywords, ["caller", caller]]),
    );
  }

  /** `value.name`: an attribute or a method, else an item. */
  #attribute(value: Value, name: string): Value {
    if (value instanceof Undefined) throw undefinedError(value);
    const attribute = this.#ownAttribute(value, name);
    if (attribute !== undefined) return attribute;
    if (value instanceof Map && value.has(name)) return value.get(name)!;
    return this.#missing(value, name);
  }

  #ownAttribute(value: Value, name: string): Value | undefined {
    if (value instanceof Namespace) return value.values.get(name);
    if (value instanceof Markup) throw brokenTemplate(`${name} of a safe text is not supported`);
    if (value instanceof Loop) return value.state.attribute(name);
    if (value instanceof Callable) return value.attributes.get(name);
    return methodOf(value, name, this.budget);
  }

  #missing(value: Value, name: string): Undefined {
    return new Undefined(`'${typeName(value)} object' has no attribute '${name}'`);
  }

  /** `value[index]`: an item, else an attribute. */
  item(value: Value, index: Value): Value {
    if (value instanceof Undefined) throw undefinedError(value);
    if (value instanceof Map) {
      const isKey = index === null || typeof index === "string" || typeof index === "number";
      const found = isKey ? value.get(index) : undefined;
      if (found !== undefined) return found;
    }
    const items =
      typeof value === "string" && (typeof index === "number" || typeof index === "boolean")
        ? [...value]
        : rangeOrItems(value);
    if (items !== undefined && (typeof index === "number" || typeof index === "boolean")) {
      const at = Number(index);
      const found = items[at < 0 ? items.length + at : at];
      if (found !== undefined) return found;
      return new Undefined(`${typeName(value)} object has no element ${at}`);
    }
    if (typeof index === "string") {
      const attribute = this.#ownAttribute(value, index);
      return attribute === undefined ? this.#missing(value, index) : attribute;
    }
    return new Undefined(`${typeName(value)} object has no element ${typeName(index)}`);
  }

  #slice(value: Value, [start, stop, step]: (Value | undefined)[]): Value {
    if (value instanceof Undefined) throw undefinedError(value);
    const items = typeof value === "string" ? [...value] : rangeOrItems(value);
    if (items === undefined) {
      throw brokenTemplate(`'${typeName(value)}' object is not subscriptable`);
    }
    const by = step == null ? 1 : integerOf(step, "the step of a slice");
    if (by === 0) throw brokenTemplate("slice step cannot be zero");
    const { length } = items;
    const bound = (given: Value | undefined, standard: number): number => {
      if (given == null) return standard;
      const at = integerOf(given, "a bound of a slice");
      const place = at < 0 ? at + length : at;
      return by > 0 ? Math.min(Math.max(place, 0), length) : Math.min(Math.max(place, -1), length - 1);
    };
    const from = bound(start, by > 0 ? 0 : length - 1);
    const to = bound(stop, by > 0 ? length : -1);
    const picked: Value[] = [];
    for (let at = from; by > 0 ? at < to : at > to; at += by) picked.push(items[at]!);
    this.budget.make(picked.length);
    if (typeof value === "string") return picked.join("");
    if (value instanceof View) return new View("range", picked, rangeBounds(value, from, to, by));
    return isList(value) ? picked : new Tuple(picked);
  }
}

/** Items of what has an order and an index. */
function rangeOrItems(value: Value): readonly Value[] | undefined {
  return value instanceof View && value.name === "range" ? value.items : itemsOf(value);
}

/** A part of a range is a range. */
function rangeBounds({ bounds }: View, from: number, to: number, by: number): string {
  const [start = 0, , step = 1] = bounds.split(", ").map(Number);
  const all = [start + from * step, start + to * step, step * by];
  return (step * by === 1 ? all.slice(0, 2) : all).join(", ");
}
