import {
  layerStarts,
  type Partition,
  type RunningSums,
  traceBounds,
  type Windows,
} from "../plain/partition.ts";
import { CHOICES } from "../plain/refine.ts";
import { WasmHeap } from "../wasm-heap.ts";

/** Enough for a search among 2,000 places; larger ones let it grow. */
const FIRST_BYTES = 256 * 1024;

const ALIGNMENT = 16;
/** What `refine_bounds` keeps of the choices of two bounds. */
const ROWS_BYTES = 480;

let shared: SearchHeap | undefined;
let missing = false;

/** One for the thread; `undefined` where WebAssembly SIMD is missing: the plain twins serve then. */
export function searchHeap(): SearchHeap | undefined {
  if (shared !== undefined || missing) return shared;
  try {
    shared = new SearchHeap();
  } catch {
    // No WebAssembly, no SIMD, or a policy forbids it: the twins give the same bounds.
    missing = true;
  }
  return shared;
}

/** The kernels that search for clusters, on copies of their arguments. Grows to the largest search so far. */
class SearchHeap {
  readonly #heap = new WasmHeap(FIRST_BYTES);
  #used = 0;

  /** `undefined` when the system gives no memory for it. */
  bestPartition({ n, s1, s2 }: RunningSums, windows: Windows): Partition | undefined {
    const { low, high } = windows;
    const { starts, entries } = layerStarts(windows);
    if (!this.#reserve(5 * n.byteLength + 3 * low.byteLength + 2 * entries)) return undefined;
    const begins = this.#take(2 * entries);
    const cost = this.#heap.kernels.best_partition(
      this.#put(n),
      this.#put(s1),
      this.#put(s2),
      low.length - 1,
      this.#put(low),
      this.#put(high),
      this.#put(starts),
      begins,
      this.#take(n.byteLength),
      this.#take(n.byteLength),
    );
    const table = new Uint16Array(this.#heap.bytes.buffer, begins, entries);
    return { bounds: traceBounds(table, starts, n.length - 1), squaredError: Math.max(0, cost) };
  }

  /** Changes `bounds` and `steps`. @returns false when the system gives no memory for it. */
  refineBounds({ n, s1, s2 }: RunningSums, bounds: Int32Array, steps: Int32Array): boolean {
    const choices = CHOICES * bounds.length;
    if (!this.#reserve(3 * n.byteLength + 2 * bounds.byteLength + ROWS_BYTES + choices)) return false;
    const atBounds = this.#put(bounds);
    const atSteps = this.#put(steps);
    this.#heap.kernels.refine_bounds(
      this.#put(n),
      this.#put(s1),
      this.#put(s2),
      n.length - 1,
      bounds.length - 1,
      atBounds,
      atSteps,
      this.#take(ROWS_BYTES),
      this.#take(choices),
    );
    const { buffer } = this.#heap.bytes;
    bounds.set(new Int32Array(buffer, atBounds, bounds.length));
    steps.set(new Int32Array(buffer, atSteps, steps.length));
    return true;
  }

  /** Forgets what the heap holds and makes room for ten arrays of that many bytes together. */
  #reserve(byteLength: number): boolean {
    this.#used = 0;
    return this.#heap.ensure(byteLength + 10 * ALIGNMENT);
  }

  #take(byteLength: number): number {
    const address = this.#used;
    this.#used += Math.ceil(byteLength / ALIGNMENT) * ALIGNMENT;
    return address;
  }

  #put(array: Float64Array | Int32Array): number {
    const address = this.#take(array.byteLength);
    this.#heap.bytes.set(new Uint8Array(array.buffer, array.byteOffset, array.byteLength), address);
    return address;
  }
}
