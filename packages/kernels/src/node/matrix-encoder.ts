import type { EncodedMatrix } from "../encoded-matrix.ts";
import type { ErrorSums } from "../linear.ts";
import type { WasmHeap } from "../wasm-heap.ts";
import { GRID_ENCODER_BYTES, GridEncoder } from "./grid-encoder.ts";
import type { ReadPart } from "./grid-scales.ts";
import { LINEAR_ENCODER_BYTES, LinearEncoder } from "./linear-encoder.ts";
import { PALETTE_ENCODER_BYTES, PaletteEncoder } from "./palette-encoder.ts";
import type { FittedTable } from "./shared-tables.ts";

/** Bytes of the heap that any encoder keeps for itself. */
export const ENCODER_BYTES: number = Math.max(
  LINEAR_ENCODER_BYTES,
  PALETTE_ENCODER_BYTES,
  GRID_ENCODER_BYTES,
);

export interface EncoderIo {
  /** Puts F16 codes of `count` elements from `begin` on at `dst`; they are finite. */
  readonly read: (begin: number, count: number, dst: number) => void;
  /** The same, but BF16 codes where the matrix is stored so and F16 can hold them. @returns the dtype of the codes. */
  readonly readCodes: (begin: number, count: number, dst: number) => "F16" | "BF16";
  /** The table of a whole matrix: fitted by one of the threads. */
  readonly table: (fit: () => FittedTable) => FittedTable;
  /** Elements in F32, to a multiple of 4. */
  readonly values: (begin: number, count: number, dst: number) => void;
  /**
   * Reads ahead what `values` and `blocks` of elements `begin` to `end` need, as far as it fits.
   *
   * @returns where that ends, at least a thousand elements further on or at `end`.
   */
  readonly hold: (begin: number, end: number) => number;
  /** Address of blocks of the weight's source, a single tensor; valid until the next call of anything else. */
  readonly blocks: (first: number, count: number) => number;
  /** Bytes of a part of the weight's source as they are in the file; valid until the next call. */
  readonly part: ReadPart;
  /** Writes to a place of the output file. */
  readonly write: (bytes: Uint8Array, position: number) => void;
}

/**
 * Encodes any stretch of one matrix. The parts of a group (its scale, its table, …) are written by whoever has its first
 * element.
 */
export interface MatrixEncoder {
  /** Puts bytes `from` to `to` of the packed integers or indices at `dst`. */
  encode(from: number, to: number, dst: number): void;
  /** What was lost since the last call, in groups that began in what was encoded. */
  takeSums(): ErrorSums;
}

/** @param base - address of `ENCODER_BYTES` bytes of the heap, a multiple of 16. */
export function createEncoder(
  matrix: EncodedMatrix,
  { heap, base, io }: { readonly heap: WasmHeap; readonly base: number; readonly io: EncoderIo },
): MatrixEncoder {
  switch (matrix.kind) {
    case "linear":
      return new LinearEncoder(heap, base, matrix, io);
    case "palette":
      return new PaletteEncoder(heap, base, matrix, io);
    case "grid":
      return new GridEncoder(heap, base, matrix, io);
  }
}
