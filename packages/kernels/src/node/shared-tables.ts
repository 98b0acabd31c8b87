import type { Palette } from "../palette/fit.ts";
import type { PlacedSegment } from "./segments.ts";

/** A look-up table and what it costs. */
export type FittedTable = Pick<Palette, "lut" | "squaredError" | "maxError" | "sumOfSquares">;

/** States of a slot; a new buffer is all zeros. */
const FREE = 0;
const BUSY = 1;
const READY = 2;

/** A slot: its state (I32), the size of the table (I32), three F64 figures, 256 F16 codes. */
const FIGURES_AT = 8;
const LUT_AT = FIGURES_AT + 3 * 8;
const SLOT_BYTES = LUT_AT + 256 * 2;

/** Longer than fitting takes, but for huge matrices: the other thread may have died. */
const MAX_WAIT_MS = 10_000;

/** Weights with one table for all rows, in order. */
function idsOf(segments: readonly PlacedSegment[]): string[] {
  return segments.flatMap((segment) =>
    segment.kind === "encoded" && segment.matrix.kind === "palette" && segment.matrix.groups === 1
      ? [segment.id]
      : [],
  );
}

/** Memory for the tables of a run, to be shared by its threads. */
export function sharedTableMemory(segments: readonly PlacedSegment[]): SharedArrayBuffer {
  return new SharedArrayBuffer(idsOf(segments).length * SLOT_BYTES);
}

/** Tables of whole matrices: reading a matrix for its histogram is worth doing in one thread only. */
export class SharedTables {
  readonly #memory: SharedArrayBuffer;
  readonly #slots: ReadonlyMap<string, number>;

  constructor(memory: SharedArrayBuffer, segments: readonly PlacedSegment[]) {
    this.#memory = memory;
    this.#slots = new Map(idsOf(segments).map((id, index) => [id, index * SLOT_BYTES]));
  }

  /** The table of weight `id`: fitted here, or by another thread, whose end is awaited. */
  get(id: string, fit: () => FittedTable): FittedTable {
    const slot = this.#slots.get(id);
    if (slot === undefined) return fit();
    const state = new Int32Array(this.#memory, slot, 2);
    if (Atomics.compareExchange(state, 0, FREE, BUSY) === FREE) return this.#fitHere(slot, state, fit);
    Atomics.wait(state, 0, BUSY, MAX_WAIT_MS);
    // Where the other thread failed, this one shall fail with the same error.
    return Atomics.load(state, 0) === READY ? this.#load(slot, state) : fit();
  }

  #fitHere(slot: number, state: Int32Array, fit: () => FittedTable): FittedTable {
    let end = FREE;
    try {
      const table = fit();
      const { lut, squaredError, maxError, sumOfSquares } = table;
      new Float64Array(this.#memory, slot + FIGURES_AT, 3).set([squaredError, maxError, sumOfSquares]);
      new Uint16Array(this.#memory, slot + LUT_AT, lut.length).set(lut);
      state[1] = lut.length;
      end = READY;
      return table;
    } finally {
      Atomics.store(state, 0, end);
      Atomics.notify(state, 0);
    }
  }

  #load(slot: number, state: Int32Array): FittedTable {
    const figures = new Float64Array(this.#memory, slot + FIGURES_AT, 3);
    const [squaredError = 0, maxError = 0, sumOfSquares = 0] = figures;
    const lut = Uint16Array.from(new Uint16Array(this.#memory, slot + LUT_AT, state[1]));
    return { lut, squaredError, maxError, sumOfSquares };
  }
}
