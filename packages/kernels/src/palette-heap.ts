import type { DistinctValues } from "./plain/palette.ts";
import { WasmHeap } from "./wasm-heap.ts";

/** Bins of a histogram: all F16 codes. */
export const CODE_BINS = 65536;
/** Elements that one call of a kernel takes. */
export const PALETTE_TILE = 65536;
/** Finite magnitudes: from here on codes are infinities and NaN. */
const MAGNITUDES = 0x7c00;

const BINS = 0;
const VALUES = BINS + 4 * CODE_BINS;
/** Arrays that are written side by side must not begin at the same place of a page: stores would wait for each other. */
const STAGGER = 832;
const SUM_BYTES = 8 * (2 * MAGNITUDES + 2) + STAGGER;
const N = VALUES + 4 * 2 * MAGNITUDES;
const S1 = N + SUM_BYTES;
const S2 = S1 + SUM_BYTES;
const SPREAD = S2 + SUM_BYTES;
/** Bytes of the heap that a histogram keeps for itself. */
export const HISTOGRAM_BYTES: number = SPREAD + SUM_BYTES;

const TABLE = 0;
const CODES = TABLE + CODE_BINS;
const INDICES = CODES + 2 * PALETTE_TILE;
const PACKED = INDICES + PALETTE_TILE;
/** The kernels store eight bytes at a time. */
const ENCODER_BYTES = PACKED + PALETTE_TILE + 8;

/** A histogram of F16 codes in a heap, with the arrays that `distinct` fills. */
export class HeapHistogram {
  readonly #heap: WasmHeap;
  readonly #base: number;
  #limit = 0;

  /** @param base - address of `HISTOGRAM_BYTES` bytes, a multiple of 16; the first 256 KB are zeros. */
  constructor(heap: WasmHeap, base: number) {
    this.#heap = heap;
    this.#base = base;
  }

  /** Counts `count` codes at `address`. @returns the largest magnitude, as a code without sign. */
  count(address: number, count: number): number {
    const largest = this.#heap.kernels.count_codes(address, count, this.#base + BINS);
    this.#limit = Math.max(this.#limit, largest + 1);
    return largest;
  }

  /** Views that the next call overwrites. */
  distinct(): DistinctValues {
    const middle = (array: number) => this.#base + array + 8 * MAGNITUDES;
    const values = this.#base + VALUES + 4 * MAGNITUDES;
    const both = this.#heap.kernels.distinct_values(
      this.#base + BINS,
      this.#limit,
      values,
      middle(N),
      middle(S1),
      middle(S2),
      middle(SPREAD),
    );
    const negative = both >>> 16;
    const count = negative + (both & 0xffff);
    const { buffer } = this.#heap.bytes;
    const sums = (array: number) => new Float64Array(buffer, middle(array) - 8 * negative, count + 1);
    return {
      values: new Float32Array(buffer, values - 4 * negative, count),
      n: sums(N),
      s1: sums(S1),
      s2: sums(S2),
      spread: sums(SPREAD),
    };
  }

  clear(): void {
    const bins = this.#base + BINS;
    this.#heap.bytes.fill(0, bins, bins + 4 * this.#limit);
    this.#heap.bytes.fill(0, bins + 4 * 0x8000, bins + 4 * (0x8000 + this.#limit));
    this.#limit = 0;
  }
}

/** A histogram in WebAssembly memory of its own, 2.6 MB. */
export class WasmHistogram {
  readonly #heap = new WasmHeap(HISTOGRAM_BYTES + 2 * PALETTE_TILE);
  readonly #histogram = new HeapHistogram(this.#heap, 0);

  /** @returns the largest magnitude, as a code without sign. */
  add(codes: Uint16Array): number {
    let largest = 0;
    for (let at = 0; at < codes.length; at += PALETTE_TILE) {
      const tile = codes.subarray(at, at + PALETTE_TILE);
      new Uint16Array(this.#heap.bytes.buffer, HISTOGRAM_BYTES, tile.length).set(tile);
      largest = Math.max(largest, this.#histogram.count(HISTOGRAM_BYTES, tile.length));
    }
    return largest;
  }

  distinct(): DistinctValues {
    return this.#histogram.distinct();
  }

  clear(): void {
    this.#histogram.clear();
  }
}

/** Maps codes and packs indices, tile by tile, in 0.4 MB of WebAssembly memory. */
export class WasmEncoder {
  readonly #heap = new WasmHeap(ENCODER_BYTES);

  map(codes: Uint16Array, table: Uint8Array, indices: Uint8Array): void {
    const { bytes, kernels } = this.#heap;
    bytes.set(table, TABLE);
    for (let at = 0; at < codes.length; at += PALETTE_TILE) {
      const tile = codes.subarray(at, at + PALETTE_TILE);
      new Uint16Array(bytes.buffer, CODES, tile.length).set(tile);
      kernels.map_codes(CODES, INDICES, tile.length, TABLE);
      indices.set(bytes.subarray(INDICES, INDICES + tile.length), at);
    }
  }

  pack(indices: Uint8Array, bits: number, packed: Uint8Array): void {
    const { bytes, kernels } = this.#heap;
    for (let at = 0; at < indices.length; at += PALETTE_TILE) {
      const tile = indices.subarray(at, at + PALETTE_TILE);
      bytes.set(tile, INDICES);
      bytes.fill(0, INDICES + tile.length, INDICES + 8 * Math.ceil(tile.length / 8));
      kernels.pack_indices(INDICES, PACKED, Math.ceil(tile.length / 8), bits);
      const byteLength = Math.ceil((tile.length * bits) / 8);
      packed.set(bytes.subarray(PACKED, PACKED + byteLength), (at * bits) / 8);
    }
  }

  unpack(packed: Uint8Array, bits: number, indices: Uint8Array): void {
    const { bytes, kernels } = this.#heap;
    const tileBytes = (PALETTE_TILE * bits) / 8;
    for (let at = 0, begin = 0; at < indices.length; at += PALETTE_TILE, begin += tileBytes) {
      const count = Math.min(PALETTE_TILE, indices.length - at);
      bytes.set(packed.subarray(begin, begin + tileBytes), PACKED);
      kernels.unpack_indices(PACKED, INDICES, Math.ceil(count / 8), bits);
      indices.set(bytes.subarray(INDICES, INDICES + count), at);
    }
  }
}
