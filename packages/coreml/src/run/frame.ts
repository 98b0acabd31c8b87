import { setImmediate as nextTurn } from "node:timers/promises";
import { throwIfCancelled } from "@pippin/core";
import type { Operands } from "./kernel.ts";
import { type Data, invalid, type RuntimeValue, type Tensor } from "./value.ts";

/** Named memory that lives across runs, zero at first. */
export type States = ReadonlyMap<string, Tensor>;

/** The operation a frame stands at. */
export interface Place {
  readonly what: string;
  /** Slots of the operands of each parameter. */
  readonly operands: ReadonlyMap<string, readonly number[]>;
}

export interface FrameOptions {
  readonly states: States;
  readonly signal: AbortSignal | undefined;
}

/**
 * One run of a function: its values in slots, seen from one operation after the other.
 *
 * Arrays of results that nothing uses any more serve later results of the same length, so that a run allocates
 * about what one layer needs.
 */
export class Frame implements Operands {
  readonly slots: (RuntimeValue | undefined)[];
  readonly #states: States;
  readonly #signal: AbortSignal | undefined;
  readonly #free = new Map<number, Float32Array[]>();
  #place: Place = { what: "", operands: new Map() };

  constructor(initial: readonly (RuntimeValue | undefined)[], { states, signal }: FrameOptions) {
    this.slots = initial.slice();
    this.#states = states;
    this.#signal = signal;
  }

  enter(place: Place): void {
    this.#place = place;
  }

  /** Takes an array back whose content nobody will read. */
  giveBack(slot: number): void {
    const value = this.slots[slot];
    this.slots[slot] = undefined;
    if (value === undefined || typeof value === "string" || !(value.data instanceof Float32Array)) return;
    const same = this.#free.get(value.data.length);
    if (same) same.push(value.data);
    else this.#free.set(value.data.length, [value.data]);
  }

  newFloats(count: number): Float32Array {
    return this.#free.get(count)?.pop() ?? new Float32Array(count);
  }

  newLike(data: Data, count: number): Data {
    if (data instanceof Float32Array) return this.newFloats(count);
    return data instanceof Int32Array ? new Int32Array(count) : new Uint8Array(count);
  }

  #value(name: string): RuntimeValue | undefined {
    const places = this.#place.operands.get(name);
    return places === undefined ? undefined : this.slots[places[0]!];
  }

  optional(name: string): Tensor | undefined {
    const value = this.#value(name);
    if (typeof value === "string") throw invalid(`${this.#place.what}: ${name} is text`);
    return value;
  }

  tensor(name: string): Tensor {
    const value = this.optional(name);
    if (value === undefined) throw invalid(`${this.#place.what} lacks ${name}`);
    return value;
  }

  list(name: string): readonly Tensor[] {
    return (this.#place.operands.get(name) ?? []).map((place) => {
      const value = this.slots[place];
      if (value === undefined || typeof value === "string")
        throw invalid(`${this.#place.what}: ${name} is no tensor`);
      return value;
    });
  }

  number(name: string, fallback?: number): number {
    const value = this.optional(name)?.data[0] ?? fallback;
    if (value === undefined) throw invalid(`${this.#place.what} lacks ${name}`);
    return value;
  }

  flag(name: string, fallback: boolean): boolean {
    return this.number(name, Number(fallback)) !== 0;
  }

  numbers(name: string): ArrayLike<number> {
    return this.tensor(name).data;
  }

  text(name: string, fallback: string): string {
    const value = this.#value(name);
    return typeof value === "string" ? value : fallback;
  }

  state(name: string): Tensor {
    const state = this.#states.get(name);
    if (state === undefined) throw invalid(`${this.#place.what}: there is no state ${name}`);
    return state;
  }

  async turn(): Promise<void> {
    await nextTurn();
    throwIfCancelled(this.#signal);
  }
}
