import { invalid, type Tensor } from "./value.ts";

/** The operands of one operation, by parameter name. */
export interface Operands {
  tensor(name: string): Tensor;
  /** `undefined` when the parameter was not written. */
  optional(name: string): Tensor | undefined;
  /** A parameter that is a tuple. */
  list(name: string): readonly Tensor[];
  number(name: string, fallback?: number): number;
  flag(name: string, fallback: boolean): boolean;
  numbers(name: string): readonly number[];
  text(name: string, fallback: string): string;
}

/** Computes one operation. Results may share memory with operands; they are never written to. */
export type Kernel = (operands: Operands) => Tensor | Tensor[];
export type KernelTable = Readonly<Record<string, Kernel>>;

/** A value during execution: tensors, and the text of string constants. */
export type RuntimeValue = Tensor | string;

/** Looks operands up in the slots of a run. */
export class SlotOperands implements Operands {
  readonly #slots: readonly (RuntimeValue | undefined)[];
  readonly #places: ReadonlyMap<string, readonly number[]>;
  readonly #what: string;

  constructor(
    slots: readonly (RuntimeValue | undefined)[],
    places: ReadonlyMap<string, readonly number[]>,
    what: string,
  ) {
    this.#slots = slots;
    this.#places = places;
    this.#what = what;
  }

  #value(name: string): RuntimeValue | undefined {
    const place = this.#places.get(name)?.[0];
    return place === undefined ? undefined : this.#slots[place];
  }

  optional(name: string): Tensor | undefined {
    const value = this.#value(name);
    if (typeof value === "string") throw invalid(`${this.#what}: ${name} is text`);
    return value;
  }

  tensor(name: string): Tensor {
    const value = this.optional(name);
    if (value === undefined) throw invalid(`${this.#what} lacks ${name}`);
    return value;
  }

  list(name: string): readonly Tensor[] {
    return (this.#places.get(name) ?? []).map((place) => {
      const value = this.#slots[place];
      if (value === undefined || typeof value === "string")
        throw invalid(`${this.#what}: ${name} is no tensor`);
      return value;
    });
  }

  number(name: string, fallback?: number): number {
    const value = this.optional(name)?.data[0] ?? fallback;
    if (value === undefined) throw invalid(`${this.#what} lacks ${name}`);
    return value;
  }

  flag(name: string, fallback: boolean): boolean {
    return this.number(name, Number(fallback)) !== 0;
  }

  numbers(name: string): readonly number[] {
    return Array.from(this.tensor(name).data);
  }

  text(name: string, fallback: string): string {
    const value = this.#value(name);
    return typeof value === "string" ? value : fallback;
  }
}
