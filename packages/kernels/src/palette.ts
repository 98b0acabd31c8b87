import { PippinError } from "@pippin/core";
import type { KernelsErrorCode } from "./errors.ts";
import { CODE_BINS, WasmEncoder, WasmHistogram } from "./palette-heap.ts";
import {
  type DistinctValues,
  plainCountCodes,
  plainDistinctValues,
  plainMapCodes,
  plainPackIndices,
  plainUnpackIndices,
} from "./plain/palette.ts";

/** Bits of an index that Core ML's look-up tables know. */
export type IndexBits = 1 | 2 | 3 | 4 | 6 | 8;

/** How often each F16 code occurs. */
export interface CodeHistogram {
  /**
   * Counts F16 codes.
   *
   * @returns the largest magnitude, as a code without its sign: from 0x7c00 on an infinity or NaN was among them.
   */
  add(codes: Uint16Array): number;
  /** The finite values that occur, with running sums: views that the next call of this histogram overwrites. */
  distinct(): DistinctValues;
  /** Forgets all codes. */
  clear(): void;
}

/** An empty histogram; it takes 2.6 MB. At most 2^32 − 1 codes can be counted. */
export function createCodeHistogram(): CodeHistogram {
  try {
    return new WasmHistogram();
  } catch {
    // No WebAssembly, no SIMD, or a policy forbids it: the twins give the same values.
    return new PlainHistogram();
  }
}

class PlainHistogram implements CodeHistogram {
  readonly #bins = new Uint32Array(CODE_BINS);

  add(codes: Uint16Array): number {
    return plainCountCodes(this.#bins, codes);
  }

  distinct(): DistinctValues {
    return plainDistinctValues(this.#bins);
  }

  clear(): void {
    this.#bins.fill(0);
  }
}

let shared: WasmEncoder | undefined;
let missing = false;

/** `undefined` where WebAssembly SIMD is missing; the plain twins serve then. */
function encoder(): WasmEncoder | undefined {
  if (shared !== undefined || missing) return shared;
  try {
    shared = new WasmEncoder();
  } catch {
    // As above.
    missing = true;
  }
  return shared;
}

/**
 * `indices[i] = table[codes[i]]`.
 *
 * @param table - 65,536 bytes.
 * @param indices - as many as codes.
 * @throws PippinError `KERNELS_SHAPE_MISMATCH`.
 */
export function mapCodes(codes: Uint16Array, table: Uint8Array, indices: Uint8Array): void {
  if (table.length !== CODE_BINS)
    throw mismatch(`a table of ${table.length} bytes does not cover F16`, "65,536 bytes");
  if (indices.length !== codes.length) {
    throw mismatch(`${indices.length} indices for ${codes.length} codes`, "arrays of the same length");
  }
  const wasm = encoder();
  if (wasm === undefined) plainMapCodes(codes, table, indices);
  else wasm.map(codes, table, indices);
}

/**
 * The bytes of unsigned integers of few bits as Core ML stores them: one stream of bits over the whole tensor, each
 * integer and each byte from its lowest bit on; unused bits of the last byte are 0.
 *
 * @param indices - each below 2^bits.
 */
export function packIndices(indices: Uint8Array, bits: IndexBits): Uint8Array<ArrayBuffer> {
  const wasm = encoder();
  if (wasm === undefined) return plainPackIndices(indices, bits);
  const packed = new Uint8Array(Math.ceil((indices.length * bits) / 8));
  wasm.pack(indices, bits, packed);
  return packed;
}

/**
 * Undoes `packIndices`.
 *
 * @throws PippinError `KERNELS_SHAPE_MISMATCH` when `packed` has not the bytes of `count` indices.
 */
export function unpackIndices(packed: Uint8Array, bits: IndexBits, count: number): Uint8Array<ArrayBuffer> {
  const byteLength = Math.ceil((count * bits) / 8);
  if (packed.length !== byteLength) {
    throw mismatch(`${count} indices of ${bits} bits in ${packed.length} bytes`, `${byteLength} bytes`);
  }
  const wasm = encoder();
  if (wasm === undefined) return plainUnpackIndices(packed, bits, count);
  const indices = new Uint8Array(count);
  wasm.unpack(packed, bits, indices);
  return indices;
}

function mismatch(message: string, wanted: string): PippinError<KernelsErrorCode> {
  return new PippinError<KernelsErrorCode>("KERNELS_SHAPE_MISMATCH", { message, hint: `Pass ${wanted}.` });
}
