import { type ProductJob, plainAddProduct } from "../plain/product.ts";
import { WasmHeap } from "../wasm-heap.ts";

/** A tile of C, and the rows of A and B that are taken at once: 0.8 MB with the panels, most of a second-level cache. */
export const TILE_ROWS = 128;
export const TILE_COLS = 256;
const TILE_DEPTH = 256;

const STAGING = 0;
const PANELS_A = STAGING + 4 * TILE_DEPTH * TILE_COLS;
const PANELS_B = PANELS_A + 4 * TILE_DEPTH * TILE_ROWS;
const TILE_C = PANELS_B + 4 * TILE_DEPTH * TILE_COLS;
const HEAP_BYTES = TILE_C + 4 * TILE_ROWS * TILE_COLS;

let heap: WasmHeap | undefined;
let missing = false;

/** Tiles of a product, those below the diagonal included. */
export function tileCount({ rows, cols }: ProductJob): number {
  return Math.ceil(rows / TILE_ROWS) * Math.ceil(cols / TILE_COLS);
}

/** Computes tile `index` of a product; nothing where only the upper triangle is wanted and the tile lies below. */
export function addProductTile(job: ProductJob, index: number): void {
  const across = Math.ceil(job.cols / TILE_COLS);
  const row = Math.floor(index / across) * TILE_ROWS;
  const col = (index % across) * TILE_COLS;
  const rows = Math.min(TILE_ROWS, job.rows - row);
  const cols = Math.min(TILE_COLS, job.cols - col);
  if (job.upper && col + cols <= row) return;
  const tile: ProductJob = {
    ...job,
    ...{ rows, cols, upper: false },
    a: { ...job.a, begin: job.a.begin + row },
    b: { ...job.b, begin: job.b.begin + col },
    c: { ...job.c, begin: job.c.begin + row * job.c.stride + col },
  };
  const memory = tileHeap();
  if (memory === undefined) plainAddProduct(tile);
  else addInHeap(memory, tile);
}

/** A memory apart from the casts': what lies in it is large, and most threads never need it. */
function tileHeap(): WasmHeap | undefined {
  if (heap !== undefined || missing) return heap;
  try {
    heap = new WasmHeap(HEAP_BYTES);
  } catch {
    // No WebAssembly SIMD: the plain twin serves.
    missing = true;
  }
  return heap;
}

function addInHeap(memory: WasmHeap, { a, b, c, depth, rows, cols, factor }: ProductJob): void {
  const { kernels } = memory;
  const paddedRows = Math.ceil(rows / 4) * 4;
  const paddedCols = Math.ceil(cols / 8) * 8;
  const target = memory.floats(TILE_C, paddedRows * paddedCols).fill(0);
  for (let k = 0; k < depth; k += TILE_DEPTH) {
    const count = Math.min(TILE_DEPTH, depth - k);
    stage(memory, { ...a, begin: a.begin + k * a.stride }, count, rows, paddedRows);
    kernels.pack_panels(STAGING, PANELS_A, count, paddedRows, 4);
    stage(memory, { ...b, begin: b.begin + k * b.stride }, count, cols, paddedCols);
    kernels.pack_panels(STAGING, PANELS_B, count, paddedCols, 8);
    kernels.add_product(PANELS_A, PANELS_B, TILE_C, count, paddedRows, paddedCols, factor);
  }
  for (let row = 0; row < rows; row++) {
    const begin = c.begin + row * c.stride;
    for (let col = 0; col < cols; col++) c.values[begin + col]! += target[row * paddedCols + col]!;
  }
}

function stage(
  memory: WasmHeap,
  { values, begin, stride }: ProductJob["a"],
  depth: number,
  cols: number,
  padded: number,
): void {
  const staging = memory.floats(STAGING, depth * padded);
  if (padded > cols) staging.fill(0);
  for (let k = 0; k < depth; k++) {
    staging.set(values.subarray(begin + k * stride, begin + k * stride + cols), k * padded);
  }
}
