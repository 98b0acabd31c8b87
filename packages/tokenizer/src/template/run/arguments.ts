import { brokenTemplate } from "../errors.ts";
import type { Keywords, Value } from "./values.ts";

/** Arguments by place and by name, in the order of a function's parameters. */
export class Arguments {
  readonly positional: readonly Value[];
  readonly keywords: Keywords;
  readonly #what: string;

  constructor(what: string, positional: readonly Value[], keywords: Keywords) {
    this.#what = what;
    this.positional = positional;
    this.keywords = keywords;
  }

  /** The arguments of these parameters; `undefined` for those that were not given. */
  take(...parameters: string[]): (Value | undefined)[] {
    if (this.positional.length > parameters.length) {
      throw brokenTemplate(
        `${this.#what} takes at most ${parameters.length} arguments, not ${this.positional.length}`,
      );
    }
    for (const name of this.keywords.keys()) {
      if (!parameters.includes(name)) throw brokenTemplate(`${this.#what} has no argument ${name}`);
    }
    return parameters.map((name, i) =>
      i < this.positional.length ? this.positional[i] : this.keywords.get(name),
    );
  }

  /** As `take`, where the first `count` are needed. */
  need(count: number, ...parameters: string[]): (Value | undefined)[] {
    const values = this.take(...parameters);
    const missing = parameters.slice(0, count).find((_, i) => values[i] === undefined);
    if (missing !== undefined) throw brokenTemplate(`${this.#what} needs the argument ${missing}`);
    return values;
  }
}
