import { WasmHeap } from "./wasm-heap.ts";

/** Elements of a tile in the shared heap: a multiple of all block sizes. */
export const TILE_ELEMENTS = 65536;
/** Room for a tile of F64 and one of F32. */
export const SHARED_HEAP_BYTES: number = 12 * TILE_ELEMENTS;

let shared: WasmHeap | undefined;
let missing = false;

/** One heap for the calls on typed arrays; `undefined` where WebAssembly SIMD is missing: the plain twins serve then. */
export function sharedHeap(): WasmHeap | undefined {
  if (shared !== undefined || missing) return shared;
  try {
    shared = new WasmHeap(SHARED_HEAP_BYTES);
  } catch {
    // No WebAssembly, no SIMD, or a policy forbids it: the twins give the same bytes.
    missing = true;
  }
  return shared;
}
