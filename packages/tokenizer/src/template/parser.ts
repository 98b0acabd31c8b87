import { brokenTemplate, unsupportedTemplate } from "./errors.ts";
import { ExpressionParser } from "./expressions.ts";
import { tokensOf } from "./lexer.ts";
import { type Node, node } from "./node.ts";

/** Statements of Jinja that templates of models cannot use: there is no other file to include. */
const REFUSED: ReadonlySet<string> = new Set("include import from extends block autoescape trans".split(" "));

/**
 * Parses a chat template as `transformers` configures Jinja.
 *
 * @throws PippinError `TOKENIZER_TEMPLATE_BROKEN`, `TOKENIZER_UNSUPPORTED_TEMPLATE`.
 */
export function parseTemplate(template: string): Node {
  return new Parser(tokensOf(template)).block([]);
}

class Parser extends ExpressionParser {
  #loops = 0;

  /** Statements up to a tag that one of `ends` begins; that tag's name is taken, the rest of it is not. */
  block(ends: readonly string[]): Node {
    return this.nested(() => {
      const body: Node[] = [];
      for (;;) {
        const token = this.take();
        if (token.type === "stop") {
          if (ends.length > 0) throw brokenTemplate(`${ends.at(-1)} is missing`, token.line);
          return node("block", ...body);
        }
        if (token.type === "text") {
          body.push(node("text", token.text));
        } else if (token.text === "{") {
          body.push(node("print", this.tuple({ conditions: true })));
          this.expectEnd();
        } else {
          if (this.peek().type === "name" && ends.includes(this.peek().text)) return node("block", ...body);
          body.push(this.#statement());
        }
      }
    });
  }

  #statement(): Node {
    const { text: name, line } = this.expect("name");
    switch (name) {
      case "print": {
        const value = this.tuple({ conditions: true });
        this.expectEnd();
        return node("print", value);
      }
      case "if":
        return this.#if();
      case "for":
        return this.#for();
      case "set":
        return this.#set();
      case "macro":
        return this.#macro();
      case "call":
        return this.#call();
      case "filter":
        return this.#filter();
      case "with":
        return this.#with();
      case "generation":
        // `transformers` makes a call block of it: what is set inside is not seen outside.
        this.expectEnd();
        return node("with", this.#function(["endgeneration"]));
      case "break":
      case "continue":
        if (this.#loops === 0) throw brokenTemplate(`${name} outside of a loop`, line);
        this.expectEnd();
        return node(name);
      default:
        if (REFUSED.has(name)) throw unsupportedTemplate(`the statement ${name}`, line);
        throw brokenTemplate(`unknown statement ${name}`, line);
    }
  }

  /** A block, and the tag that ends it. */
  #body(ends: readonly string[]): Node {
    const block = this.block(ends);
    this.take();
    this.expectEnd();
    return block;
  }

  #if(): Node {
    const condition = this.tuple({ conditions: false });
    this.#endOfHead();
    const then = this.block(["elif", "else", "endif"]);
    return node("if", condition, then, this.#otherwise());
  }

  /** Where a colon may stand, as in Python. */
  #endOfHead(): void {
    this.takesOperator(":");
    this.expectEnd();
  }

  #otherwise(): Node | undefined {
    const { text: name } = this.take();
    if (name === "elif") return this.nested(() => node("block", this.#if()));
    this.expectEnd();
    return name === "else" ? this.#body(["endif"]) : undefined;
  }

  #for(): Node {
    const target = this.target({ ends: ["in"] });
    this.expectName("in");
    const sequence = this.tuple({ conditions: false, ends: ["recursive"] });
    const condition = this.takesName("if") ? this.expression() : undefined;
    if (this.peek().text === "recursive") throw unsupportedTemplate("a recursive loop", this.peek().line);
    this.#endOfHead();
    this.#loops++;
    const body = this.block(["endfor", "else"]);
    this.#loops--;
    const { text: name } = this.take();
    this.expectEnd();
    const otherwise = name === "else" ? this.#body(["endfor"]) : undefined;
    return node("for", target, sequence, condition, body, otherwise);
  }

  #set(): Node {
    const target = this.target({ namespaces: true });
    if (this.takesOperator("=")) {
      const value = this.tuple({ conditions: true });
      this.expectEnd();
      return node("set", target, value);
    }
    const filter = this.peek().text === "|" ? this.filters(undefined) : undefined;
    this.expectEnd();
    return node("setBlock", target, filter, this.#body(["endset"]));
  }

  #macro(): Node {
    const { text: name } = this.expect("name");
    const parameters = this.#parameters();
    this.expectEnd();
    return node("macro", name, this.#function(["endmacro"]), ...parameters);
  }

  /** The body of a macro: a loop around it is not its own. */
  #function(ends: readonly string[]): Node {
    const loops = this.#loops;
    this.#loops = 0;
    const body = this.#body(ends);
    this.#loops = loops;
    return body;
  }

  #parameters(): Node[] {
    const parameters: Node[] = [];
    let optional = false;
    this.expectOperator("(");
    while (!this.takesOperator(")")) {
      if (parameters.length > 0) this.expectOperator(",");
      const { text: name, line } = this.expect("name");
      const value = this.takesOperator("=") ? this.expression() : undefined;
      if (value === undefined && optional)
        throw brokenTemplate("a parameter without a default follows one with it", line);
      optional ||= value !== undefined;
      parameters.push(node("parameter", name, value));
    }
    return parameters;
  }

  #call(): Node {
    const parameters = this.peek().text === "(" ? this.#parameters() : [];
    const { line } = this.peek();
    const call = this.expression();
    if (call.kind !== "call") throw brokenTemplate("call needs a call", line);
    this.expectEnd();
    return node("callBlock", call, node("macro", "caller", this.#function(["endcall"]), ...parameters));
  }

  #filter(): Node {
    const filter = this.filters(undefined, true);
    this.expectEnd();
    return node("filterBlock", filter, this.#body(["endfilter"]));
  }

  #with(): Node {
    const pairs: Node[] = [];
    while (this.peek().type !== "end") {
      if (pairs.length > 0) this.expectOperator(",");
      const target = this.target({});
      this.expectOperator("=");
      pairs.push(target, this.expression());
    }
    this.expectEnd();
    return node("with", this.#body(["endwith"]), ...pairs);
  }
}
