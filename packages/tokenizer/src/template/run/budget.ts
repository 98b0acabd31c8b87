import { brokenTemplate } from "../errors.ts";

export interface Limits {
  /** Nodes that may be executed; default 5 million. */
  readonly maxSteps?: number;
  /** Characters of the result, and eight times as many of all texts on the way; default 16 Mi. */
  readonly maxOutput?: number;
}

/** Calls inside of calls. */
const MAX_CALLS = 64;
/** Statements and expressions inside of each other, over all calls: what a stack has room for. */
const MAX_NESTED = 1000;
/** One can hold another, and so on: freeing a chain of them takes the stack. */
const MAX_NAMESPACES = 10_000;

/** What a template may still use: one that loops or grows without end is stopped with an error. */
export class Budget {
  readonly #maxSteps: number;
  readonly #maxOutput: number;
  #steps = 0;
  #made = 0;
  #calls = 0;
  #nested = 0;
  #namespaces = 0;

  constructor({ maxSteps = 5_000_000, maxOutput = 1 << 24 }: Limits) {
    this.#maxSteps = maxSteps;
    this.#maxOutput = maxOutput;
  }

  step(count = 1): void {
    this.#steps += count;
    if (this.#steps > this.#maxSteps) throw brokenTemplate(`it takes more than ${this.#maxSteps} steps`);
  }

  /** Before a text or a list of `length` is made. */
  make(length: number): void {
    this.#made += length;
    if (length > this.#maxOutput || this.#made > 8 * this.#maxOutput) {
      throw brokenTemplate(`it makes more than ${this.#maxOutput} characters`);
    }
  }

  /** A statement or an expression begins; `leave` tells its end, but for errors, which end everything. */
  enter(): void {
    this.step();
    if (++this.#nested > MAX_NESTED) throw brokenTemplate(`it is nested deeper than ${MAX_NESTED}`);
  }

  leave(): void {
    this.#nested--;
  }

  makeNamespace(): void {
    if (++this.#namespaces > MAX_NAMESPACES)
      throw brokenTemplate(`it makes more than ${MAX_NAMESPACES} namespaces`);
  }

  call<T>(work: () => T): T {
    if (++this.#calls > MAX_CALLS) throw brokenTemplate(`calls are nested deeper than ${MAX_CALLS}`);
    const result = work();
    this.#calls--;
    return result;
  }
}
