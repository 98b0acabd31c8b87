import { brokenTemplate, unsupportedTemplate } from "./errors.ts";
import { MAX_DEPTH } from "./layout.ts";
import type { Token } from "./lexer.ts";
import { JINJA_FILTERS } from "./names.ts";
import { type Node, node } from "./node.ts";

const COMPARISONS: ReadonlySet<string> = new Set(["==", "!=", "<", "<=", ">", ">="]);
const CONSTANTS: Readonly<Record<string, "true" | "false" | "none">> = {
  ...{ true: "true", True: "true", false: "false", False: "false", none: "none", None: "none" },
};
/** Names that no variable can have. */
const RESERVED: ReadonlySet<string> = new Set([
  ...Object.keys(CONSTANTS),
  "and",
  "or",
  "not",
  "in",
  "is",
  "if",
  "else",
]);

/** Jinja's expressions, from the loosest binding to the tightest. */
export class ExpressionParser {
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  peek(ahead = 0): Token {
    return this.#tokens[Math.min(this.#at + ahead, this.#tokens.length - 1)]!;
  }

  take(): Token {
    const token = this.peek();
    this.#at++;
    return token;
  }

  expect(type: Token["type"]): Token {
    const token = this.take();
    if (token.type === type) return token;
    throw brokenTemplate(`expected a ${type}, found ${shown(token)}`, token.line);
  }

  expectEnd(): void {
    this.expect("end");
  }

  expectOperator(text: string): void {
    const token = this.take();
    if (token.type !== "operator" || token.text !== text) {
      throw brokenTemplate(`expected ${text}, found ${shown(token)}`, token.line);
    }
  }

  expectName(name: string): void {
    const token = this.take();
    if (token.type !== "name" || token.text !== name) {
      throw brokenTemplate(`expected ${name}, found ${shown(token)}`, token.line);
    }
  }

  takesOperator(text: string): boolean {
    return this.#takes("operator", text);
  }

  takesName(name: string): boolean {
    return this.#takes("name", name);
  }

  #takes(type: Token["type"], text: string): boolean {
    if (this.peek().type !== type || this.peek().text !== text) return false;
    this.#at++;
    return true;
  }

  /** Runs `parse` one level deeper: templates that nest without end must not exhaust the stack. */
  nested<T>(parse: () => T): T {
    if (++this.#depth > MAX_DEPTH / 2) throw brokenTemplate("it is nested too deep", this.peek().line);
    const result = parse();
    this.#depth--;
    return result;
  }

  expression(): Node {
    return this.nested(() => this.#conditional());
  }

  #conditional(): Node {
    let value = this.#or();
    while (this.takesName("if")) {
      const condition = this.#or();
      const otherwise = this.takesName("else") ? this.nested(() => this.#conditional()) : undefined;
      value = this.#deeper(node("conditional", value, condition, otherwise));
    }
    return value;
  }

  /** Chains such as a + b + c … are nested to the left: as deep as they are long. */
  #deeper(one: Node): Node {
    if (depthOf(one) > MAX_DEPTH / 2) throw brokenTemplate("it is nested too deep", this.peek().line);
    return one;
  }

  #or(): Node {
    let left = this.#and();
    while (this.takesName("or")) left = this.#deeper(node("or", left, this.#and()));
    return left;
  }

  #and(): Node {
    let left = this.#not();
    while (this.takesName("and")) left = this.#deeper(node("and", left, this.#not()));
    return left;
  }

  #not(): Node {
    if (!this.takesName("not")) return this.#compare();
    return this.nested(() => node("not", this.#not()));
  }

  #compare(): Node {
    const first = this.#sum();
    const rest: Node[] = [];
    for (;;) {
      const { type, text } = this.peek();
      if (type === "operator" && COMPARISONS.has(text)) {
        this.take();
        rest.push(node("comparison", text, this.#sum()));
      } else if (this.takesName("in")) {
        rest.push(node("comparison", "in", this.#sum()));
      } else if (
        type === "name" &&
        text === "not" &&
        this.peek(1).text === "in" &&
        this.peek(1).type === "name"
      ) {
        this.#at += 2;
        rest.push(node("comparison", "not in", this.#sum()));
      } else {
        return rest.length === 0 ? first : node("compare", first, ...rest);
      }
    }
  }

  #sum(): Node {
    let left = this.#concat();
    for (;;) {
      if (this.takesOperator("+")) left = this.#deeper(node("add", left, this.#concat()));
      else if (this.takesOperator("-")) left = this.#deeper(node("subtract", left, this.#concat()));
      else return left;
    }
  }

  #concat(): Node {
    const parts = [this.#product()];
    while (this.takesOperator("~")) parts.push(this.#product());
    return parts.length === 1 ? parts[0]! : node("concat", ...parts);
  }

  #product(): Node {
    const kinds = { "*": "multiply", "/": "divide", "//": "floorDivide", "%": "modulo" } as const;
    let left = this.#power();
    for (;;) {
      const { type, text } = this.peek();
      if (type !== "operator" || !Object.hasOwn(kinds, text)) return left;
      this.take();
      left = this.#deeper(node(kinds[text as keyof typeof kinds], left, this.#power()));
    }
  }

  #power(): Node {
    let left = this.#unary(true);
    while (this.takesOperator("**")) left = this.#deeper(node("power", left, this.#unary(true)));
    return left;
  }

  #unary(withFilters: boolean): Node {
    return this.nested(() => {
      let value: Node;
      if (this.takesOperator("-")) value = node("negative", this.#unary(false));
      else if (this.takesOperator("+")) value = node("positive", this.#unary(false));
      else value = this.#primary();
      value = this.#postfix(value);
      return withFilters ? this.#afterValue(value) : value;
    });
  }

  #primary(): Node {
    const token = this.take();
    const { text } = token;
    if (token.type === "name") {
      const constant = CONSTANTS[text];
      if (constant !== undefined && Object.hasOwn(CONSTANTS, text)) return node(constant);
      return node("name", text);
    }
    if (token.type === "string") {
      let value = text;
      while (this.peek().type === "string") value += this.take().text;
      return node("string", value);
    }
    if (token.type === "integer" || token.type === "float") return node(token.type, text);
    if (token.type === "operator" && text === "(") {
      const value = this.tuple({ conditions: true, parenthesized: true });
      this.expectOperator(")");
      return value;
    }
    if (token.type === "operator" && text === "[")
      return node("list", ...this.#items("]", () => [this.expression()]));
    if (token.type === "operator" && text === "{")
      return node("dict", ...this.#items("}", () => this.#pair()));
    throw brokenTemplate(`unexpected ${shown(token)}`, token.line);
  }

  #items(end: string, item: () => Node[]): Node[] {
    const items: Node[] = [];
    while (!this.takesOperator(end)) {
      if (items.length > 0) {
        this.expectOperator(",");
        if (this.takesOperator(end)) break;
      }
      items.push(...item());
    }
    return items;
  }

  #pair(): Node[] {
    const key = this.expression();
    this.expectOperator(":");
    return [key, this.expression()];
  }

  /** Expressions with commas between are a tuple. */
  tuple(options: { conditions: boolean; ends?: readonly string[]; parenthesized?: boolean }): Node {
    const { conditions, ends = [], parenthesized = false } = options;
    const one = (): Node => (conditions ? this.expression() : this.nested(() => this.#or()));
    const items: Node[] = [];
    let isTuple = false;
    for (;;) {
      if (items.length > 0) {
        if (!this.takesOperator(",")) break;
        isTuple = true;
      }
      const { type, text } = this.peek();
      if (type === "end" || (type === "operator" && text === ")") || (type === "name" && ends.includes(text)))
        break;
      items.push(one());
    }
    if (items.length === 1 && !isTuple) return items[0]!;
    if (items.length === 0 && !parenthesized) {
      throw brokenTemplate(`expected an expression, found ${shown(this.peek())}`, this.peek().line);
    }
    return node("tuple", ...items);
  }

  /** What an assignment or a loop assigns to. */
  target({ ends = [], namespaces = false }: { ends?: readonly string[]; namespaces?: boolean }): Node {
    const one = (): Node => {
      if (this.takesOperator("(")) {
        const inner = this.target({});
        this.expectOperator(")");
        return inner;
      }
      const { text, line } = this.expect("name");
      if (namespaces && this.takesOperator("."))
        return node("attributeTarget", text, this.expect("name").text);
      if (RESERVED.has(text)) throw brokenTemplate(`cannot assign to ${text}`, line);
      return node("nameTarget", text);
    };
    return this.nested(() => {
      const targets = [one()];
      let isTuple = false;
      while (this.takesOperator(",")) {
        isTuple = true;
        if (this.peek().type === "name" && ends.includes(this.peek().text)) break;
        if (this.peek().type !== "name" && this.peek().text !== "(") break;
        targets.push(one());
      }
      return isTuple ? node("tupleTarget", ...targets) : targets[0]!;
    });
  }

  #postfix(start: Node): Node {
    let value = start;
    for (;;) {
      if (this.takesOperator(".")) value = this.#deeper(this.#attribute(value));
      else if (this.takesOperator("[")) value = this.#deeper(this.#subscript(value));
      else if (this.takesOperator("(")) value = this.#deeper(node("call", value, ...this.#arguments()));
      else return value;
    }
  }

  #attribute(value: Node): Node {
    const token = this.take();
    if (token.type === "integer") return node("item", value, node("integer", token.text));
    if (token.type !== "name") throw brokenTemplate(`expected a name, found ${shown(token)}`, token.line);
    if (token.text.startsWith("_")) throw unsupportedTemplate(`the attribute ${token.text}`, token.line);
    return node("attribute", value, token.text);
  }

  #subscript(value: Node): Node {
    const parts: (Node | undefined)[] = [undefined];
    let isSlice = false;
    for (;;) {
      if (this.takesOperator("]")) break;
      const { text, line } = this.peek();
      if (text === "," && this.peek().type === "operator")
        throw unsupportedTemplate("an index of several parts", line);
      if (this.takesOperator(":")) {
        isSlice = true;
        parts.push(undefined);
      } else {
        if (parts.at(-1) !== undefined) throw brokenTemplate(`unexpected ${shown(this.peek())}`, line);
        parts[parts.length - 1] = this.expression();
      }
    }
    const [start, stop, step] = parts;
    if (isSlice && parts.length <= 3) return node("slice", value, start, stop, step);
    if (isSlice || start === undefined) throw brokenTemplate("an index is missing", this.peek().line);
    return node("item", value, start);
  }

  /** Behind the opening parenthesis. */
  #arguments(): Node[] {
    let named = false;
    return this.#items(")", () => {
      const { type, text, line } = this.peek();
      if (type === "operator" && (text === "*" || text === "**"))
        throw unsupportedTemplate(`an argument with ${text}`, line);
      if (type === "name" && this.peek(1).type === "operator" && this.peek(1).text === "=") {
        this.#at += 2;
        named = true;
        return [node("keyword", text, this.expression())];
      }
      if (named) throw brokenTemplate("an argument follows one with a name", line);
      return [this.expression()];
    });
  }

  /** Filters, tests and calls behind a value. */
  #afterValue(start: Node): Node {
    let value = start;
    for (;;) {
      if (this.peek().type === "operator" && this.peek().text === "|")
        value = this.#deeper(this.filters(value));
      else if (this.takesName("is")) value = this.#deeper(this.#test(value));
      else if (this.takesOperator("(")) value = this.#deeper(node("call", value, ...this.#arguments()));
      else return value;
    }
  }

  /** `| name(arguments)` again and again. @param begun - the first `|` is not written. */
  filters(start: Node | undefined, begun = false): Node {
    let value = start;
    for (let first = begun; first || this.takesOperator("|"); first = false) {
      const { text: name, line } = this.#dotted();
      if (JINJA_FILTERS.has(name)) throw unsupportedTemplate(`the filter ${name}`, line);
      const values = this.takesOperator("(") ? this.#arguments() : [];
      value = this.#deeper(node("filter", name, value, ...values));
    }
    return value!;
  }

  #dotted(): { text: string; line: number } {
    const { text, line } = this.expect("name");
    let name = text;
    while (this.takesOperator(".")) name += `.${this.expect("name").text}`;
    return { text: name, line };
  }

  #test(value: Node): Node {
    const negated = this.takesName("not");
    const { text: name, line } = this.#dotted();
    if (name === "escaped") throw unsupportedTemplate(`the test ${name}`, line);
    const test = node("test", name, value, ...this.#testArguments());
    return negated ? node("not", test) : test;
  }

  #testArguments(): Node[] {
    if (this.takesOperator("(")) return this.#arguments();
    const { type, text, line } = this.peek();
    const opens = type === "operator" && (text === "[" || text === "{");
    const ends = type === "name" && ["else", "or", "and"].includes(text);
    if (ends || !(opens || ["name", "string", "integer", "float"].includes(type))) return [];
    if (type === "name" && text === "is") throw brokenTemplate("tests cannot be chained", line);
    // `x is defined if y` has no argument for Jinja either: a name that is a keyword is taken for one, which then fails.
    return [this.#postfix(this.#primary())];
  }
}

const DEPTHS = new WeakMap<Node, number>();

function depthOf(one: Node): number {
  const known = DEPTHS.get(one);
  if (known !== undefined) return known;
  let depth = 0;
  for (const operand of one.operands) {
    if (typeof operand === "object") depth = Math.max(depth, depthOf(operand));
  }
  DEPTHS.set(one, depth + 1);
  return depth + 1;
}

function shown({ type, text }: Token): string {
  return type === "stop" ? "the end" : type === "end" ? "the end of the tag" : JSON.stringify(text);
}
