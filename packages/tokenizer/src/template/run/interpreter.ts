import { strftime } from "../../strftime.ts";
import { brokenTemplate, refusedByTemplate } from "../errors.ts";
import type { Node } from "../node.ts";
import { Arguments } from "./arguments.ts";
import { Budget, type Limits } from "./budget.ts";
import { Evaluator } from "./evaluator.ts";
import { Scope } from "./scope.ts";
import { str } from "./text.ts";
import {
  Callable,
  checkNesting,
  type Dict,
  fromJson,
  integerOf,
  isTrue,
  iterate,
  type Keywords,
  keyOf,
  Loop,
  Namespace,
  Tuple,
  typeName,
  Undefined,
  type Value,
  View,
} from "./values.ts";

export interface RunOptions extends Limits {
  /** What `strftime_now` prints, in local time; default: now. */
  readonly now?: Date;
}

/**
 * Runs a template.
 *
 * @param variables - JSON values.
 * @throws PippinError `TOKENIZER_TEMPLATE_REFUSED`, `TOKENIZER_TEMPLATE_BROKEN`.
 */
export function runTemplate(
  root: Node,
  variables: Readonly<Record<string, unknown>>,
  options: RunOptions = {},
): string {
  const budget = new Budget(options);
  const globals = new Scope();
  for (const [name, value] of Object.entries(builtins(options.now ?? new Date(), budget)))
    globals.set(name, value);
  const scope = new Scope(globals);
  for (const [name, value] of Object.entries(variables))
    if (value !== undefined) scope.set(name, fromJson(value));
  return new Interpreter(budget).text(root, new Scope(scope));
}

/** What every template may call. */
function builtins(now: Date, budget: Budget): Record<string, Value> {
  return {
    range: new Callable((positional, keywords) => range(new Arguments("range", positional, keywords))),
    namespace: new Callable((positional, keywords) => {
      budget.makeNamespace();
      return namespace(dict(positional, keywords));
    }),
    dict: new Callable(dict),
    raise_exception: new Callable((positional, keywords) => {
      const [message] = new Arguments("raise_exception", positional, keywords).need(1, "message");
      throw refusedByTemplate(str(message!));
    }),
    strftime_now: new Callable((positional, keywords) => {
      const [format] = new Arguments("strftime_now", positional, keywords).need(1, "format");
      if (typeof format !== "string")
        throw brokenTemplate(`strftime() argument 1 must be str, not ${typeName(format!)}`);
      return strftime(now, format);
    }),
  };
}

/** The sandbox's own bound. */
const MAX_RANGE = 100_000;

function range(given: Arguments): Value {
  const [a, b, c = 1] = given.need(1, "start", "stop", "step");
  const [start, stop] =
    b === undefined ? [0, integerOf(a!, "stop")] : [integerOf(a!, "start"), integerOf(b, "stop")];
  const step = integerOf(c, "step");
  if (step === 0) throw brokenTemplate("range() arg 3 must not be zero");
  const length = Math.max(0, Math.ceil((stop - start) / step));
  if (length > MAX_RANGE)
    throw brokenTemplate(`Range too big. The sandbox blocks ranges larger than MAX_RANGE (${MAX_RANGE}).`);
  const items = Array.from({ length }, (_, i) => start + i * step);
  return new View("range", items, [start, stop, ...(step === 1 ? [] : [step])].join(", "));
}

function dict(positional: readonly Value[], keywords: Keywords): Dict {
  const [from, ...rest] = positional;
  if (rest.length > 0) throw brokenTemplate("dict expected at most 1 argument");
  const result: Dict = new Map();
  if (from instanceof Map) for (const [key, value] of from) result.set(key, value);
  else if (from !== undefined) {
    for (const pair of iterate(from)) {
      const [key, value, ...more] = iterate(pair);
      if (key === undefined || value === undefined || more.length > 0)
        throw brokenTemplate("a dict is made of pairs");
      result.set(keyOf(key), value);
    }
  }
  for (const [key, value] of keywords) result.set(key, value);
  return result;
}

function namespace(values: Dict): Namespace {
  const made = new Namespace();
  for (const [name, value] of values) setAttribute(made, String(name), value);
  return made;
}

function setAttribute(target: Namespace, name: string, value: Value): void {
  if (name.startsWith("_")) throw brokenTemplate(`a namespace cannot hold ${name}`);
  target.values.set(name, value);
}

/** How a block of a loop ended. */
type Signal = "break" | "continue" | undefined;

class Interpreter extends Evaluator {
  #out: string[] = [];

  /** What a block prints. */
  text(block: Node, scope: Scope): string {
    const outer = this.#out;
    this.#out = [];
    this.#run(block, scope);
    const text = this.#out.join("");
    this.#out = outer;
    return text;
  }

  #print(text: string): void {
    this.budget.make(text.length);
    if (text !== "") this.#out.push(text);
  }

  #block(block: Node | undefined, scope: Scope): Signal {
    for (const statement of block?.operands ?? []) {
      const signal = this.#run(statement as Node, scope);
      if (signal !== undefined) return signal;
    }
    return undefined;
  }

  #run(statement: Node, scope: Scope): Signal {
    this.budget.enter();
    const signal = this.#statement(statement, scope);
    this.budget.leave();
    return signal;
  }

  #statement({ kind, operands }: Node, scope: Scope): Signal {
    const [a, b, c] = operands as Node[];
    switch (kind) {
      case "block":
        for (const statement of operands as readonly Node[]) {
          const signal = this.#run(statement, scope);
          if (signal !== undefined) return signal;
        }
        return undefined;
      case "text":
        this.#print(operands[0] as string);
        return undefined;
      case "print":
        this.#print(str(this.evaluate(a!, scope)));
        return undefined;
      case "if":
        if (isTrue(this.evaluate(a!, scope))) return this.#run(b!, scope);
        return c === undefined ? undefined : this.#run(c, scope);
      case "for":
        this.#for(operands as Node[], scope);
        return undefined;
      case "set":
        this.#assign(a!, this.evaluate(b!, scope), scope);
        return undefined;
      case "setBlock": {
        const text = this.text(c!, new Scope(scope));
        this.#assign(a!, b === undefined ? text : this.evaluate(b, scope, text), scope);
        return undefined;
      }
      case "macro":
        scope.set(operands[0] as unknown as string, this.#macro({ kind, operands }, scope));
        return undefined;
      case "callBlock": {
        const caller = this.#macro(b!, scope);
        this.#print(str(this.call(a!, scope, caller)));
        return undefined;
      }
      case "filterBlock":
        this.#print(str(this.evaluate(a!, scope, this.text(b!, new Scope(scope)))));
        return undefined;
      case "with": {
        const inner = new Scope(scope);
        for (let i = 1; i + 1 < operands.length; i += 2) {
          this.#assign(operands[i] as Node, this.evaluate(operands[i + 1] as Node, scope), inner);
        }
        return this.#run(a!, inner);
      }
      case "break":
      case "continue":
        return kind;
      default:
        throw brokenTemplate(`${kind} is no statement`);
    }
  }

  #for([target, sequence, condition, body, otherwise]: Node[], scope: Scope): void {
    let items = iterate(this.evaluate(sequence!, scope));
    if (condition !== undefined) {
      items = items.filter((item) => {
        this.budget.step();
        const inner = new Scope(scope);
        this.#assign(target!, item, inner);
        return isTrue(this.evaluate(condition, inner));
      });
    }
    if (items.length === 0) {
      this.#block(otherwise, scope);
      return;
    }
    const loop = { index: 0, changed: undefined as readonly Value[] | undefined };
    const state = new Loop({ attribute: (name) => loopAttribute(name, items, loop) });
    for (const item of items) {
      this.budget.step();
      const inner = new Scope(scope);
      inner.set("loop", state);
      this.#assign(target!, item, inner);
      if (this.#run(body!, inner) === "break") return;
      loop.index++;
    }
  }

  #assign({ kind, operands }: Node, value: Value, scope: Scope): void {
    if (kind !== "tupleTarget") checkNesting(value, this.budget);
    if (kind === "nameTarget") {
      scope.set(operands[0] as string, value);
      return;
    }
    if (kind === "attributeTarget") {
      const target = scope.get(operands[0] as string);
      if (!(target instanceof Namespace))
        throw brokenTemplate("cannot assign attribute on non-namespace object");
      setAttribute(target, operands[1] as string, value);
      return;
    }
    const targets = operands as readonly Node[];
    const values = iterate(value);
    if (values.length !== targets.length) {
      throw brokenTemplate(`${values.length} values for ${targets.length} names`);
    }
    targets.forEach((target, i) => {
      this.#assign(target, values[i]!, scope);
    });
  }

  #macro({ operands }: Node, scope: Scope): Callable {
    const [name, body, ...parameters] = operands as [string, Node, ...Node[]];
    const names = parameters.map((parameter) => parameter.operands[0] as string);
    const call = (positional: readonly Value[], keywords: Keywords): Value =>
      this.budget.call(() => {
        const inner = new Scope(scope);
        const rest = new Map(keywords);
        names.forEach((parameter, i) => {
          const value = i < positional.length ? positional[i] : rest.get(parameter);
          if (i < positional.length && rest.has(parameter)) {
            throw brokenTemplate(`macro '${name}' got multiple values for argument '${parameter}'`);
          }
          rest.delete(parameter);
          const standard = parameters[i]!.operands[1] as Node | undefined;
          const missing = new Undefined(`parameter '${parameter}' was not provided`);
          if (value !== undefined) inner.set(parameter, value);
          else inner.set(parameter, standard === undefined ? missing : this.evaluate(standard, inner));
        });
        const caller = rest.get("caller");
        rest.delete("caller");
        if (!names.includes("caller")) inner.set("caller", caller ?? new Undefined("'caller' is undefined"));
        const extra = positional.slice(names.length);
        if (extra.length > 0 && !uses(body, "varargs")) {
          throw brokenTemplate(`macro '${name}' takes not more than ${names.length} argument(s)`);
        }
        if (rest.size > 0 && !uses(body, "kwargs")) {
          throw brokenTemplate(`macro '${name}' takes no keyword argument '${[...rest.keys()][0]}'`);
        }
        if (caller !== undefined && !names.includes("caller") && !uses(body, "caller")) {
          throw brokenTemplate(
            `macro '${name}' was invoked with two values for the special caller argument or takes none`,
          );
        }
        inner.set("varargs", new Tuple(extra));
        inner.set("kwargs", new Map(rest));
        return this.text(body, inner);
      });
    return new Callable(
      call,
      new Map<string, Value>([
        ["name", name],
        ["arguments", new Tuple(names)],
      ]),
    );
  }
}

/** Whether a name is read anywhere in a block. */
function uses(one: Node, name: string): boolean {
  if (one.kind === "name" && one.operands[0] === name) return true;
  return one.operands.some((operand) => typeof operand === "object" && uses(operand, name));
}

function loopAttribute(
  name: string,
  items: readonly Value[],
  loop: { index: number; changed: readonly Value[] | undefined },
): Value | undefined {
  const { index } = loop;
  const { length } = items;
  switch (name) {
    case "index":
      return index + 1;
    case "index0":
      return index;
    case "revindex":
      return length - index;
    case "revindex0":
      return length - index - 1;
    case "first":
      return index === 0;
    case "last":
      return index === length - 1;
    case "length":
      return length;
    case "depth":
      return 1;
    case "depth0":
      return 0;
    case "previtem":
      return index > 0 ? items[index - 1] : new Undefined("there is no previous item");
    case "nextitem":
      return index + 1 < length ? items[index + 1] : new Undefined("there is no next item");
    case "cycle":
      return new Callable((values) => {
        if (values.length === 0) throw brokenTemplate("no items for cycling given");
        return values[index % values.length]!;
      });
    case "changed":
      return new Callable((values) => {
        const same =
          loop.changed?.length === values.length &&
          loop.changed.every((value, i) => sameValue(value, values[i]!));
        loop.changed = values;
        return !same;
      });
    default:
      return undefined;
  }
}

function sameValue(a: Value, b: Value): boolean {
  return a === b || str(a) === str(b);
}
